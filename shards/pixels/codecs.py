"""Pixels to bytes and back: JPEG, grey PNG of 8 or 16 bits, canonical JSON.

JPEG goes through simplejpeg (libjpeg-turbo, baseline 4:2:0, accurate DCT): its decoder gives the
same pixels as Pillow's in about half the time (a test compares them). Grey PNGs are written by
our own few lines, because a depth map's PNG is otherwise the dearest step of a build: one filter
for all rows, and the deflater that suits what they hold. Every PNG reader reads them. A deflater
must be a function: equal rows, equal bytes (docs/design-notes/deflate.md
names one that was not).
"""

import io
import struct
import zlib
from typing import Any, Literal

import deflate
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from shards.base.size import Size, size_words

_SIGNATURE = b"\x89PNG\r\n\x1a\n"

_LEVEL = 1

_FILTER_NONE, _FILTER_UP = 0, 2

_BODY = 41
"""Where the pixel data of our PNGs begins: after signature, IHDR chunk, and the head of IDAT."""

_MOST_EXPANDED = 1032
"""No deflated byte gives more: what claims to would only take memory."""

_START_OF_SCAN = b"\xff\xda"

MOST_SCANS = 500
"""Scans of a progressive JPEG; cameras and editors write about ten.

Each goes over the whole picture: a megabyte of empty ones would keep a decoder busy for minutes.
"""


def encode_jpeg(pixels: NDArray[np.uint8], quality: int) -> bytes:
    """Baseline JPEG, 4:2:0 for colour: uint8 (H, W, 3), or (H, W) stored as grey."""
    if pixels.ndim == 2:
        grey = np.ascontiguousarray(pixels)[:, :, None]  # (H, W) -> (H, W, 1)
        data = simplejpeg.encode_jpeg(grey, quality=quality, colorspace="GRAY", fastdct=False)
    else:
        data = simplejpeg.encode_jpeg(
            np.ascontiguousarray(pixels),
            quality=quality,
            colorspace="RGB",
            colorsubsampling="420",
            fastdct=False,
        )
    return bytes(data)


def decode_jpeg(data: bytes, size: Size | None = None) -> NDArray[np.uint8]:
    """Pixels of a colour JPEG as Pillow decodes them: uint8 (H, W, 3).

    ValueError where the bytes are damaged, or (by the header, before anything is decoded) not
    of `size` (width, height).
    """
    _require_jpeg_size(data, size)
    require_few_scans(data)
    pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(data, colorspace="RGB")
    return pixels


def decode_grey_jpeg(data: bytes, size: Size | None = None) -> NDArray[np.uint8]:
    """Pixels of a grey JPEG: uint8 (H, W); ValueError as for `decode_jpeg`."""
    _require_jpeg_size(data, size)
    require_few_scans(data)
    pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(data, colorspace="GRAY")
    return pixels[:, :, 0]  # (H, W, 1) -> (H, W)


def require_few_scans(data: bytes) -> None:
    """ValueError where a JPEG has more scans than MOST_SCANS."""
    scans = data.count(_START_OF_SCAN)  # within a scan's own data FF is never followed by DA
    if scans > MOST_SCANS:
        raise ValueError(f"{scans:,} scans in one JPEG, over {MOST_SCANS}")


def _require_jpeg_size(data: bytes, size: Size | None) -> None:
    if size is not None:
        height, width, _, _ = simplejpeg.decode_jpeg_header(data)
        _require_size((width, height), size)


def _require_size(found: Size, size: Size) -> None:
    if found != size:
        raise ValueError(f"{size_words(found)} pixels instead of {size_words(size)}")


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = deflate.crc32(kind + data)  # zlib's sum, in an eighth of its time
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


_END = _chunk(b"IEND", b"")

_IDAT_CRC = zlib.crc32(b"IDAT")


def _deflate_runs(rows: memoryview) -> bytes:
    """zlib's run-length strategy: the smallest and among the fastest for masks."""
    stream = zlib.compressobj(_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_RLE)
    return stream.compress(rows) + stream.flush()


def _deflate_slopes(rows: memoryview) -> bytes:
    """libdeflate: half zlib's time on filtered depth, at its size."""
    return bytes(deflate.zlib_compress(rows, _LEVEL))


def encode_png(pixels: NDArray[Any], row_filter: Literal["none", "up"]) -> bytes:
    """Grey PNG of uint8 or uint16 (H, W), every row under the same filter.

    "none" suits masks (long runs), "up" suits depth (smooth columns).
    """
    height, width = pixels.shape
    depth = 8 * pixels.dtype.itemsize
    rows = pixels.astype(pixels.dtype.newbyteorder(">"), "C", copy=False).view(np.uint8)
    scanlines = np.empty((height, rows.shape[1] + 1), np.uint8)  # (H, 1 + W * bytes)
    scanlines[:, 0] = _FILTER_UP if row_filter == "up" else _FILTER_NONE
    scanlines[:, 1:] = rows
    if row_filter == "up":
        scanlines[1:, 1:] -= rows[:-1]  # modulo 256, as the PNG specification has it
    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    compress = _deflate_slopes if row_filter == "up" else _deflate_runs
    body = compress(scanlines.data)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _END


def _rows_as_written(data: bytes, height: int, row: int) -> NDArray[np.uint8] | None:
    """The bytes (H, `row`) of a PNG that `encode_png` wrote; None for any other and damaged ones.

    libdeflate and sums of whole rows take a third of the time of Pillow's decoder.
    """
    length = int.from_bytes(data[_BODY - 8 : _BODY - 4], "big")
    body, end = data[_BODY : _BODY + length], data[_BODY + length :]
    header = _chunk(b"IHDR", data[16:29])
    if data[8 : _BODY - 8] != header or data[_BODY - 4 : _BODY] != b"IDAT" or any(data[26:29]):
        return None
    check = deflate.crc32(body, _IDAT_CRC)
    size = height * (row + 1)
    if end != struct.pack(">I", check) + _END or not 0 < size - height <= _MOST_EXPANDED * length:
        return None
    try:
        inflated = deflate.zlib_decompress(body, size)
    except deflate.DeflateError:
        return None
    if len(inflated) != size:
        return None
    lines = np.frombuffer(inflated, np.uint8).reshape(height, row + 1)
    filters = lines[:, 0]
    if not filters.any():
        return lines[:, 1:].copy()
    if (filters == _FILTER_UP).all():
        return _sum_downwards(lines[:, 1:].copy())
    return None


def _sum_downwards(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each row plus all above it, modulo 256, in place.

    Sums of 2, 4, 8, ... rows: a third of the time of numpy's accumulate, which goes by columns.
    """
    reach = 1
    while reach < len(rows):
        rows[reach:] += rows[:-reach].copy()
        reach *= 2
    return rows


def decode_png(
    data: bytes, size: Size | None = None, *, bits: Literal[8, 16] | None = None
) -> NDArray[Any]:
    """Pixels of a grey PNG: uint8 (H, W), or uint16 (H, W) where it has 16 bits.

    ValueError where the bytes are damaged, or (by the header, before anything is decoded) not
    of `size` (width, height) and `bits` bits.
    """
    if len(data) < 29 or not data.startswith(_SIGNATURE):
        raise ValueError("no PNG")
    width, height, depth, colour = struct.unpack_from(">IIBB", data, 16)
    if size is not None:
        _require_size((width, height), size)
    if colour or depth not in ((8, 16) if bits is None else (bits,)):
        raise ValueError(f"a PNG of colour type {colour} and {depth} bits")
    rows = _rows_as_written(data, height, width * depth // 8)
    if rows is not None:
        return rows if depth == 8 else rows.view(">u2").astype(np.uint16)  # (H, 2 W) -> (H, W)
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            pixels = np.array(picture)  # Pillow's own memory is read-only
    except Exception as error:  # Pillow's decoders raise anything on hostile bytes
        raise ValueError(f"a damaged PNG: {error}") from None
    return pixels if pixels.dtype == np.uint8 else pixels.astype(np.uint16)
