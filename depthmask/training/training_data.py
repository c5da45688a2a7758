"""What a training learns from: a data set that was built, or samples drawn on the fly."""

from typing import TYPE_CHECKING, Union

from depthmask.recipes.train_options import TrainOptions
from shards.base.canonical_json import document
from shards.base.errors import InputError
from shards.base.files import write_atomic
from shards.reading.concat import AnyDataset, ConcatDataset
from shards.reading.dataset import Dataset
from shards.reading.open import open_dataset

if TYPE_CHECKING:
    from pipeline.rendering.on_the_fly import OnTheFlyDataset
    from pipeline.rendering.watcher import Watcher

DRAWN = "drawn.json"
"""The plan of samples that are drawn: plan.json of the data set that a build would make."""


TrainingData = Union[AnyDataset, "OnTheFlyDataset"]


def open_training_data(options: TrainOptions, watcher: "Watcher | None" = None) -> TrainingData:
    """The data set of --shards, or the one that --fg, --bg and --build stand for.

    InputError for options, sources or data sets that are wrong.
    """
    build = options.build_options()
    if build is None:
        return open_dataset(options.shards)
    from pipeline.rendering.on_the_fly import open_on_the_fly  # half of pipeline comes with it

    return open_on_the_fly(build, watcher)


def name_of(data: TrainingData) -> str:
    """Where the samples come from, for a person."""
    if not isinstance(data, Dataset | ConcatDataset):
        return "--fg and --bg"
    return f"--shards {data.members[0].path}"


def keys_of(data: TrainingData, positions: list[int]) -> list[str]:
    """The samples' keys; with the folder of each where several are read."""
    if not isinstance(data, ConcatDataset):
        return [data[position].key for position in positions]
    return [f"{data.member_at(place).path.name}/{data[place].key}" for place in positions]


def require_same_samples(options: TrainOptions, data: TrainingData) -> None:
    """InputError if a resumed run has drawn other samples so far."""
    path = options.out / DRAWN
    if isinstance(data, Dataset | ConcatDataset) or not path.exists():
        return
    if path.read_bytes() != document(data.plan.document):
        raise InputError(
            str(path),
            expected="sources, --build and versions as they were when the run was begun",
            found="others",
            remedy="put them back as they were, or begin a new run",
        )


def keep_plan(options: TrainOptions, data: TrainingData) -> None:
    """Write drawn.json into the run's folder where samples are drawn: it says which they are."""
    if not isinstance(data, Dataset | ConcatDataset):
        write_atomic(options.out / DRAWN, document(data.plan.document))
