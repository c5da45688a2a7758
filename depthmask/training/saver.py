"""Who writes a run's checkpoints: at its beginning, every few minutes, after epochs, at its end."""

import time

import tomli_w

from depthmask.data.samples import Samples
from depthmask.models.checkpoint import BEST, Checkpoint, save_checkpoint
from depthmask.recipes.train_options import TrainOptions
from depthmask.training.run import Run
from depthmask.training.run_folder import CONFIG, HALF_WRITTEN, LAST, STOPPED
from shards.base.files import write_atomic


class Saver:
    """Saves a run to its folder; of several ranks one `writes`, the others' calls do nothing."""

    def __init__(self, options: TrainOptions, dataset: Samples, *, writes: bool) -> None:
        self._out, self._writes = options.out, writes
        self._options = options.to_table()
        self._size = options.size_plan(dataset.size).last
        self._depth = dataset.depth
        self._every = 60 * options.save_every
        self._saved = time.monotonic()
        if not writes:
            return
        self._out.mkdir(parents=True, exist_ok=True)
        for left in self._out.glob(HALF_WRITTEN):  # of a run that was killed
            left.unlink()

    @property
    def due(self) -> bool:
        """Whether last.pt is older than it should be while an epoch lasts."""
        return 0 < self._every <= time.monotonic() - self._saved

    def save(self, run: Run) -> None:
        """Write last.pt: all that it takes to resume."""
        self._write(LAST, run, with_state=True)
        self._saved = time.monotonic()

    def save_best(self, run: Run) -> None:
        """Write best.pt: the average's weights, and what it takes to use them."""
        self._write(BEST, run, with_state=False)

    def save_stopped(self, run: Run) -> None:
        """Write stopped.pt: the state before a step that could not be taken."""
        self._write(STOPPED, run, with_state=True)

    def save_options(self) -> None:
        """Write config.toml."""
        if self._writes:
            write_atomic(self._out / CONFIG, tomli_w.dumps(self._options).encode())

    def _write(self, name: str, run: Run, *, with_state: bool) -> None:
        if self._writes:
            save_checkpoint(self._out / name, self._checkpoint(run, with_state=with_state))

    def _checkpoint(self, run: Run, *, with_state: bool) -> Checkpoint:
        spec = run.network.spec
        return Checkpoint(
            spec=spec,
            size=self._size,
            coding=self._depth if spec.heads != "mask" else None,
            weights=run.average.state_dict(),
            options=self._options,
            scores=dict(run.rows[-1]) if run.rows else {},
            training=run.to_state() if with_state else None,
        )
