"""Files in which one value is another."""

import os
from pathlib import Path

from shards.reading.open import open_dataset
from shards.stores.tar import TarWriter


def with_field(folder: Path, field: str, data: bytes, *, every: bool = False) -> Path:
    """The data set with one field of its first train sample (or of all in its first shard)
    replaced or added, its tar whole.
    """
    dataset = open_dataset(folder)
    count = min(25, len(dataset.split("train")))
    samples = [dataset.sample("train", position) for position in range(count)]
    writer = TarWriter(folder / "new.tar", 0)
    for sample in samples:
        fields = {name: sample.get(name) for name in sample.fields}
        writer.add(sample.key, fields | ({field: data} if every or sample.position == 0 else {}))
    writer.close()
    dataset.close()
    os.replace(folder / "new.tar", folder / "train-000000.tar")
    return folder
