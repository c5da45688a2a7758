"""The bytes of pictures in formats and depths that tests need."""

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image


def encode(picture: Image.Image, format: str = "PNG", **settings: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, format, **settings)
    return stream.getvalue()


def png16(values: np.ndarray[Any, Any], colour: int, *more: tuple[bytes, bytes]) -> bytes:
    """A 16-bit PNG of uint16 (H, W, C), with chunks between header and pixels."""
    height, width = values.shape[:2]
    rows = values.astype(">u2").reshape(height, -1).view(np.uint8)
    lines = np.insert(rows, 0, 0, axis=1).tobytes()
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)),
        *more,
        (b"IDAT", zlib.compress(lines)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
