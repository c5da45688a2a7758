"""examples/: what docs/extending.md and the tutorial show, run as it stands"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXTENSIONS = sorted((ROOT / "examples").glob("add_*.py"))

STORE = """
import sys, add_store, depthmask
from pathlib import Path
from pipeline.verify import verify_dataset
from shards.stores.table import open_shard

fg, bg, out = (Path(argument) for argument in sys.argv[1:])
options = depthmask.BuildOptions(
    fg=fg, bg=bg, out=out, size=32, samples=24, format="cat", depth_model="none", workers=1
)
depthmask.build_dataset(options)
assert verify_dataset(out, deep=True, workers=1).sound
samples = depthmask.open_dataset(out)
assert len(samples) == 24 and samples[3].image.shape == (32, 32, 3)
(out / "train-000000.cat").write_bytes((out / "train-000000.cat").read_bytes()[:-30])
assert [damage.name for damage in verify_dataset(out).broken] == ["train-000000.cat"]
"""


LOSS = """
import csv, sys, add_loss, depthmask
from pathlib import Path

shards, out = (Path(argument) for argument in sys.argv[1:])
options = depthmask.TrainOptions(
    shards=shards, out=out, backbone="mobilenetv3_small_050", pretrained=False, size=32, epochs=1,
    batch_size=9, depth_loss="charbonnier=1", mask_loss="charbonnier=.5,bce", device="cpu",
)
depthmask.train(options)
(row,) = csv.DictReader((out / "metrics.csv").read_text().splitlines())
assert 0 < float(row["train_loss"]) < 5, row
"""


NETWORK = """
import add_network, torch
from depthmask.models.network_facts import network_facts
from depthmask.models.catalogue import build_system

image, background = torch.randn(2, 2, 3, 40, 56)
found = build_system("dilated")(image, background)
assert found.mask.shape == found.depth.shape == (2, 1, 40, 56)
assert 0 <= found.depth.min() and found.depth.max() <= 1
facts = network_facts("dilated", (64, 64))
assert facts.parameters == 9 * 9 * 24 + 3 * 9 * 24 * 24 + 4 * 2 * 24 + 2 * 25, facts
"""


TEACHER = """
import sys, add_teacher, depthmask, numpy
from pathlib import Path
from pipeline.verify import verify_dataset

fg, bg, out = (Path(argument) for argument in sys.argv[1:])
options = depthmask.BuildOptions(
    fg=fg, bg=bg, out=out, size=32, samples=24, depth_model="open-ground", workers=1
)
depthmask.build_dataset(options)
assert verify_dataset(out, deep=True, workers=1).sound
for sample in depthmask.open_dataset(out):
    assert sample.depth.shape == (32, 32)
    assert abs(sample.depth - numpy.linspace(0, 1, 32)[:, None]).max() < 1 / 4095
maps = depthmask.load_teacher("open-ground", canvas=64).predict(numpy.zeros((2, 9, 9, 3), "uint8"))
assert maps.shape == (2, 64, 64) and maps[1, -1, 0] == 1
"""


def run(program: str, *arguments: object, cwd: Path) -> None:
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'examples'}:{ROOT}"}
    command = [sys.executable, "-c", program, *(str(argument) for argument in arguments)]
    result = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("path", EXTENSIONS, ids=lambda path: path.stem)
def test_an_extension_takes_fewer_than_40_lines(path: Path) -> None:
    lines = {line for line in path.read_text().splitlines() if line.strip()}
    assert len(lines) < 40
    assert f'--8<-- "examples/{path.name}"' in (ROOT / "docs" / "extending.md").read_text()


def test_a_store_of_ones_own_is_built_read_and_verified(sources: Path, tmp_path: Path) -> None:
    run(STORE, sources / "fg", sources / "bg", tmp_path / "shards", cwd=tmp_path)


def test_a_loss_of_ones_own_is_lowered(tiny_dataset: Path, tmp_path: Path) -> None:
    run(LOSS, tiny_dataset, tmp_path / "run", cwd=tmp_path)


def test_a_network_of_ones_own_fits_where_the_others_do(tmp_path: Path) -> None:
    run(NETWORK, cwd=tmp_path)


def test_a_teacher_of_ones_own_gives_the_depth_of_a_data_set(sources: Path, tmp_path: Path) -> None:
    run(TEACHER, sources / "fg", sources / "bg", tmp_path / "shards", cwd=tmp_path)


@pytest.mark.slow
def test_the_tutorial_ends_with_a_cut_out(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "examples" / "tutorial.py", tmp_path / "out", "0.05"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    assert {"cutout.png", "mask.png", "run.html"} <= {p.name for p in (tmp_path / "out").iterdir()}
