"""Colour profiles: pictures whose ICC profile says what their numbers mean, brought to sRGB."""

import functools
import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageCms

DAMAGED = "a damaged colour profile: used without it"

_MOST_BYTES = 8 << 20
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_LIKE_SRGB = 2
"""How far values may move, of 255, under a profile that is sRGB by another name."""


def profile_of(picture: Image.Image) -> bytes | None:
    """The bytes of a picture's profile, if it has one."""
    profile = picture.info.get("icc_profile")
    return profile if isinstance(profile, bytes) and profile else None


def to_srgb(
    stored: Image.Image, to_eight_bits: Callable[[Image.Image], Image.Image]
) -> tuple[Image.Image, str | None]:
    """A picture in 8 bits ("RGB" or "RGBA") and sRGB, and what is to be said of its profile.

    `to_eight_bits` is all that happens where there is no profile, where it says sRGB, and where it
    cannot be used, which is said. Its answer, which may be `stored` itself, is changed. Alpha stays
    as it is.
    """
    profile = profile_of(stored)
    if profile is None or is_srgb(profile):
        return to_eight_bits(stored), None
    space = _space_of(profile)
    if space == "CMYK" == stored.mode:
        transform = _transform(profile, "CMYK", "RGB")
        colours = transform and ImageCms.applyTransform(stored, transform)
        return (colours, None) if colours else (to_eight_bits(stored), DAMAGED)
    picture = to_eight_bits(stored)
    if space == "GRAY" and _is_grey(picture):
        table = _grey_table(profile)
        if table is None:
            return picture, DAMAGED
        return picture.point(table + list(range(256)) * (picture.mode == "RGBA")), None
    if space == "RGB" and stored.mode != "CMYK":
        transform = _transform(profile, picture.mode, picture.mode)
        if transform:
            ImageCms.applyTransform(picture, transform, inPlace=True)
        return picture, None if transform else DAMAGED
    if space is None:
        return picture, DAMAGED
    return picture, f"a colour profile for {space} in a picture of {stored.mode}: used without it"


def _grey_table(profile: bytes) -> list[int] | None:
    """Red for each of 256 greys, then green and blue; None where the profile is damaged."""
    transform = _transform(profile, "L", "RGB", _FLAGS | ImageCms.Flags.NOOPTIMIZE)
    if transform is None:
        return None
    ramp = Image.frombytes("L", (256, 1), bytes(range(256)))
    colours = np.asarray(ImageCms.applyTransform(ramp, transform))  # (1, 256, 3)
    table: list[int] = colours.reshape(256, 3).T.ravel().tolist()
    return table


def _is_grey(picture: Image.Image) -> bool:
    red, green, blue = (picture.getchannel(name) for name in "RGB")
    return not any(ImageChops.difference(red, other).getbbox() for other in (green, blue))


@functools.lru_cache(maxsize=16)
def is_srgb(profile: bytes) -> bool:
    """Whether a profile leaves colours as they are, as those do that are sRGB by any name."""
    if _space_of(profile) != "RGB":
        return False
    transform = _transform(profile, "RGB", "RGB")
    if transform is None:
        return False
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    lattice = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3)
    moved = ImageCms.applyTransform(Image.fromarray(lattice), transform)
    distance = np.abs(np.asarray(moved).astype(np.int16) - lattice)
    return bool(distance.max() <= _LIKE_SRGB)


@functools.lru_cache(maxsize=16)
def _space_of(profile: bytes) -> str | None:
    """The kind of pixels that a profile is for, such as "RGB "; None where it is damaged."""
    opened = _open(profile)
    return None if opened is None else opened.profile.xcolor_space.strip()


@functools.lru_cache(maxsize=16)
def _transform(profile: bytes, source: str, target: str, flags: ImageCms.Flags = _FLAGS) -> Any:
    """How pixels are brought to sRGB; None where the profile is damaged.

    Colours are kept as they are measured, the darkest is brought to black.
    """
    opened = _open(profile)
    if opened is None:
        return None
    try:
        return ImageCms.buildTransform(
            opened, ImageCms.createProfile("sRGB"), source, target, _INTENT, flags
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _open(profile: bytes) -> ImageCms.ImageCmsProfile | None:
    if len(profile) > _MOST_BYTES:
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
