"""Commands that go through every byte, against what the bytes alone cost. One process each."""

import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from reading_loops import bare
from speed_material import READ, Material
from speed_row import Pair

from pipeline.convert import convert_dataset
from pipeline.verify import verify_dataset
from shards.base.files import sha256_of
from shards.base.formats import Format
from shards.checking.recompute import recompute_stats
from shards.reading.open import open_dataset

_DIRECTIONS: tuple[tuple[Format, Format], ...] = (("tar", "lmdb"), ("lmdb", "tar"))


def rate(work: Callable[[], object], samples: int) -> float:
    """Samples a second."""
    begin = time.perf_counter()
    work()
    return samples / (time.perf_counter() - begin)


def shard_files(folder: Path, format: str) -> list[Path]:
    """All shards of a data set."""
    return sorted(folder.glob(f"*.{format}"))


def decode_limit(material: Material) -> Iterator[dict[str, Pair]]:
    """`stats --recompute` and `verify --deep` against decoding the same bytes held in memory."""
    folder = material.read_set("tar")
    train = len(open_dataset(folder).split("train"))
    base = bare(*material.raw_samples(train))
    while True:
        recount = rate(
            lambda: recompute_stats(open_dataset(folder), workers=1, tick=lambda done: None), READ
        )
        first = base()
        deep = rate(lambda: verify_dataset(folder, deep=True, workers=1), READ)
        yield {"stats-recompute": (recount, first), "verify-deep": (deep, base())}


def read_limit(material: Material) -> Iterator[dict[str, Pair]]:
    """`verify` against hashing every file, `convert` against copying and hashing every shard."""
    folder = material.read_set("tar")
    files = sorted(path for path in folder.iterdir() if path.is_file())
    while True:
        verify = rate(lambda: verify_dataset(folder, workers=1), READ)
        hashed = rate(lambda: [sha256_of(path) for path in files], READ)
        pairs = {"verify": (verify, hashed)}
        for old, new in _DIRECTIONS:
            source, out = material.read_set(old), material.fresh("converted")
            convert = rate(partial(convert_dataset, source, out, new, workers=1), READ)
            material.fresh("converted").mkdir()
            shards = shard_files(source, old)
            copied = rate(partial(copy_shards, shards, out), READ)
            pairs[f"convert-{new}"] = (convert, copied)
        material.fresh("converted")
        yield pairs


def copy_shards(shards: list[Path], out: Path) -> None:
    """Hash each file, write it again, durably, and hash what was written."""
    for path in shards:
        sha256_of(path)
        copy = out / path.name
        with copy.open("wb") as file:
            file.write(path.read_bytes())
            os.fsync(file.fileno())
        sha256_of(copy)
