"""Decoding: any picture a user has, to 8-bit RGB or RGBA pixels, by content.

docs/input.md has the table of what is read and what is refused, and why.
"""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFile

from pipeline.machine.gate import require_memory
from pipeline.machine.quiet import QUIET
from pipeline.sources.formats.integrity import UnusablePictureError as UnusablePictureError
from pipeline.sources.formats.integrity import refuse_damage
from pipeline.sources.formats.orientation import turn_of
from pipeline.sources.formats.profiles import profile_of, to_srgb
from pipeline.sources.formats.sixteen_bits import (
    has_sixteen_bit_colour,
    read_sixteen_bit_colour,
    read_sixteen_bit_grey,
)
from pipeline.sources.formats.tiff_pages import whole_picture
from pipeline.sources.headers import SANDBOXED, cost_of, damaged, open_header, reduction_of
from pipeline.sources.sandbox import DeadDecoderError, try_decoding
from pipeline.sources.source_bytes import read_source
from shards.base.errors import InputError
from shards.base.retrying import retry_passing

_SPARE = 64_000_000
"""Bytes that a process with enough memory can have, before it is known what decoding takes."""

_TWICE = 2
_ALPHA_MODES = {"RGBA", "LA", "PA", "RGBa", "La"}


def _load(data: bytes, *, known: bool) -> Image.Image:
    """The first frame, upright, in whatever mode it is stored (16-bit colour reduced to 8)."""
    whole = whole_picture(io.BytesIO(data))
    data = data if isinstance(whole, io.BytesIO) else whole.read()
    with open_header(io.BytesIO(data)) as picture:
        cost = cost_of(picture, io.BytesIO(data), len(data))
        if not known:
            refuse_damage(data, picture.format, picture.mode)
            if picture.format in SANDBOXED:
                try_decoding(data, cost)
        factor = reduction_of(picture, io.BytesIO(data))
        if factor > 1:
            picture.draft(None, (picture.width // factor, picture.height // factor))
        if has_sixteen_bit_colour(picture):
            stored = read_sixteen_bit_colour(picture, data)
        else:
            picture.load()
            _scale_colour_key(picture, data)
            stored = picture
        upright = _upright(picture, stored)
        upright = upright.copy() if upright is picture else upright
        if stored is not picture and (profile := profile_of(picture)) is not None:
            upright.info["icc_profile"] = profile
        return upright


def _upright(picture: Image.Image, stored: Image.Image) -> Image.Image:
    """The pixels `stored` turned as the EXIF tag of `picture` says."""
    turn = turn_of(picture)
    return stored if turn is None else stored.transpose(turn)


def _scale_colour_key(picture: Image.Image, data: bytes) -> None:
    """Bring the colour key of a 2- or 4-bit grey PNG to the 8 bits that its pixels are given in."""
    key = picture.info.get("transparency")
    if picture.format == "PNG" and picture.mode == "L" and isinstance(key, int) and data[24] < 8:
        picture.info["transparency"] = key * 255 // ((1 << data[24]) - 1)


def _to_eight_bits(picture: Image.Image) -> Image.Image:
    """RGB, or RGBA where the picture has alpha, a colour key or a transparent palette entry."""
    if picture.mode.startswith("I"):
        return read_sixteen_bit_grey(picture)
    if picture.mode == "F":
        raise UnusablePictureError("floating-point pixels")
    alpha = picture.mode in _ALPHA_MODES or "transparency" in picture.info
    wanted = "RGBA" if alpha else "RGB"
    if picture.mode == wanted:
        return picture
    try:
        return picture.convert(wanted)
    except ValueError:
        raise UnusablePictureError(f"pixels of kind {picture.mode}") from None


def decode_picture(
    data: bytes, *, known: bool = False, remark: Callable[[str], None] = lambda words: None
) -> Image.Image:
    """The first frame of a picture as 8-bit "RGB" or "RGBA" in sRGB, turned as EXIF says.

    Raises UnusablePictureError with the reason where the bytes are no whole picture, or one over
    the limits. `known` bytes, equal to some that passed, are not searched for damage again.
    MemoryError where memory is short, which many decoders call damage: so that is believed only
    if it is found twice, and there is memory to spare. DeadDecoderError where a decoder takes far
    more than such a picture should. `remark(words)` is called for a colour profile that cannot be
    used.
    """

    def decode() -> Image.Image:
        decoded, words = to_srgb(_load(data, known=known), _to_eight_bits)
        if words is not None:
            remark(words)
        decoded.info = {}  # it is upright now and must not be turned again
        return decoded

    return _believe(decode, data)


def decode_values(data: bytes, *, known: bool = False) -> Image.Image:
    """The same for a picture of values, such as a mask: no colour profile is applied."""

    def decode() -> Image.Image:
        decoded = _to_eight_bits(_load(data, known=known))
        decoded.info = {}
        return decoded

    return _believe(decode, data)


def decode_as_stored(data: bytes) -> Image.Image:
    """The first frame, upright, in the mode it is stored in; raises as `decode_picture` does."""
    return _believe(lambda: _load(data, known=False), data)


def _believe(decode: Callable[[], Image.Image], data: bytes) -> Image.Image:
    faults: list[UnusablePictureError] = []
    while len(faults) < _TWICE:
        try:
            with QUIET:
                return decode()
        except DeadDecoderError:
            raise
        except UnusablePictureError as error:
            faults.append(error)
        except Exception as error:  # Pillow's decoders raise anything on hostile bytes
            faults.append(damaged(error))
        require_memory(_need(data))
    raise faults[0]


def _need(data: bytes) -> int:
    """Bytes that decoding a picture takes, as far as its header can be read."""
    try:
        file = whole_picture(io.BytesIO(data))
        with QUIET, open_header(file) as picture:
            return cost_of(picture, file, len(data))
    except Exception:  # as above
        return len(data) + _SPARE


def read_picture(path: Path) -> Image.Image:
    """The picture in a file, as `decode_picture` gives it; RunError where it cannot be read now."""
    data = read_source(path)
    try:
        return retry_passing(path, lambda: decode_picture(data))
    except DeadDecoderError as error:
        raise error.at(path) from None


def as_rgb(picture: Any, name: str) -> Image.Image:
    """A PIL picture, or uint8 (H, W, 3), as "RGB": what `decode_picture` gives for its file.

    So it is turned as its EXIF tag says, its colour profile is applied, and 16 bits are scaled.
    InputError, which calls it `name`, for anything else.
    """
    if isinstance(picture, Image.Image):
        try:
            with QUIET:
                return _opened(picture).convert("RGB")
        except (UnusablePictureError, OSError, SyntaxError, ValueError) as error:
            raise InputError(
                name, expected="a picture", found=str(error), remedy="give another one"
            ) from None
    pixels = np.asarray(picture)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise InputError(
            name,
            expected="a PIL picture or uint8 (H, W, 3)",
            found=f"{pixels.dtype} {pixels.shape}",
            remedy="convert it to 8-bit RGB",
        )
    return Image.fromarray(pixels)


def _opened(picture: Image.Image) -> Image.Image:
    """A picture of a user's; 16-bit colour from its file, as Pillow drops the low bytes."""
    if isinstance(picture, ImageFile.ImageFile) and has_sixteen_bit_colour(picture) and picture.fp:
        picture.fp.seek(0)
        return decode_picture(picture.fp.read())
    picture.load()
    upright = _upright(picture, picture)
    mine = upright.copy() if upright is picture and profile_of(picture) else upright
    return to_srgb(mine, _to_eight_bits)[0]
