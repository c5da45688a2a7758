"""pipeline/planning/scene_fields.py: options that contradict each other or mean nothing"""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from pipeline.planning.options import BuildOptions
from shards.base.errors import InputError


def options(**given: Any) -> BuildOptions:
    return BuildOptions(fg=Path("fg"), bg=Path("bg"), **given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"objects": (3, 1)}, "--objects: expected 0 <= MIN <= MAX, .* found 3 1"),
        ({"objects": (0, 0)}, "MAX from 1 to 255, found 0 0"),
        ({"objects": (1, 256)}, "MAX from 1 to 255, found 1 256"),
        ({"objects": (-1, 1)}, "found -1 1"),
        ({"max_overlap": 1.1}, "--max-overlap"),
        ({"rotate": 181}, "--rotate"),
        ({"truncate": -0.1}, "--truncate"),
        ({"bg_crop": 0.0}, "--bg-crop"),
        ({"distractor_count": (1, 2)}, "--distractor-count: expected --distractors beside it"),
        (
            {"distractors": Path("x"), "distractor_count": (2, 1)},
            "--distractor-count: expected 0 <= MIN",
        ),
        ({"balance": "category"}, "--balance category: expected --samples beside it"),
        (
            {"balance": "category", "samples": 9, "split_by": "sample"},
            "--balance category: expected --split-by source or group",
        ),
    ],
)
def test_what_no_scene_could_be_is_refused_in_a_sentence(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        options(**given)


@pytest.mark.parametrize("blend", ["poisson", "mix"])
def test_without_opencv_its_blends_are_refused(blend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=rf"--blend {blend}: .*package cv2.*depthmask\[poisson\]"):
        options(blend=blend)
    options(blend="soft")
