"""Command bodies: option parsing and one call of a library function of the same name."""
