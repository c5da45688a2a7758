"""A data set as pictures and labels of another program: a folder that its tools read."""

import dataclasses
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from joblib import delayed

from pipeline.labels.form import (
    APART,
    HIDDEN,
    HOLED,
    HOLES,
    WRITTEN,
    LabelledSet,
)
from pipeline.labels.formats import LabelFormat
from pipeline.labels.table import FORMS
from pipeline.labels.tables_on_disk import TablesOnDisk
from pipeline.machine.workers import results_of
from pipeline.output.plain_files import ensure_file, take_plain_folder
from pipeline.output.target import Conversion
from pipeline.planning.plan import tasks_of
from shards.base.files import folder_within
from shards.base.keys import BACKGROUND
from shards.places.outputs import writing
from shards.places.place import Place
from shards.reading.dataset import Dataset
from shards.reading.open import open_for_tasks
from shards.records.layout import ShardTask
from shards.records.manifest import read_plan

MARK = "depthmask.json"
"""Says which data set a folder of labels was made from."""


@dataclasses.dataclass(frozen=True, slots=True)
class ShardLabels:
    """The labels of a shard: pictures and files are written, `rows` are for the whole set."""

    rows: dict[str, list[bytes]]
    counts: Counter[str]
    made: int


@dataclasses.dataclass(frozen=True, slots=True)
class LabelCopy:
    """Writes pictures and labels of a data set's samples; picklable."""

    shards: Place
    out: Path
    digest: str
    format: LabelFormat

    def write(self, task: ShardTask) -> ShardLabels:
        """The labels of a shard, its pictures and files written where they are not there yet."""
        dataset, form = open_for_tasks(self.shards, self.digest), FORMS[self.format]
        rows: dict[str, list[bytes]] = {}
        counts: Counter[str] = Counter()
        made = 0
        for position in range(task.first, task.first + task.samples):
            sample = dataset.sample(task.split, position)
            labels = form.label(sample, dataset.categories)
            files = labels.files | {form.image(sample): sample.get("image.jpg")}
            made += max(self._ensure(path, data) for path, data in files.items())
            counts.update(labels.counts)
            for table, more in labels.rows.items():
                rows.setdefault(table, []).extend(more)
        return ShardLabels(rows, counts, made)

    def _ensure(self, path: str, data: bytes) -> bool:
        *folders, name = path.split("/")
        return ensure_file(folder_within(self.out, *folders) / name, data)


def write_labels(
    source: Place,
    out: Path,
    format: LabelFormat,
    *,
    workers: int | None,
    tick: Callable[[int], None],
    remark: Callable[[str], None],
) -> Conversion:
    """Write a finished data set's pictures and labels for other programs.

    The files of the whole set come last: who finds them has everything. `remark` is called with
    what the format cannot hold. InputError where `out` holds something else.
    """
    dataset = Dataset(source)
    whole = describe_labels(dataset)
    form = FORMS[format]
    with writing(out):
        take_plain_folder(out, MARK, {"format": format} | dataclasses.asdict(whole))
    copy = LabelCopy(source.resolve(), out.resolve(), dataset.digest, format)
    tasks = [task for task in tasks_of(read_plan(source.folder)) if task.split != BACKGROUND]
    calls = (delayed(copy.write)(task) for task in tasks)
    counts: Counter[str] = Counter()
    made = 0
    with (
        writing(out),
        TablesOnDisk(out, form.separator) as tables,
        results_of(calls, workers) as results,
    ):
        for task, done in zip(tasks, results, strict=True):
            tables.add(done.rows)
            counts.update(done.counts)
            made += done.made
            tick(task.samples)
        for document in form.documents(whole):
            tables.write(document)
    for words in losses_in_words(counts):
        remark(words)
    return Conversion(
        out=out,
        digest=None,
        samples=len(dataset),
        made=made,
        kept=len(dataset) - made,
        labels=dict(counts),
    )


def describe_labels(dataset: Dataset) -> LabelledSet:
    """What the files of the whole set say of it."""
    return LabelledSet(
        categories=dataset.categories,
        samples={split: of["samples"] for split, of in dataset.manifest["splits"].items()},
        digest=dataset.digest,
    )


def losses_in_words(counts: Counter[str]) -> list[str]:
    """What labels do not hold of the objects, a line each; none where nothing was lost."""
    of_all = f"of {counts[WRITTEN] + counts[HIDDEN]:,} objects"
    lines = []
    if counts[HIDDEN]:
        lines.append(f"{counts[HIDDEN]:,} {of_all} are wholly hidden and have no label")
    if counts[HOLED]:
        lines.append(
            f"{counts[HOLED]:,} {of_all} have holes, which polygons fill "
            f"({counts[HOLES]:,} pixels in all)"
        )
    if counts[APART]:
        lines.append(
            f"{counts[APART]:,} {of_all} are in several parts, which a polygon ties by thin lines"
        )
    return lines
