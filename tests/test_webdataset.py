"""The shards as stock webdataset reads them, without depthmask."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from shards.reader import open_dataset

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
        assert sample["image.jpg"].size == sample["mask.png"].size == (64, 64)
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
