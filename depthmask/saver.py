"""Who writes a run's checkpoints: at its beginning, every few minutes, after epochs, at its end."""

import time

from depthmask.checkpoint import Checkpoint, save_checkpoint
from depthmask.run import Run
from depthmask.run_folder import BEST, LAST, STOPPED
from depthmask.train_options import TrainOptions
from shards.files import TEMPORARY_SUFFIX
from shards.joined import AnyDataset


class Saver:
    """Saves a run to its folder, which is there."""

    def __init__(self, options: TrainOptions, dataset: AnyDataset) -> None:
        self._out = options.out
        self._options = options.to_table()
        self._size = options.size_plan(dataset.size).last
        self._depth = dataset.depth
        self._every = 60 * options.save_every
        self._saved = time.monotonic()
        for left in self._out.glob(f".*.pt.*{TEMPORARY_SUFFIX}"):  # of a run that was killed
            left.unlink()

    @property
    def due(self) -> bool:
        """Whether last.pt is older than it should be while an epoch lasts."""
        return 0 < self._every <= time.monotonic() - self._saved

    def save(self, run: Run) -> None:
        """Write last.pt: all that it takes to go on."""
        save_checkpoint(self._out / LAST, self._checkpoint(run, with_state=True))
        self._saved = time.monotonic()

    def save_best(self, run: Run) -> None:
        """Write best.pt: the average's weights, and what it takes to use them."""
        save_checkpoint(self._out / BEST, self._checkpoint(run, with_state=False))

    def save_stopped(self, run: Run) -> None:
        """Write stopped.pt: the state before a step that could not be taken."""
        save_checkpoint(self._out / STOPPED, self._checkpoint(run, with_state=True))

    def _checkpoint(self, run: Run, *, with_state: bool) -> Checkpoint:
        spec = run.network.spec
        return Checkpoint(
            spec=spec,
            size=self._size,
            coding=self._depth if spec.heads != "mask" else None,
            weights=run.average.network.state_dict(),
            options=self._options,
            scores=dict(run.rows[-1]) if run.rows else {},
            training=run.to_state() if with_state else None,
        )
