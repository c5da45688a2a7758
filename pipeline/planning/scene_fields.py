"""Options of what a scene shows, as fields of a dataclass, and their checks."""

from typing import Any

from pipeline.machine.extras import require_packages
from shards.base.errors import InputError
from shards.base.option_kinds import require_within
from shards.base.options import option
from shards.reading.sample_object import MOST_OBJECTS

BLENDS = ("alpha", "soft", "poisson")
"""What `mix` draws from, in this order."""

OPENCV_BLENDS = ("poisson", "mix")
"""What `--blend` needs OpenCV for."""

_MOST_DISTRACTORS = 64


def objects_field() -> Any:
    """`--objects`."""
    return option(
        (1, 1),
        "Number of objects in a sample, drawn from MIN to MAX; 0 is a background alone.",
        identity=True,
        metavar="MIN MAX",
    )


def balance_field() -> Any:
    """`--balance`."""
    return option(
        "none", "Show every category equally often, however many files it has.", identity=True
    )


def max_overlap_field() -> Any:
    """`--max-overlap`."""
    return option(
        0.3, "Largest share of an object that all others together may hide.", identity=True
    )


def rotate_field() -> Any:
    """`--rotate`."""
    return option(
        0.0, "Turn each object by up to so many degrees, either way.", identity=True, metavar="DEG"
    )


def truncate_field() -> Any:
    """`--truncate`."""
    return option(0.0, "Share of the objects that may cross an edge.", identity=True)


def bg_crop_field() -> Any:
    """`--bg-crop`."""
    return option(
        1.0,
        "Show parts of backgrounds, their sides from this share to the whole.",
        identity=True,
        metavar="MIN",
    )


def bg_flip_field() -> Any:
    """`--bg-flip`."""
    return option(False, "Mirror half of the backgrounds.", identity=True, flags=("--bg-flip",))


def blend_field() -> Any:
    """`--blend`."""
    return option(
        "alpha",
        "How edges are joined; mix draws one for each object (poisson and mix need OpenCV).",
        identity=True,
    )


def distractors_field() -> Any:
    """`--distractors`; plan.json names its pictures by their hashes."""
    return option(
        None,
        "Folder of pictures with alpha that are pasted into scenes, and are no objects.",
        metavar="DIR",
    )


def distractor_count_field() -> Any:
    """`--distractor-count`."""
    return option((0, 2), "Number of distractors, uniform.", identity=True, metavar="MIN MAX")


def check_scene(options: Any) -> None:
    """InputError where no scene could be as these options of a build say."""
    _require_range("--objects", options.objects, MOST_OBJECTS, "1 4")
    _require_range("--distractor-count", options.distractor_count, _MOST_DISTRACTORS, "0 2")
    require_within("--max-overlap", options.max_overlap, 0, 1)
    require_within("--rotate", options.rotate, 0, 180)
    require_within("--truncate", options.truncate, 0, 1)
    require_within("--bg-crop", options.bg_crop, 0.05, 1)
    if options.balance == "category":
        _require_balance(options)
    if options.blend in OPENCV_BLENDS:
        require_packages(f"--blend {options.blend}", "poisson", "cv2")
    if options.distractors is None and options.distractor_count != (0, 2):
        raise InputError(
            "--distractor-count",
            expected="--distractors beside it",
            found="none",
            remedy="name the folder of their pictures with --distractors",
        )


def _require_range(where: str, range: tuple[int, int], most: int, example: str) -> None:
    low, high = range
    if not (0 <= low <= high <= most and high > 0):
        raise InputError(
            where,
            expected=f"0 <= MIN <= MAX, and MAX from 1 to {most}",
            found=f"{low} {high}",
            remedy=f"give two such numbers, as in {where} {example}",
        )


def _require_balance(options: Any) -> None:
    for wrong, expected, found, remedy in (
        (
            options.samples is None,
            "--samples beside it: drawn categories have no whole plan",
            "none",
            "say how many samples to make with --samples",
        ),
        (
            options.split_by == "sample",
            "--split-by source or group",
            "--split-by sample",
            "remove one of the two",
        ),
    ):
        if wrong:
            raise InputError("--balance category", expected=expected, found=found, remedy=remedy)
