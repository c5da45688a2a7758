"""Decoding in a sandbox first, where a decoder might take too much for a picture.

A few bytes of JPEG 2000 can ask for a gigabyte, whatever size the picture has. So bytes that are
not known go through a process of its own before they are decoded here. It only guards: it has no
say in what becomes of a picture. A child that takes more than any such picture needs is ended;
when that happens twice the command ends, and nothing is left out for it.
"""

from pipeline.machine.guarded_child import ChildDeathError, GuardedChildren
from shards.base.errors import RunError

_SECONDS = 60
"""Processor time for one picture; 64 megapixels take a few seconds."""


class DeadDecoderError(Exception):
    """A decoder did not live through a picture; `str` says what it died of."""

    def at(self, where: object) -> RunError:
        """The RunError that names the file."""
        return RunError(
            str(where),
            expected="a picture that can be decoded",
            found=f"that its decoder died of it, twice: {self}",
            remedy="remove this file, or free memory if you trust it; then run the same command "
            "again",
        )


_CHILDREN = GuardedChildren("pipeline.sources.sandboxed_decode", 4)


def try_decoding(data: bytes, allowance: int) -> None:
    """Decode a picture in a child, which may take `allowance` bytes for it.

    DeadDecoderError where it dies of it, twice.
    """
    try:
        _CHILDREN.ask(data, memory=allowance, seconds=_SECONDS)
    except ChildDeathError as error:
        raise DeadDecoderError(str(error)) from None
