"""What holds for any build: options and sources drawn by hypothesis, laws checked on the result.

`make test` tries a few; `make test-all` a few hundred. Every set of options builds a data set that
`verify --deep` passes, or (where all sources of a kind are too small) is refused, with nothing
written.
"""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from laws import build_or_refuse

from pipeline.planning.options import BuildOptions
from shards.base.errors import InputError

SIZES = st.one_of(
    st.tuples(st.integers(8, 90), st.integers(1, 90)),
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
    st.sampled_from([(900, 1), (1, 300), (300, 2)]),
)


PICTURES = st.lists(st.tuples(st.integers(0, 3), SIZES), min_size=1, max_size=4)
"""(seed, size) of some pictures; equal ones are equal files."""

OPTIONS = st.fixed_dictionaries(
    {
        "size": st.sampled_from([16, 17, 32, (48, 17), (16, 60)]),
        "placements": st.integers(1, 5),
        "flip": st.booleans(),
        "samples": st.one_of(st.none(), st.integers(1, 60)),
        "seed": st.sampled_from([0, 1, 2, 2**63 - 1]),
        "fg_scale": st.sampled_from([(0.4, 0.72), (1.0, 1.0), (0.001, 0.01), (0.2, 1.0)]),
        "format": st.sampled_from(["tar", "lmdb"]),
        "samples_per_shard": st.sampled_from([1, 2, 7, 50, 1000]),
        "val_fraction": st.sampled_from([0.0, 0.1, 0.5, 1.0, 0.999]),
        "test_fraction": st.sampled_from([0.0, 0.0, 0.001, 0.2, 0.5]),
        "split_by": st.sampled_from(["source", "group", "sample"]),
        "image_quality": st.sampled_from([1, 60, 90, 100]),
        "inline_backgrounds": st.booleans(),
        "objects": st.sampled_from([(1, 1), (1, 1), (0, 1), (2, 5)]),
        "max_overlap": st.sampled_from([0.0, 0.3, 1.0]),
        "rotate": st.sampled_from([0, 0, 25, 180]),
        "truncate": st.sampled_from([0.0, 0.5, 1.0]),
        "bg_crop": st.sampled_from([1.0, 0.3]),
        "bg_flip": st.booleans(),
    }
)
DEPTH = st.one_of(
    st.fixed_dictionaries(
        {
            "depth_bits": st.sampled_from([1, 7, 8, 12, 16]),
            "depth_size": st.sampled_from(["native", "full"]),
            "depth_mode": st.sampled_from(["composite", "layered"]),
        }
    ),
    st.just({"depth_bits": 8, "depth_format": "jpeg8"}),
)
IMPOSSIBLE = {
    "size": (15, 0, -1, 4097, (64, 15), (4097, 64)),
    "placements": (0, 10**10),
    "samples": (0, 10**9),
    "seed": (-1, 2**63),
    "fg_scale": ((0.7, 0.2), (0.0, 1.0), (0.1, 1.1), (float("nan"), 0.5)),
    "samples_per_shard": (0, 10**7),
    "val_fraction": (-0.1, 1.1, float("nan")),
    "test_fraction": (-0.1, 0.91, 1.1, float("nan")),
    "category": ("", " car", "a/b", "a\nb"),
    "image_quality": (0, 101),
}


def run(fg: Any, bg: Any, chosen: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory(prefix="depthmask-test-") as folder:
        build_or_refuse(Path(folder), fg, bg, chosen)


QUICK = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck),
                 derandomize=True)  # fmt: skip
LONG = settings(QUICK, max_examples=600, derandomize=False)


@QUICK
@given(PICTURES, PICTURES, OPTIONS)
def test_any_options_build_a_whole_data_set(fg: Any, bg: Any, chosen: dict[str, Any]) -> None:
    run(fg, bg, chosen)


def test_glass_whose_most_opaque_pixel_lies_beyond_an_edge_has_the_pixels_of_its_facts() -> None:
    """A line turned to a width under a pixel: found by hundreds of options."""
    line, backgrounds = [(0, (1, 300))], [(0, (8, 1)), (0, (900, 1))]
    chosen = {
        "size": 16, "placements": 3, "flip": False, "samples": None, "seed": 2,
        "fg_scale": (0.2, 1.0), "format": "tar", "samples_per_shard": 1, "val_fraction": 0.0,
        "test_fraction": 0.0, "split_by": "source", "image_quality": 1,
        "inline_backgrounds": False, "objects": (1, 1), "max_overlap": 0.0, "rotate": 180,
        "truncate": 1.0, "bg_crop": 1.0, "bg_flip": False,
    }  # fmt: skip
    run(line, backgrounds, chosen)


@pytest.mark.slow
@LONG
@given(PICTURES, PICTURES, OPTIONS)
def test_hundreds_of_options_build_whole_data_sets(
    fg: Any, bg: Any, chosen: dict[str, Any]
) -> None:
    run(fg, bg, chosen)


@pytest.mark.slow
@settings(LONG, max_examples=40)
@given(PICTURES, PICTURES, OPTIONS, DEPTH)
def test_options_with_depth_build_whole_data_sets(
    fg: Any, bg: Any, chosen: dict[str, Any], depth: dict[str, Any]
) -> None:
    few = {"samples": min(chosen["samples"] or 20, 20), "depth_model": "densedepth-lite"}
    run(fg, bg, chosen | few | depth)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in IMPOSSIBLE.items() for value in values]
)
def test_an_impossible_option_is_refused_by_name(name: str, value: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--" + name.replace("_", "-")):
        BuildOptions(fg=tmp_path, bg=tmp_path, **{name: value})
