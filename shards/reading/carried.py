"""The stored bytes of a sample on their way to another process."""

from collections.abc import Callable, Iterable

from shards.base.errors import InputError, RunError


class CarriedFields:
    """Fields by name, held in memory as `read` gives them.

    What could not be read is known by its error, which is raised where the field is asked for:
    a process that sends samples to another one cannot report it, and who waits would wait for ever.
    """

    def __init__(self, fields: Iterable[str], read: Callable[[str], bytes]) -> None:
        self._found: dict[str, bytes | Exception] = {}
        for field in fields:
            try:
                self._found[field] = read(field)
            except (InputError, RunError, OSError) as error:
                self._found[field] = error

    def __call__(self, field: str) -> bytes:
        found = self._found[field]
        if isinstance(found, Exception):
            raise found
        return found
