"""A run's folder: what it may hold before the run, and the names of its files."""

import dataclasses
from pathlib import Path

from depthmask.distributed.launch import ProcessRank
from depthmask.distributed.ranks import Ranks
from depthmask.models.catalogue import heads_within
from depthmask.recipes.train_options import TrainOptions
from depthmask.training.training_data import TrainingData, name_of, require_same_samples
from shards.base.errors import InputError
from shards.base.files import TEMPORARY_SUFFIX
from shards.base.names import is_left_by_system

LAST, STOPPED = "last.pt", "stopped.pt"
HALF_WRITTEN = f".*.pt.*{TEMPORARY_SUFFIX}"
"""What a run leaves that is killed while it writes a checkpoint."""

CONFIG, METRICS = "config.toml", "metrics.csv"


def resume_after_restart(options: TrainOptions, place: ProcessRank, ranks: Ranks) -> TrainOptions:
    """Options that resume the run if torchrun has restarted any of the ranks.

    All ranks agree: an agent counts a restart for its own ranks, and not where it only follows.
    """
    there = ranks.leads and (options.out / LAST).exists()
    restarts, begun = ranks.add_up([place.restarts, there])
    return dataclasses.replace(options, resume=True) if restarts and begun else options


def check_run_folder(options: TrainOptions, dataset: TrainingData) -> None:
    """Refuse what cannot be trained, or a folder that holds something else, before any work."""
    if len(dataset.split("train")) == 0:
        raise InputError(
            name_of(dataset),
            expected="a train split with samples",
            found="none",
            remedy="build with a smaller --val-fraction",
        )
    if heads_within(options.network, options.heads) == "depth" and dataset.depth is None:
        raise InputError(
            f"a depth network on {name_of(dataset)}",
            expected="a data set with depth",
            found="one built with --depth-model none",
            remedy="build it again with a depth model, or train --heads mask",
        )
    out = options.out
    if options.resume:
        if not (out / LAST).exists():
            raise InputError(
                f"--out {out}",
                expected=f"a run to resume ({LAST})",
                found="none",
                remedy="remove --resume to begin one",
            )
        require_same_samples(options, dataset)
    elif out.exists() and (not out.is_dir() or not _holds_nothing(out)):
        is_run = (out / CONFIG).exists()
        raise InputError(
            f"--out {out}",
            expected="a new or empty folder",
            found="a run" if is_run else "something else",
            remedy="add --resume to continue it" if is_run else "name another folder",
        )


def _holds_nothing(folder: Path) -> bool:
    """Whether nobody put anything there, nor a run that got as far as its first checkpoint."""
    return all(
        is_left_by_system(path.name) or path.match(HALF_WRITTEN) for path in folder.iterdir()
    )
