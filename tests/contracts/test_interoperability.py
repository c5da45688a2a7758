"""The shards as other tools read them by their own code, without depthmask."""

import importlib.util
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from small import small_options

from pipeline.build import build_dataset
from pipeline.convert import convert_dataset
from shards.reading.open import open_dataset


@pytest.fixture(scope="module")
def tiny_dataset(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished tar data set with depth: 48 samples of 80 x 48 px."""
    out = tmp_path_factory.mktemp("tiny") / "shards"
    changes = {"size": (80, 48), "samples": 48, "depth_model": "densedepth-lite"}
    return build_dataset(small_options(sources, out, **changes)).out


READER = """
import io, json, sys
import numpy as np
import webdataset
from PIL import Image

folder, how, out = sys.argv[1:]
shards = [f"{folder}/train-{n:06d}.tar" for n in range(2)]
dataset = webdataset.WebDataset(shards, shardshuffle=False)
keys, codes = [], []
for sample in dataset.decode("pil") if how == "pil" else dataset:
    assert sorted(name for name in sample if not name.startswith("__")) == [
        "depth.png16", "image.jpg", "json", "mask.png"], sorted(sample)
    keys.append(sample["__key__"])
    codes.append(np.asarray(Image.open(io.BytesIO(sample["depth.png16"]))).astype(np.uint16))
    if how == "pil":
        assert sample["image.jpg"].size == sample["mask.png"].size == (80, 48)
        assert sample["json"]["position"] == len(keys) - 1
assert not any(name.split(".")[0] in ("depthmask", "pipeline", "shards") for name in sys.modules)
np.savez(out, keys=keys, codes=codes)
"""


def test_stock_webdataset_finds_every_key_and_bit_exact_depth(
    tiny_dataset: Path, tmp_path: Path
) -> None:
    train = open_dataset(tiny_dataset).split("train")
    for how in ("raw", "pil"):
        out = tmp_path / f"{how}.npz"
        command = [sys.executable, "-W", "error", "-c", READER, str(tiny_dataset), how, str(out)]
        subprocess.run(command, check=True, cwd=tmp_path)
        found = np.load(out)
        assert found["keys"].tolist() == [sample.key for sample in train]
        assert np.array_equal(found["codes"], np.stack([s.depth_codes for s in train]))


LMDB_READER = """
import io, json, sys
import lmdb
import numpy as np
from PIL import Image

folder, out = sys.argv[1:]
keys, codes = [], []
for n in range(2):
    shard = lmdb.open(f"{folder}/train-{n:06d}.lmdb", subdir=False, readonly=True, lock=False)
    with shard.begin() as transaction:
        for key, value in transaction.cursor():
            name, _, field = key.decode().partition(".")
            if field == "depth.png16":
                keys.append(name)
                codes.append(np.asarray(Image.open(io.BytesIO(value))).astype(np.uint16))
            elif field == "json":
                assert name == f"train-{json.loads(value)['position']:09d}"
            else:
                assert Image.open(io.BytesIO(value)).size == (80, 48), field
assert not any(name.split(".")[0] in ("depthmask", "pipeline", "shards") for name in sys.modules)
np.savez(out, keys=keys, codes=codes)
"""

HUGGING_FACE_READER = """
import io, sys
import numpy as np
from datasets import load_dataset
from PIL import Image

folder, how, out = sys.argv[1:]
if how == "folder":
    rows = load_dataset(folder, split="train")
else:
    files = {"train": f"{folder}/train-*.tar"}
    rows = load_dataset("webdataset", data_files=files, split="train", streaming=how == "streamed")
keys, codes = [], []
for row in rows:
    keys.append(row["__key__"])
    assert row["image.jpg"].size == row["mask.png"].size == (80, 48)
    assert row["json"]["position"] == len(keys) - 1
    codes.append(np.asarray(Image.open(io.BytesIO(row["depth.png16"]))).astype(np.uint16))
assert not any(name.split(".")[0] in ("depthmask", "pipeline", "shards") for name in sys.modules)
np.savez(out, keys=keys, codes=codes)
"""


def require_same(found: Path, shards: Path) -> None:
    """Keys and depth codes that another tool read are those that our reader gives."""
    train, others = open_dataset(shards).split("train"), np.load(found)
    assert others["keys"].tolist() == [sample.key for sample in train]
    assert np.array_equal(others["codes"], np.stack([s.depth_codes for s in train]))


def test_plain_lmdb_finds_every_key_and_bit_exact_depth(tiny_dataset: Path, tmp_path: Path) -> None:
    shards = tmp_path / "lmdb"
    convert_dataset(tiny_dataset, shards, "lmdb", workers=1)
    out = tmp_path / "found.npz"
    command = [sys.executable, "-W", "error", "-c", LMDB_READER, str(shards), str(out)]
    subprocess.run(command, check=True, cwd=tmp_path)
    require_same(out, shards)


@pytest.mark.skipif(importlib.util.find_spec("datasets") is None, reason="no datasets here")
@pytest.mark.parametrize("how", ["folder", "files", "streamed"])
def test_hugging_face_datasets_finds_every_key_and_bit_exact_depth(
    how: str, tiny_dataset: Path, tmp_path: Path
) -> None:
    """`load_dataset(FOLDER)` finds the splits in the card; the others name the shards."""
    out = tmp_path / "found.npz"
    command = [sys.executable, "-c", HUGGING_FACE_READER, str(tiny_dataset), how, str(out)]
    offline = {"HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1"}
    subprocess.run(command, check=True, cwd=tmp_path, env=os.environ | offline)
    require_same(out, tiny_dataset)


def test_a_torch_data_loader_gets_every_sample_from_its_workers(tiny_dataset: Path) -> None:
    """Our data set is a map-style one: picklable, any position from any process."""
    train = open_dataset(tiny_dataset).split("train")

    def collate(samples: list) -> tuple[list[int], torch.Tensor]:
        positions = [sample.position for sample in samples]
        return positions, torch.from_numpy(np.stack([sample.depth_codes for sample in samples]))

    for workers in (0, 2):
        loader = torch.utils.data.DataLoader(
            train, batch_size=8, num_workers=workers, collate_fn=collate
        )
        batches = list(loader)
        assert [p for positions, _ in batches for p in positions] == list(range(len(train)))
        found = torch.cat([codes for _, codes in batches]).numpy()
        assert np.array_equal(found, np.stack([sample.depth_codes for sample in train]))


def test_tar_itself_lists_and_unpacks_every_member(tiny_dataset: Path, tmp_path: Path) -> None:
    path = tiny_dataset / "train-000000.tar"
    subprocess.run(["tar", "-xf", str(path), "-C", str(tmp_path)], check=True)
    with tarfile.open(path) as shard:
        assert {item.name for item in tmp_path.iterdir()} == set(shard.getnames())
    sample = open_dataset(tiny_dataset).split("train")[0]
    assert (tmp_path / f"{sample.key}.json").is_file()
