"""The kinds of input that docs/input.md lists, each with what makes it and what happens to it.

`python tests/kit/input_kinds.py` prints the table; tests/contracts/test_input.py runs every row and
compares the table with the one in the document.
"""

import dataclasses
import os
import struct
from collections.abc import Iterator
from typing import Literal

import numpy as np
from made_files import (
    NAME,
    UPRIGHT,
    Make,
    chunk,
    drawn,
    encode,
    fifo,
    file,
    fine_jpeg2000,
    flipped,
    interlaced,
    large_text,
    large_tiff,
    linked,
    linked_file,
    linked_folder,
    locked,
    looping_folder,
    looping_tiff,
    many_parts,
    oriented,
    palette,
    pixels,
    png,
    png16,
    profile_bomb,
    resized_jpeg,
    scans,
    several,
    tiff16,
    tiff_of_a_tile,
    tiff_of_strips,
    tiled_jpeg2000,
    unix_socket,
    wide,
    wide_webp,
)
from made_profiles import WIDE, cmyk_profile, matrix_profile
from made_raws import THUMBNAIL, Page, jpeg_strip, rgb_page, sensor_page, tiff_of
from PIL import Image

from pipeline.sources.headers import PIXEL_LIMIT


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kind:
    """One row: `make(folder)` puts the files down; `outcome` is "used", or why it is left out."""

    what: str
    role: Literal["fg", "bg"]
    make: Make
    outcome: str = "used"
    note: str = ""
    size: tuple[int, int] = UPRIGHT
    name: str = NAME
    count: int = 1


RGBA, RGB = encode(drawn()), encode(drawn("RGB"))
JPEG = encode(drawn("RGB"), "JPEG")
BROKEN = "damaged picture: "
STOPS = "the command stops: "
SECOND = Image.new("RGBA", UPRIGHT, (255, 0, 0, 255))
FRAMES = {"save_all": True, "append_images": [SECOND], "duration": 50}
KEY16 = chunk(b"tRNS", struct.pack(">HHH", 100, 100, 257 * 60 + 100))
GREY_KEY = chunk(b"tRNS", struct.pack(">H", 0))


LARGE = Image.new("RGB", (160, 120), (200, 90, 10))


def raw_photograph(width: int, height: int) -> bytes:
    """A thumbnail, what a sensor of 320 x 240 gave, and a JPEG of so many pixels."""
    return tiff_of(thumbnail(), sensor_page(320, 240), jpeg_strip(LARGE.resize((width, height))))


def thumbnail() -> Page:
    return rgb_page(THUMBNAIL, reduced=True)


# fmt: off
def good_pngs() -> Iterator[Kind]:
    yield Kind(what="PNG, RGBA", role="fg", make=file(RGBA))
    yield Kind(what="PNG, interlaced", role="fg", make=file(interlaced()), size=(8, 8))
    yield Kind(what="PNG, palette with one clear entry", role="fg",
               make=file(palette(b"\0" + b"\xff" * 7)))
    yield Kind(what="PNG, palette with soft alphas", role="fg",
               make=file(palette(bytes([0, 60, 120, 160, 200, 255]))))
    yield Kind(what="PNG, grey with alpha", role="fg", make=file(encode(drawn("LA"))))
    yield Kind(what="PNG, colour key (tRNS)", role="fg",
               make=file(encode(drawn("RGB"), transparency=(0, 0, 60))))
    yield Kind(what="PNG, 1-bit grey with a colour key", role="fg", size=(32, 16),
               make=file(png(np.tile(np.uint8([0, 255, 255, 0]), (16, 1)), 1, 0, GREY_KEY)))
    yield Kind(what="PNG, 4-bit grey with a colour key", role="fg", size=(16, 16),
               make=file(png(np.tile(np.uint8([0, 0, 250, 240, 255, 255, 0, 0]), (16, 1)), 4, 0,
                             GREY_KEY)))
    yield Kind(what="PNG, 16-bit RGBA", role="fg", make=file(png16(wide(4), 6)),
               note="v / 257, rounded")
    yield Kind(what="PNG, 16-bit RGB", role="bg", make=file(png16(wide(3), 2)),
               note="v / 257, rounded")
    yield Kind(what="PNG, 16-bit RGB with a colour key", role="fg",
               make=file(png16(wide(3), 2, KEY16)), note="all 16 bits are compared")
    yield Kind(what="PNG, 16-bit grey", role="bg", make=file(png16(wide(1), 0)),
               note="v / 257, rounded")
    yield Kind(what="PNG, 16-bit grey with alpha", role="fg", make=file(png16(wide(4)[..., 2:], 4)),
               note="v / 257, rounded")
    yield Kind(what="PNG, 16-bit grey with a colour key", role="fg",
               make=file(png16(wide(1), 0, chunk(b"tRNS", struct.pack(">H", 100)))))
    yield Kind(what="PNG, 1-bit black and white", role="bg", make=file(encode(drawn("1"))))
    yield Kind(what="PNG, animated (APNG)", role="fg", make=file(encode(drawn(), **FRAMES)),
               note="first frame")
    yield Kind(what="PNG with 3 MB of plain text inside", role="fg", make=file(large_text("text")))


def good_jpegs() -> Iterator[Kind]:
    yield Kind(what="JPEG", role="bg", make=file(JPEG))
    yield Kind(what="JPEG, grey", role="bg", make=file(encode(drawn("L"), "JPEG")))
    yield Kind(what="JPEG, CMYK", role="bg", make=file(encode(drawn("CMYK"), "JPEG")),
               note="by Pillow's formula where it has no colour profile")
    yield Kind(what="JPEG, CMYK with a colour profile", role="bg", note="by its profile",
               make=file(encode(drawn("CMYK"), "JPEG", icc_profile=cmyk_profile())))
    yield Kind(what="JPEG with a colour profile", role="bg", note="brought to sRGB",
               make=file(encode(drawn("RGB"), "JPEG", icc_profile=matrix_profile(WIDE, 2.2))))
    yield Kind(what="JPEG with a damaged colour profile", role="bg",
               outcome="used, with a warning", note="as if it had none",
               make=file(encode(drawn("RGB"), "JPEG", icc_profile=b"no profile")))
    yield Kind(what="JPEG, progressive", role="bg",
               make=file(encode(drawn("RGB"), "JPEG", progressive=True)))
    for turn in range(1, 9):
        yield Kind(what=f"JPEG, EXIF orientation {turn}", role="bg", make=file(oriented(turn)),
                   size=UPRIGHT if turn < 5 else UPRIGHT[::-1], note="turned upright")
    yield Kind(what="JPEG with a broken EXIF block", role="bg", note="taken as upright",
               make=file(encode(drawn("RGB"), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff\0\1")))
    yield Kind(what="JPEG with bytes after its end", role="bg", make=file(JPEG + b"more" * 99))
    yield Kind(what="JPEG, two pictures in one (MPO)", role="bg", note="first picture",
               make=file(encode(drawn("RGB"), "MPO", save_all=True,
                                append_images=[drawn("RGB")])))
    yield Kind(what=f"JPEG, baseline, over {PIXEL_LIMIT // 10**6} megapixels", role="bg",
               make=file(encode(Image.new("L", (9000, 8000)), "JPEG", quality=10)),
               size=(4500, 4000), note="decoded at 1/2, 1/4 or 1/8")


def good_others() -> Iterator[Kind]:
    rgb, size = drawn("RGB"), UPRIGHT
    clear = drawn().convert("RGBA")
    clear.putalpha(clear.getchannel("A").point(lambda a: 255 if a > 127 else 0))
    yield Kind(what="GIF with transparency", role="fg", make=file(encode(clear, "GIF")))
    yield Kind(what="GIF, animated", role="fg", make=file(encode(clear, "GIF", **FRAMES)),
               note="first frame")
    yield Kind(what="WebP, lossy with alpha", role="fg", make=file(encode(drawn(), "WEBP")))
    yield Kind(what="WebP, lossless with alpha", role="fg",
               make=file(encode(drawn(), "WEBP", lossless=True)))
    yield Kind(what="WebP, animated", role="fg", make=file(encode(drawn(), "WEBP", **FRAMES)),
               note="first frame")
    yield Kind(what="TIFF, RGBA", role="fg", make=file(encode(drawn(), "TIFF")))
    for method in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        yield Kind(what=f"TIFF, {method.removeprefix('tiff_')}", role="bg",
                   make=file(encode(rgb, "TIFF", compression=method)))
    yield Kind(what="TIFF, CMYK", role="bg", make=file(encode(drawn("CMYK"), "TIFF")))
    yield Kind(what="TIFF, 16-bit RGB", role="bg", make=file(tiff16()),
               note="the high byte: at most one less than v / 257")
    yield Kind(what="DNG, NEF and other raw photographs with a JPEG of the full size", role="bg",
               note="that JPEG", size=(312, 234), make=file(raw_photograph(312, 234)))
    yield Kind(what="TIFF that begins with a thumbnail", role="bg", note="its whole picture",
               size=(160, 120), make=file(tiff_of(thumbnail(), after=(rgb_page(LARGE),))))
    yield Kind(what="TIFF, several pages", role="bg",
               make=file(encode(rgb, "TIFF", save_all=True, append_images=[rgb])),
               note="first page")
    yield Kind(what="TIFF, its pages linked in a loop", role="bg", make=file(looping_tiff()),
               note="first page")
    yield Kind(what="JPEG 2000 with alpha", role="fg", make=file(encode(drawn(), "JPEG2000")))
    yield Kind(what="AVIF with alpha", role="fg", make=file(encode(drawn(), "AVIF")))
    yield Kind(what="BMP", role="bg", make=file(encode(rgb, "BMP")))
    yield Kind(what="PPM", role="bg", make=file(encode(rgb, "PPM")))
    yield Kind(what="a foreground opaque everywhere", role="fg", size=size,
               make=file(encode(rgb.convert("RGBA"))), outcome="used, with a warning",
               note="as a rectangle")
    for sides in ((900, 1), (1, 900), (3000, 40)):
        yield Kind(what=f"{sides[0]} x {sides[1]} pixels", role="bg", size=sides,
                   make=file(encode(drawn("RGB", sides))))
    yield Kind(what="a foreground of 900 x 1 pixels", role="fg", size=(900, 1),
               make=file(encode(Image.new("RGBA", (900, 1), (5, 6, 7, 255)))),
               outcome="used, with a warning", note="it is opaque everywhere")


def names() -> Iterator[Kind]:
    for what, name in (
        ("an upper-case ending", "PICTURE.PNG"),
        ("the wrong ending (a PNG named .jpg)", "picture.jpg"),
        ("no ending", "picture"),
        ("spaces in the name", "a picture of mine .png"),
        ("a leading dash", "-rf.png"),
        ("a line break in the name", "two\nlines.png"),
        ("terminal commands in the name", "\x1b[31mred\x07.png"),
        ("non-ASCII letters", "пёс-犬-🐶.png"),
        ("a name that is no UTF-8", os.fsdecode(b"\xff\xfe.png")),
        ("markup in the name", "<script>alert(1)</script>".replace("/", "_") + "[red].png"),
        ("a name of 250 bytes", "n" * 246 + ".png"),
        ("twenty folders deep", "d/" * 20 + "picture.png"),
    ):
        yield Kind(what=what, role="fg", make=file(RGBA, name), name=name)
    yield Kind(what="names that differ by case only", role="fg", count=2, name="A.png",
               make=several("A.png", "a.png"), note="both")
    yield Kind(what="names that differ by ending only", role="fg", count=2, name="a.jpg",
               make=several("a.png", "a.jpg"), note="both")
    yield Kind(what="a link to a file", role="fg", make=linked_file)
    yield Kind(what="a link to a folder", role="fg", make=linked_folder, name="link/picture")
    yield Kind(what="folders linked in a loop", role="fg", make=looping_folder, name="a/picture",
               note="each folder once")


def not_pictures() -> Iterator[Kind]:
    for what, data, reason in (
        ("an empty file", b"", "empty file"),
        ("a text file", b"# notes\n" * 9, "not a picture"),
        ("a web page saved as .jpg", b"<!doctype html><html>", "not a picture"),
        ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
        ("EPS (Pillow would start Ghostscript)", b"%!PS-Adobe-3.0 EPSF-3.0\n", "not a picture"),
        ("PDF", b"%PDF-1.7\n", "not a picture"),
        ("ZIP", b"PK\3\4" + bytes(40), "not a picture"),
        ("a pickle", b"\x80\4cos\nsystem\n(S'true'\ntR.", "not a picture"),
        ("TGA (it has no signature)", encode(drawn(), "TGA"), "not a picture"),
        ("ICO", encode(drawn(), "ICO"), "not a picture"),
        ("zeros", bytes(4096), "not a picture"),
        ("a PNG's signature alone", RGBA[:8], BROKEN + "*"),
        ("a PNG's signature, then noise", RGBA[:8] + bytes(range(200)), BROKEN + "*"),
    ):  # fmt: skip
        yield Kind(what=what, role="bg", make=file(data), outcome=reason)
    yield Kind(what="a link to nowhere", role="bg", make=linked("nowhere"),
               outcome="a link to nowhere")
    yield Kind(what="a link to itself", role="bg", make=linked(NAME),
               outcome="a link to nowhere")
    yield Kind(what="a link to an endless device", role="bg", make=linked("/dev/zero"),
               outcome="not a regular file")
    yield Kind(what="a named pipe", role="bg", make=fifo, outcome="not a regular file")
    yield Kind(what="a socket", role="bg", make=unix_socket, outcome="not a regular file")
    yield Kind(what="a file that may not be read", role="bg", make=locked(NAME),
               outcome=STOPS + "Permission denied")
    yield Kind(what="a folder that may not be read", role="bg", make=locked(NAME + "/inside.png"),
               outcome=STOPS + "Permission denied")
    yield Kind(what="TIFF of floating-point pixels", role="bg",
               make=file(encode(Image.new("F", UPRIGHT), "TIFF")), outcome="floating-point pixels")
    yield Kind(what="TIFF of 32-bit grey", role="bg", outcome="grey values beyond 16 bits",
               make=file(encode(Image.new("I", UPRIGHT, 70000), "TIFF")))


def damaged() -> Iterator[Kind]:
    for format in ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "JPEG2000", "AVIF", "PPM"):
        data = encode(drawn("RGB"), format)
        yield Kind(what=f"{format.title() if len(format) > 4 else format}, cut in the middle",
                   role="bg", make=file(data[: len(data) // 2]), outcome=BROKEN + "*")
    cut = JPEG[:-60]
    yield Kind(what="JPEG, cut and closed with an end marker", role="bg",
               make=file(cut + b"\xff\xd9"), note="Pillow gives it a grey lower half",
               outcome=BROKEN + "Corrupt JPEG data: premature end of data segment")
    yield Kind(what="JPEG, its second half zeros", role="bg",
               make=file(cut + bytes(len(JPEG) - len(cut))), outcome=BROKEN + "*")
    yield Kind(what="PNG, a bit flipped in its pixels", role="bg", make=file(flipped(RGB, b"IDAT")),
               outcome=BROKEN + "wrong checksum of its IDAT chunk")
    yield Kind(what="PNG, a bit flipped in its header", role="bg",
               make=file(flipped(RGB, b"IHDR")), outcome=BROKEN + "*")
    yield Kind(what="PNG, a bit flipped in a note", role="bg", outcome=BROKEN + "*",
               make=file(flipped(RGB[:33] + chunk(b"tEXt", b"Title\0abc") + RGB[33:], b"tEXt")))
    yield Kind(what="PNG without its end", role="bg", make=file(RGB[:-12]),
               outcome=BROKEN + "it ends before its IEND chunk")
    yield Kind(what="PNG with too few rows", role="bg",
               make=file(png(pixels(3).reshape(UPRIGHT[1], -1)[:9], 8, 2, size=UPRIGHT)),
               outcome=BROKEN + "*")


def unsuited() -> Iterator[Kind]:
    glass = Image.new("RGBA", UPRIGHT, (9, 9, 9, 90))
    faint = Image.new("RGBA", UPRIGHT, (9, 9, 9, 7))
    speck = Image.new("RGBA", UPRIGHT, (9, 9, 9, 8))
    speck.putpixel((5, 5), (9, 9, 9, 255))
    dot = Image.new("RGBA", UPRIGHT, (9, 9, 9, 0))
    dot.paste((255, 0, 0, 255), (4, 4, 7, 9))
    stray = drawn()
    stray.putpixel((0, 0), (9, 9, 9, 7))
    big, lines = (20_990, 29_700), np.zeros((4, 2624), np.uint8)
    yield Kind(what="DNG and other raw photographs with a smaller JPEG at most", role="bg",
               make=file(raw_photograph(160, 120)),
               outcome="320 x 240 as the sensor gave it, and no picture of it larger than "
                       "160 x 120: develop it to JPEG or TIFF first")
    yield Kind(what="a foreground without alpha", role="fg", make=file(RGB),
               outcome="no alpha channel")
    yield Kind(what="a foreground, wholly transparent", role="fg", outcome="wholly transparent",
               make=file(encode(Image.new("RGBA", UPRIGHT, (9, 9, 9, 0)))))
    yield Kind(what="a foreground of glass, nowhere half opaque", role="fg",
               make=file(encode(glass)))
    yield Kind(what="a foreground with stray alpha of 1 to 7", role="fg", make=file(encode(stray)),
               note="their pixels do not say how large it is")
    yield Kind(what="a foreground, faint", role="fg", make=file(encode(faint)),
               outcome="too faint: its largest alpha is 7 of 255, under 8")
    yield Kind(what="a foreground, almost all faint", role="fg", make=file(encode(speck)),
               outcome="too faint: *% of its alpha box is at least half opaque, under 2%")
    yield Kind(what="a foreground of 3 x 5 visible pixels", role="fg", make=file(encode(dot)),
               outcome="too small: 3 x 5 of its alpha box, and the longest side is under 8")
    yield Kind(what="a tracking pixel", role="bg", make=file(encode(Image.new("RGB", (1, 1)))),
               outcome="too small: 1 x 1, and the longest side is under 8")
    yield Kind(what="PNG of 20,990 x 29,700 pixels", role="bg", outcome=over(big),
               make=file(png(lines, 1, 0, size=big)), note="by its header: nothing is decoded")
    yield Kind(what="GIF of 65,535 x 65,535 pixels in 800 bytes", role="bg",
               outcome=over((65535, 65535)),
               make=file(encode(Image.new("P", UPRIGHT), "GIF")[:6] + b"\xff" * 4
                         + encode(Image.new("P", UPRIGHT), "GIF")[10:]))
    yield Kind(what="JPEG, progressive, of 30,000 x 20,000 pixels", role="bg",
               outcome=over((30_000, 20_000)), note="one in several scans is not reduced",
               make=file(resized_jpeg(30000, 20000)))
    yield Kind(what="TIFF of 60,000 x 60,000 pixels in 5 kB", role="bg",
               make=file(large_tiff(60_000)), outcome=over((60_000, 60_000)))
    yield Kind(what="WebP of 10,000 x 10,000 pixels in 74 bytes", role="bg",
               make=file(wide_webp(10_000)),
               outcome=over((10_000, 10_000)))
    yield Kind(what="JPEG in 3,000 scans of 30 bytes", role="bg", make=file(scans(1024, 3000)),
               outcome=BROKEN + "3,001 scans in one JPEG, over 500",
               note="each would be a pass over the whole picture")
    yield Kind(what="TIFF in a million strips of one byte", role="bg", outcome=
               "a TIFF of 1,000,000 strips, tiles or values, over 100,000",
               make=file(tiff_of_strips(1_000_000)))
    died = STOPS + "its decoder died of it"
    yield Kind(what="TIFF of 8 x 8 pixels in a tile of 16,000 x 16,000", role="bg",
               make=file(tiff_of_a_tile(16_000)), outcome=died, note="249 kB take 250 MB")
    yield Kind(what="JPEG 2000 in 65,535 tiles of one pixel", role="bg",
               make=file(tiled_jpeg2000(1)), outcome=died, note="265 bytes take 771 MB")
    yield Kind(what="JPEG 2000 in precincts of two pixels", role="bg",
               make=file(fine_jpeg2000(1, 6)), outcome=died, note="277 bytes take 432 MB")
    for format, parts in (("PNG", "chunks"), ("JPEG", "segments"), ("GIF", "comments")):
        yield Kind(what=f"{format} with 20,000 empty {parts}", role="bg",
                   make=file(many_parts(format, 20_000)),
                   outcome="over 10,000 parts before its pixels")
    yield Kind(what="PNG with a profile bomb (3 MB in 3 kB)", role="fg", make=file(profile_bomb()),
               outcome=BROKEN + "Decompressed data too large for PngImagePlugin.MAX_TEXT_CHUNK")
    yield Kind(what="PNG with a text bomb (3 MB in 3 kB)", role="fg", make=file(large_text("zip")),
               outcome=BROKEN + "Decompressed data too large for PngImagePlugin.MAX_TEXT_CHUNK")


# fmt: on
def over(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]} is over {PIXEL_LIMIT:,} pixels"


KINDS = [
    *good_pngs(), *good_jpegs(), *good_others(), *names(), *not_pictures(), *damaged(), *unsuited(),
]  # fmt: skip


def table() -> str:
    """The rows as a table of docs/input.md."""
    roles = {"fg": "foreground", "bg": "background"}
    lines = ["| input | as | what happens |", "|---|---|---|"]
    for kind in KINDS:
        happens = kind.outcome
        if not happens.startswith(("used", STOPS)):
            happens = f"left out: “{happens}”"
        happens = happens.replace("*", "…") + (f" ({kind.note})" if kind.note else "")
        lines.append(f"| {kind.what} | {roles[kind.role]} | {happens} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")
