"""Calibration: the range of a teacher that declares none, found once for a whole data set."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.output.folder import differences, is_begun
from pipeline.planning.plan import BATCH, Plan
from pipeline.rendering.renderer import Renderer
from pipeline.rendering.site import Site
from shards.base.errors import InputError
from shards.base.keys import SPLITS
from shards.pixels.depth_coding import DepthCoding
from shards.records.manifest import read_plan

SAMPLES = 256
_PERCENTILES = (0.1, 99.9)
_WIDER = 1.25
_DIGITS = 3
_SIDE = 256
"""At most so many rows and columns of a map are looked at, evenly spread."""


def range_of(maps: Sequence[NDArray[np.float32]]) -> tuple[float, float]:
    """(low, high): 0.1 and 99.9 percentiles of all values, a quarter wider, in 3 digits.

    An eighth of their distance is added at each end, and both are rounded outwards. InputError
    where all values are equal.
    """
    values = np.concatenate([_spread(each).ravel() for each in maps])
    low, high = (float(value) for value in np.percentile(values, _PERCENTILES))
    if not low < high:
        raise InputError(
            "--depth-range",
            expected="a teacher whose values differ",
            found=f"{low:g} everywhere",
            remedy="look at its weights, or declare --depth-range LOW HIGH",
        )
    margin = (high - low) * (_WIDER - 1) / 2
    return _rounded(low - margin, math.floor), _rounded(high + margin, math.ceil)


def _spread(values: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, columns = (-(-side // _SIDE) for side in values.shape[-2:])
    return values[..., ::rows, ::columns]


def _rounded(value: float, towards: Callable[[float], int]) -> float:
    """A value in 3 significant digits, rounded down (math.floor) or up (math.ceil)."""
    if value == 0:
        return 0.0
    step = math.floor(math.log10(abs(value))) - _DIGITS + 1
    return float(f"{towards(round(value / 10.0**step, 6))}e{step}")


def calibrate(plan: Plan, site: Site) -> tuple[float, float]:
    """The range of a plan's teacher over train positions 0 to 255, whatever `samples` says.

    A plan with fewer cells has fewer; one without any to train on is calibrated on val, or test.
    """
    split = next(split for split in SPLITS if plan.cells(split))
    renderer = Renderer(plan, site)
    last = min(SAMPLES, plan.cells(split))
    maps = []
    for first in range(0, last, BATCH):
        positions = range(first, min(first + BATCH, last))
        pictures = [renderer.composite(plan.scene(split, position)).image for position in positions]
        maps.append(_spread(renderer.predict(np.stack(pictures))))
    return range_of(maps)


def standing_coding(out: Path, plan: Plan) -> DepthCoding | None:
    """The coding of the data set begun in `out`, if a plan without one is the same but for it.

    So a resumed build keeps its range, though another processor may end in other last bits.
    """
    if not is_begun(out):
        return None
    try:
        standing = read_plan(out)
    except InputError:  # without --overwrite, taking the folder says so
        return None
    if standing["depth"] is None or differences(standing | {"depth": None}, plan.document):
        return None
    return DepthCoding.from_json(standing["depth"])
