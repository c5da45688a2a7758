"""YOLO labels, read back by supervision in an environment of its own"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from pipeline.build import BuildResult
from pipeline.convert import convert_dataset
from pipeline.labels.polygons import shape_of
from shards.reading.open import open_dataset

READER = Path(__file__).parents[2] / "kit" / "supervision_reader.py"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment with supervision; skips where there is no package index."""
    folder = tmp_path_factory.mktemp("supervision") / "venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    install = [python, "-m", "pip", "install", "-q", "supervision>=0.25"]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"supervision cannot be installed here: {done.stderr.strip()[-200:]}")
    return python


def read_back(python: Path, labels: Path, split: str, out: Path) -> dict[str, np.ndarray]:
    arguments = [python, READER, labels, split, out]
    subprocess.run(arguments, check=True, env={"PATH": ""}, capture_output=True)
    return dict(np.load(out))


@pytest.mark.slow
def test_supervision_finds_every_object_without_holes_bit_for_bit(
    labelled_build: BuildResult, python: Path, tmp_path: Path
) -> None:
    labels = tmp_path / "yolo"
    convert_dataset(labelled_build.out, labels, "yolo", workers=1)
    dataset = open_dataset(labelled_build.out)
    names = list(dataset.categories)
    exact = 0
    for split in ("train", "val"):
        found = read_back(python, labels, split, tmp_path / f"{split}.npz")
        assert found["names"].tolist() == names
        for sample in dataset.split(split):
            seen = [i for i, each in enumerate(sample.objects) if each.area]
            assert len(found[f"{sample.key} boxes"]) == len(seen)
            for row, index in enumerate(seen):
                pixels = sample.instances == index + 1
                filled = ndimage.binary_fill_holes(pixels)
                mask = found[f"{sample.key} masks"][row]
                if len(shape_of(pixels).outlines) == 1:
                    assert (mask == filled).all()
                    exact += 1
                assert (mask & filled == filled).all()
                category = sample.objects[index].category
                assert names[found[f"{sample.key} classes"][row]] == category
    assert exact > 100


@pytest.mark.slow
def test_supervision_finds_exact_boxes(
    labelled_build: BuildResult, python: Path, tmp_path: Path
) -> None:
    labels = tmp_path / "yolo"
    convert_dataset(labelled_build.out, labels, "yolo-boxes", workers=1)
    found = read_back(python, labels, "val", tmp_path / "val.npz")
    for sample in open_dataset(labelled_build.out).split("val"):
        boxes = [each.visible_box for each in sample.objects if each.area]
        corners = np.array([(x, y, x + w, y + h) for x, y, w, h in boxes]).reshape(-1, 4)
        assert np.allclose(found[f"{sample.key} boxes"], corners, atol=1e-3)
