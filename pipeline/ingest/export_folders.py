"""Plain folders: OUT/train/image/KEY.jpg with mask, depth, background and json beside it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.output.plain_files import ensure_file, take_plain_folder
from shards.base.errors import RunError
from shards.base.files import folder_within
from shards.places.place import Place
from shards.reading.dataset import Dataset
from shards.reading.open import open_for_tasks
from shards.reading.sample import Sample
from shards.records.layout import ShardTask

FOLDERS = "folders.json"
"""Says what plain folders hold: samples by split, their size, the meaning of depth codes."""

_PLACES = {
    "image.jpg": ("image", "jpg"),
    "mask.png": ("mask", "png"),
    "depth.png16": ("depth", "png"),
    "depth.jpg": ("depth", "jpg"),
    "instances.png": ("instances", "png"),
    "background.jpg": ("background", "jpg"),
    "json": ("json", "json"),
}


def describe_folders(dataset: Dataset) -> dict[str, Any]:
    """The contents of folders.json."""
    return {
        "samples": {split: of["samples"] for split, of in dataset.manifest["splits"].items()},
        "size": dataset.size,
        "depth": None if dataset.depth is None else dataset.depth.to_json(),
        "digest": dataset.digest,
    }


def take_folders(out: Path, dataset: Dataset) -> None:
    """Prepare `out` for a data set's plain folders, or resume them; InputError for any other."""
    take_plain_folder(out, FOLDERS, describe_folders(dataset))


@dataclass(frozen=True, slots=True)
class FolderCopy:
    """Copies a data set's samples to plain folders; picklable."""

    shards: Place
    out: Path
    digest: str

    def write(self, task: ShardTask) -> int:
        """Write a shard's samples; returns how many were missing or not the same."""
        dataset = open_for_tasks(self.shards, self.digest)
        positions = range(task.first, task.first + task.samples)
        return sum(self._write_sample(dataset, dataset.sample(task.split, p)) for p in positions)

    def _write_sample(self, dataset: Dataset, sample: Sample) -> bool:
        fields = {field: sample.get(field) for field in sample.fields}
        if "background.jpg" not in fields:
            fields["background.jpg"] = dataset.background_bytes(sample.info["background"])
        written = False
        for field, data in fields.items():
            if field not in _PLACES:
                raise _unknown_field(sample, field)
            place, ending = _PLACES[field]
            folder = folder_within(self.out, sample.split, place)
            written |= ensure_file(folder / f"{sample.key}.{ending}", data)
        return written


def _unknown_field(sample: Sample, field: str) -> RunError:
    return RunError(
        sample.key,
        expected="the fields " + ", ".join(_PLACES),
        found=field,
        remedy="see `depthmask verify`; --repair makes damaged shards again",
    )
