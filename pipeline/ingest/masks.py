"""Other people's masks: what their values mean, decided for a whole folder before any is stored.

One picture does not tell: an empty mask fits any reading, and a 1 is a faint edge among masks that
reach 255, but the object among masks of 0 and 1.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.sources.alpha import is_greyish
from pipeline.sources.decode import decode_as_stored
from pipeline.sources.formats.sixteen_bits import sixteen_bit_values
from pipeline.sources.sandbox import DeadDecoderError
from pipeline.sources.source_bytes import read_source
from shards.base.errors import InputError
from shards.base.retrying import retry_passing

_FULL = 65535
"""Opaque. Values are counted in 16 bits: those of 8 bits are multiplied by 257."""

_EIGHT_BITS = 257
_SHOWN = 4
_EXPECTED = "masks of grey values: 0, and 255 where the object is, with soft edges between"


@dataclasses.dataclass(frozen=True, slots=True)
class MaskValues:
    """How many pixels have each value, in 16 bits, and whether the masks were of 8 bits."""

    counts: Counter[int]
    eight_bits: bool

    def in_words(self) -> str:
        """The values as the files have them."""
        step = _EIGHT_BITS if self.eight_bits else 1
        values = sorted(value // step for value in self.counts)
        if len(values) <= _SHOWN:
            *others, last = map(str, values)
            return " and ".join([", ".join(others), last] if others else [last])
        return ", ".join(map(str, values[: _SHOWN - 1])) + f", ... {values[-1]}"


@dataclasses.dataclass(frozen=True, slots=True)
class MaskReading:
    """Reads the masks of one folder; `two_values` where whatever is not 0 is the object."""

    two_values: bool = False

    def read(self, path: Path) -> NDArray[np.uint8]:
        """A mask uint8 (H, W), 0 to 255; UnusablePictureError where there is none."""
        values = _grey_values(path)
        if self.two_values:
            return np.where(values > 0, np.uint8(255), np.uint8(0))
        if values.dtype == np.uint8:
            return values.astype(np.uint8, copy=False)
        return ((values.astype(np.uint32) + _EIGHT_BITS // 2) // _EIGHT_BITS).astype(np.uint8)


def values_of(path: Path) -> MaskValues:
    """The values of one mask; InputError where it is none, UnusablePictureError for no picture."""
    values = _grey_values(path)
    eight_bits = values.dtype == np.uint8
    found, counts = np.unique(values, return_counts=True)
    step = _EIGHT_BITS if eight_bits else 1
    pairs = zip(found.tolist(), counts.tolist(), strict=True)
    return MaskValues(Counter({value * step: count for value, count in pairs}), eight_bits)


def choose_reading(where: str, masks: Iterable[MaskValues]) -> tuple[MaskReading, str | None]:
    """How the masks of a folder are read, and a remark for the user, if there is one.

    Masks of 0 and one small value are scaled. InputError for labels of several objects, and where
    no mask is anywhere half opaque: nothing says what either was meant to be.
    """
    counts: Counter[int] = Counter()
    eight_bits, solid = True, False
    for mask in masks:
        counts.update(mask.counts)
        eight_bits &= mask.eight_bits
        solid |= 2 * mask.counts[_FULL] > mask.counts.total() - mask.counts[0]
    total = MaskValues(counts, eight_bits)
    between = counts.keys() - {0, _FULL}
    if not between or max(between) > _FULL // 2:
        return MaskReading(), None
    if counts.keys() - {0} == between and len(between) == 1:
        return MaskReading(two_values=True), f"{where}: {total.in_words()} become 0 and 255"
    if solid:  # where 255 marks what is not labelled, it is the smaller part of every mask
        return MaskReading(), None
    raise InputError(
        where,
        expected=_EXPECTED,
        found=f"the values {total.in_words()}: labels of several objects, or too faint everywhere",
        remedy="save one object as 255, such as Image.fromarray((labels == 1).astype('uint8') "
        "* 255), or stretch the values to 255",
    )


def _grey_values(path: Path) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """The grey values (H, W) of a mask; InputError for colours, or a mask in the alpha channel."""
    data = read_source(path)
    try:
        picture = retry_passing(path, lambda: decode_as_stored(data))
    except DeadDecoderError as error:
        raise error.at(path) from None
    if picture.mode.startswith("I"):
        return sixteen_bit_values(picture)
    if picture.mode == "L" and "transparency" not in picture.info:
        return np.asarray(picture)
    kind = picture.mode
    coloured = picture.convert("RGBA")
    if np.asarray(coloured.getchannel("A")).min() < 255:
        raise InputError(
            str(path),
            expected=_EXPECTED,
            found=f"a mask in the alpha channel (of {kind})",
            remedy="save that channel alone: Image.open(FILE).convert('RGBA').getchannel('A')",
        )
    if not is_greyish(coloured):
        colours = picture.convert("RGB").getcolors(picture.width * picture.height) or []
        found = f"a palette of {len(colours)} colours" if kind == "P" else f"colours ({kind})"
        raise InputError(
            str(path),
            expected=_EXPECTED,
            found=found,
            remedy="save the object as 255 and all else as 0, such as Image.fromarray("
            "(np.asarray(Image.open(FILE)) == 1).astype('uint8') * 255)",
        )
    return np.asarray(coloured.convert("L"))
