"""Scenes held against a slow reference that is written from the design alone"""

import json
from pathlib import Path

import pytest
from everything import draw_everything, everything_options
from reference_scenes import Reference
from scene_reference import disagreements, samples_of

from pipeline.build import build_dataset

PLAIN = {
    "objects": (1, 1),
    "balance": "none",
    "rotate": 0.0,
    "truncate": 0.0,
    "bg_crop": 1.0,
    "bg_flip": False,
    "distractors": None,
    "blend": "alpha",
}
CHANGES = {
    "everything": {},
    "nothing": PLAIN,
    "five objects, none of which hides another": {"objects": (5, 5), "max_overlap": 0.0},
    "upright": PLAIN | {"objects": (0, 3), "size": (48, 80)},
    "cut off": PLAIN | {"truncate": 1.0, "objects": (2, 2)},
    "split by sample": PLAIN | {"split_by": "sample", "objects": (1, 2), "test_fraction": 0.0},
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_everything(tmp_path_factory.mktemp("reference"))


@pytest.mark.parametrize("name", CHANGES)
def test_every_sample_is_what_the_reference_says(name: str, pictures: Path, tmp_path: Path) -> None:
    options = everything_options(pictures, tmp_path / "s", **CHANGES[name])
    shards = build_dataset(options).out
    roots = {kind: pictures / kind for kind in ("fg", "bg", "distractors")}
    reference = Reference(shards, roots)
    seen = 0
    for sample in samples_of(shards):
        assert list(disagreements(reference, sample)) == []
        seen += 1
    assert seen == 90


def test_the_reference_finds_what_is_wrong(pictures: Path, tmp_path: Path) -> None:
    shards = build_dataset(everything_options(pictures, tmp_path / "s", objects=(2, 3))).out
    roots = {kind: pictures / kind for kind in ("fg", "bg", "distractors")}
    reference, sample = Reference(shards, roots), next(samples_of(shards))
    info = json.loads(sample["json"])
    info["objects"][0]["box"][0] += 1
    info["objects"][1]["visible"] -= 0.01
    info["omitted"] += 1
    wrong = list(disagreements(reference, sample | {"json": json.dumps(info).encode()}))
    assert len(wrong) == 3
    for words, line in zip(("omitted", ".box", ".visible"), wrong, strict=True):
        assert words in line
    other = json.loads(sample["json"]) | {"position": 1}
    assert list(disagreements(reference, sample | {"json": json.dumps(other).encode()}))
