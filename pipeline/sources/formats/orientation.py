"""How a picture lies: what its EXIF tag says must be done to see it upright."""

from PIL import ExifTags, Image

_MOST_EXIF = 4 << 20
"""Bytes of EXIF that are looked into: numbers in it become objects of Python."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING = (5, 6, 7, 8)


def turn_of(picture: Image.Image) -> Image.Transpose | None:
    """The turn or mirroring that brings a picture upright; None where it stands so."""
    return _TURNS.get(_orientation(picture))


def upright_size(picture: Image.Image) -> tuple[int, int]:
    """The (width, height) of a picture once it is upright."""
    width, height = picture.size
    return (height, width) if _orientation(picture) in _LYING else (width, height)


def _orientation(picture: Image.Image) -> int:
    if len(picture.info.get("exif") or b"") > _MOST_EXIF:
        return 1
    try:
        found: object = picture.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # a broken tag says nothing about the pixels
        return 1
    return found if isinstance(found, int) else 1
