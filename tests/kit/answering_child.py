"""A guarded child that does as it is told."""

import os

from pipeline.machine.guarded_child import serve


def answer(data: bytes) -> bytes:
    """The same bytes, unless they name something worse."""
    kept = []
    while data == b"loop":
        pass
    while data == b"swell":
        kept.append(bytearray(os.urandom(1 << 20)))
    if data == b"die":
        os._exit(3)
    if data == b"no memory":
        raise MemoryError
    return data


if __name__ == "__main__":
    serve(answer)
