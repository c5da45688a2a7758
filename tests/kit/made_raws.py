"""TIFFs as cameras write them: a thumbnail first, the sensor's values and JPEGs in other pages."""

import dataclasses
import itertools
import struct

import numpy as np
from made_files import encode
from PIL import Image

SENSOR = 32803
THUMBNAIL = Image.new("RGB", (80, 60), (10, 200, 10))


@dataclasses.dataclass
class Page:
    """A page: its tags {tag: values}, its bytes, and the tag that says where they lie."""

    tags: dict[int, tuple[int, ...]]
    data: bytes
    start: int = 273
    length: int = 279


def rgb_page(picture: Image.Image, *, reduced: bool = False, **more: int) -> Page:
    width, height = picture.size
    tags = {254: (int(reduced),), 256: (width,), 257: (height,), 258: (8, 8, 8), 259: (1,),
            262: (2,), 277: (3,), 278: (height,)}  # fmt: skip
    return Page(tags | {int(tag[1:]): (value,) for tag, value in more.items()}, picture.tobytes())


def sensor_page(width: int, height: int) -> Page:
    values = np.arange(width * height, dtype="<u2").tobytes()
    tags = {254: (0,), 256: (width,), 257: (height,), 258: (16,), 259: (1,), 262: (SENSOR,),
            277: (1,), 278: (height,)}  # fmt: skip
    return Page(tags, values)


def jpeg_strip(picture: Image.Image) -> Page:
    """A JPEG as DNGs hold their previews."""
    tags = {254: (1,), 256: (picture.width,), 257: (picture.height,), 258: (8, 8, 8), 259: (7,),
            262: (6,), 277: (3,), 278: (picture.height,)}  # fmt: skip
    return Page(tags, encode(picture, "JPEG", quality=95))


def jpeg_file(picture: Image.Image) -> Page:
    """A JPEG as NEF and ARW files hold theirs: only where it is."""
    return Page({254: (1,), 259: (6,)}, encode(picture, "JPEG", quality=95), 513, 514)


def tiff_of(first: Page, *within: Page, after: tuple[Page, ...] = (), order: str = "<") -> bytes:
    """A TIFF of a first page, pages within it (SubIFDs), and pages after it."""
    pages = [first, *within, *after]
    if within:
        first.tags[330] = (0,) * len(within)
    body = bytearray(b"II*\0" if order == "<" else b"MM\0*") + bytes(4)
    starts = []
    places: dict[int, int] = {}
    for number, page in enumerate(pages):
        where = len(body)
        body += page.data + bytes(len(page.data) % 2)
        tags = page.tags | {page.start: (where,), page.length: (len(page.data),)}
        entries = []
        for tag, values in sorted(tags.items()):
            packed = struct.pack(f"{order}{len(values)}I", *values)
            if len(packed) > 4:
                if tag == 330:
                    places[number] = len(body)
                at, packed = len(body), packed
                body += packed
                packed = struct.pack(order + "I", at)
            entries.append((tag, struct.pack(order + "HHI", tag, 4, len(values)) + packed))
        starts.append(len(body))
        body += struct.pack(order + "H", len(entries))
        for tag, entry in entries:
            if tag == 330 and number not in places:
                places[number] = len(body) + 8
            body += entry
        body += bytes(4)
    struct.pack_into(order + "I", body, 4, starts[0])
    chain = [starts[0], *starts[1 + len(within) :]]
    for here, there in itertools.pairwise(chain):
        (count,) = struct.unpack_from(order + "H", body, here)
        struct.pack_into(order + "I", body, here + 2 + 12 * count, there)
    if within:
        struct.pack_into(f"{order}{len(within)}I", body, places[0], *starts[1 : 1 + len(within)])
    return bytes(body)
