"""Files of every kind, made from a few lines: pictures whole and odd, links, pipes."""

import io
import os
import socket
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

Make = Callable[[Path], None]
"""Puts files down in a folder."""

NAME = "picture"
UPRIGHT = (48, 32)
"""Width and height of the pictures that are drawn."""


def pixels(channels: int = 4, size: tuple[int, int] = UPRIGHT) -> np.ndarray[Any, Any]:
    """A shaded disc, uint8 (H, W, channels): colour outside it too, alpha soft at its edge."""
    width, height = size
    y, x = np.mgrid[:height, :width]
    radius = np.hypot((x - width / 2) / width * 2, (y - height / 2) / height * 2)
    alpha = np.clip((1 - radius) * 4, 0, 1) * 255
    shade = np.stack([x / width * 255, y / height * 255, 60 + 0 * x, alpha], 2)  # (H, W, 4)
    return shade[..., :channels].astype(np.uint8)


def drawn(mode: str = "RGBA", size: tuple[int, int] = UPRIGHT) -> Image.Image:
    """The disc in a mode of Pillow's."""
    picture = Image.fromarray(pixels(4, size))
    return (
        picture
        if mode == "RGBA"
        else picture.convert("LA" if mode == "LA" else "RGB").convert(mode)
    )


def encode(picture: Image.Image, format: str = "PNG", **settings: Any) -> bytes:
    """A picture's bytes in a format."""
    stream = io.BytesIO()
    picture.save(stream, format, **settings)
    return stream.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    rows: np.ndarray[Any, Any], bits: int, colour: int, extra: bytes = b"", size: Any = None
) -> bytes:
    """A PNG whose rows are given as bytes, uint8 (H, bytes of a row); `size` may lie."""
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    width, height = size or (rows.shape[1] * 8 // bits // channels, len(rows))
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    lines = np.insert(rows, 0, 0, axis=1).tobytes()
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
        + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    )  # fmt: skip


def png16(values: np.ndarray[Any, Any], colour: int, extra: bytes = b"") -> bytes:
    """A 16-bit PNG of values uint16 (H, W) or (H, W, C)."""
    return png(values.astype(">u2").reshape(len(values), -1).view(np.uint8), 16, colour, extra)


def wide(channels: int) -> np.ndarray[Any, Any]:
    """The disc in 16 bits, uint16 (H, W, channels), with low bytes that matter."""
    return np.minimum(pixels(4)[..., :channels].astype(np.uint16) * 257 + 100, 65535)


def file(data: bytes, name: str = NAME) -> Make:
    """Puts one file down."""

    def make(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)

    return make


def palette(alpha: bytes) -> bytes:
    """A palette picture whose entries have these alphas."""
    picture = drawn("RGB").quantize(len(alpha))
    return encode(picture, transparency=alpha)


def flipped(data: bytes, find: bytes, ahead: int = 6) -> bytes:
    """The bytes with one bit changed a little after `find`."""
    at = data.index(find) + ahead
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def scans(side: int, count: int) -> bytes:
    """A grey progressive JPEG of side x side pixels in which `count` scans of a few bytes follow.

    Each says that no block has anything to add, and is legal.
    """

    def segment(marker: int, body: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body

    blocks = (side // 8) ** 2
    bits, left = "", blocks
    while left >= 16384:
        run = min(left, 32767)
        bits += f"0{run - 16384:014b}"
        left -= run
    bits += "10" * left  # runs of one block
    bits += "1" * (-len(bits) % 8)
    codes = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    frame = struct.pack(">BHHB", 8, side, side, 1) + bytes([1, 0x11, 0])
    return b"".join([
        b"\xff\xd8", segment(0xDB, b"\0" + bytes([1]) * 64), segment(0xC2, frame),
        segment(0xC4, b"\x00" + bytes([1, *[0] * 15]) + b"\0"),
        segment(0xC4, b"\x10" + bytes([1, 1, *[0] * 14]) + b"\xe0\x00"),
        segment(0xDA, bytes([1, 1, 0, 0, 0, 0])), bytes(-(-blocks // 8)),
        (segment(0xDA, bytes([1, 1, 0, 1, 63, 0])) + codes) * count, b"\xff\xd9",
    ])  # fmt: skip


def tiff_of_strips(count: int) -> bytes:
    """A TIFF of 8 x `count` grey pixels in strips of one row, a byte in the file for each."""
    facts = [
        (256, 4, 1, 8), (257, 4, 1, count), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 1, count, None), (277, 3, 1, 1), (278, 4, 1, 1), (279, 1, count, None),
    ]  # fmt: skip
    values = 8 + 2 + 12 * len(facts) + 4
    tags = [struct.pack("<HHII", *fact[:3], fact[3] or values) for fact in facts]
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + b"".join(tags) + bytes(4)
    return head + bytes([8]) * count


def tiled_jpeg2000(side: int) -> bytes:
    """A JPEG 2000 of 255 x 257 pixels whose header says that its tiles are side x side."""
    data = bytearray(encode(Image.new("RGB", (255, 257)), "JPEG2000"))
    struct.pack_into(">II", data, data.index(b"\xff\x51") + 22, side, side)
    return bytes(data)


def fine_jpeg2000(precinct: int, block: int, *, in_tile: bool = False) -> bytes:
    """A JPEG 2000 of 512 x 512 pixels in precincts and code blocks of such powers of two.

    `in_tile`: the first tile says so, and not the picture.
    """
    data = encode(Image.new("RGB", (512, 512)), "JPEG2000")
    at = data.index(b"\xff\x52")
    end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    levels = data[at + 9]
    coding = bytes([1]) + data[at + 5 : at + 9] + bytes([levels, block - 2, block - 2])
    coding += data[at + 12 : end] + bytes([precinct * 17] * (levels + 1))
    segment = b"\xff\x52" + struct.pack(">H", len(coding) + 2) + coding
    box = data.index(b"jp2c") - 4
    whole = data[:box] + bytes(4) + data[box + 4 :]  # a box to the end of the file
    if not in_tile:
        return whole[:at] + segment + whole[end:]
    part = whole.index(b"\xff\x90")
    (length,) = struct.unpack_from(">I", whole, part + 6)
    longer = struct.pack(">I", length + len(segment))
    return whole[: part + 6] + longer + whole[part + 10 : part + 12] + segment + whole[part + 12 :]


def tiff_of_a_tile(side: int) -> bytes:
    """A TIFF of 8 x 8 grey pixels in one compressed tile of side x side."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(side)) for _ in range(side)) + packer.flush()
    facts = [
        (256, 4, 8), (257, 4, 8), (258, 3, 8), (259, 3, 8), (262, 3, 1), (277, 3, 1),
        (322, 4, side), (323, 4, side), (324, 4, 8 + 2 + 12 * 10 + 4), (325, 4, len(packed)),
    ]  # fmt: skip
    tags = [struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in facts]
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + b"".join(tags) + bytes(4) + packed


def many_parts(format: str, count: int) -> bytes:
    """A picture with `count` parts of a few bytes before its pixels."""
    whole = encode(drawn("RGB"), format)
    at, part = {
        "PNG": (33, chunk(b"teSt", b"")),
        "JPEG": (2, b"\xff\xe3\0\2"),
        "GIF": (13 + 3 * 256, b"!\xfe\1x\0"),
    }[format]
    return whole[:at] + part * count + whole[at:]


def looping_tiff() -> bytes:
    """A TIFF whose first page says that it is followed by itself."""
    data = bytearray(encode(drawn("RGB"), "TIFF"))
    (first,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + 12 * entries, first)
    return bytes(data)


def large_tiff(side: int) -> bytes:
    """A small TIFF whose header says that it has side x side pixels."""
    data = bytearray(encode(drawn("RGB"), "TIFF"))
    (first,) = struct.unpack_from("<I", data, 4)
    for entry in range(first + 2, first + 2 + 24, 12):  # width and height come first
        struct.pack_into("<HII", data, entry + 2, 4, 1, side)
    return bytes(data)


def profile_bomb() -> bytes:
    """A PNG with a colour profile of 3 MB in 3 kB."""
    profile = chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(3_000_000)))
    whole = encode(drawn())
    return whole[:33] + profile + whole[33:]


def oriented(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(drawn("RGB"), "JPEG", exif=exif)


def large_text(kind: str) -> bytes:
    text = PngImagePlugin.PngInfo()
    if kind == "text":
        text.add_text("Comment", "x" * 3_000_000)
    else:
        text.add_text("Comment", "x" * 3_000_000, zip=True)
    return encode(drawn(), pnginfo=text)


def linked(target: str) -> Make:
    def make(folder: Path) -> None:
        (folder / NAME).symlink_to(target)

    return make


def linked_file(folder: Path) -> None:
    file(encode(drawn()), ".kept/real.png")(folder)
    (folder / NAME).symlink_to(folder / ".kept" / "real.png")


def linked_folder(folder: Path) -> None:
    file(encode(drawn()), ".kept/picture")(folder)
    (folder / "link").symlink_to(folder / ".kept", target_is_directory=True)


def looping_folder(folder: Path) -> None:
    file(encode(drawn()), "a/picture")(folder)
    (folder / "a" / "again").symlink_to(folder, target_is_directory=True)


def fifo(folder: Path) -> None:
    os.mkfifo(folder / NAME)


def unix_socket(folder: Path) -> None:
    here = os.getcwd()
    os.chdir(folder)  # the address of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(NAME)
    finally:
        os.chdir(here)


def several(*names: str) -> Make:
    def make(folder: Path) -> None:
        for index, name in enumerate(names):
            picture = drawn(size=(UPRIGHT[0], UPRIGHT[1]))
            picture.putpixel((24, 16), (index, 0, 0, 255))
            (folder / name).write_bytes(encode(picture))

    return make


def locked(name: str) -> Make:
    def make(folder: Path) -> None:
        file(encode(drawn()), name)(folder)
        (folder / NAME).chmod(0)

    return make


def interlaced() -> bytes:
    """An 8 x 8 grey-with-alpha PNG in Adam7 order, every pixel (90, 255) but one clear."""
    passes = ((1, 1), (1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (8, 4))
    raw = b"\0\0\0" + b"".join((b"\0" + b"\x5a\xff" * width) * rows for width, rows in passes)[3:]
    header = struct.pack(">IIBBBBB", 8, 8, 8, 4, 0, 0, 1)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw))
        + chunk(b"IEND", b"")
    )  # fmt: skip


def tiff16() -> bytes:
    """A little-endian uncompressed TIFF of 16-bit RGB."""
    data = wide(3).astype("<u2").tobytes()
    width, height = UPRIGHT
    tags = [
        (256, 3, 1, width), (257, 3, 1, height), (258, 3, 3, 8), (259, 3, 1, 1), (262, 3, 1, 2),
        (273, 4, 1, 14), (277, 3, 1, 3), (278, 3, 1, height), (279, 4, 1, len(data)),
    ]  # fmt: skip
    head = struct.pack("<2sHIHHH", b"II", 42, 14 + len(data), 16, 16, 16)
    body = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return head + data + struct.pack("<H", len(tags)) + body + bytes(4)


def resized_jpeg(width: int, height: int) -> bytes:
    """A progressive JPEG whose header claims another size."""
    data = encode(drawn("RGB"), "JPEG", progressive=True)
    at = data.index(b"\xff\xc2") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def wide_webp(side: int) -> bytes:
    """A small lossless WebP whose header says that it has side x side pixels."""
    data = bytearray(encode(drawn("RGB"), "WEBP", lossless=True))
    at = data.index(b"VP8L") + 9
    (facts,) = struct.unpack_from("<I", data, at)
    struct.pack_into("<I", data, at, facts >> 28 << 28 | (side - 1) << 14 | side - 1)
    return bytes(data)


def large_webp() -> bytes:
    return encode(Image.new("RGB", (8000, 5000)), "WEBP", lossless=True, quality=0, method=0)
