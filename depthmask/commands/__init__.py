"""The command line: options to click, and one call of a library function each.

A command imports its library inside its body, so that `--help` answers at once. Work and
tables belong elsewhere.

Other rooms use: `cli`.
"""
