"""What runs in the sandbox: `python -m` starts it, pictures come through a pipe."""

from pipeline.machine.gate import trim_memory
from pipeline.machine.guarded_child import serve
from pipeline.sources.decode import decode_picture


def _decode(data: bytes) -> bytes:
    """Decode a picture, whatever comes of it."""
    try:
        decode_picture(data, known=True)
    except MemoryError:
        raise
    except Exception:  # what is wrong with a picture is said where it is used
        pass
    trim_memory()
    return b""


if __name__ == "__main__":
    serve(_decode)
