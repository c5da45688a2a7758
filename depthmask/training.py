"""`train`: steps, epochs, checkpoints."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import tomli_w
import torch
from torch.utils.tensorboard import SummaryWriter

from depthmask.augmentation import Batch
from depthmask.data import SampleSource, train_batches
from depthmask.device import choose_device
from depthmask.epoch_scores import describe_epoch, draw_grid, positions_to_score, quality
from depthmask.evaluation import Scores, in_batches, score
from depthmask.run import begin_run
from depthmask.run_folder import CONFIG, LAST, STOPPED, check_run_folder, show_epoch
from depthmask.saver import Saver
from depthmask.step import UnusableStepError, take_step
from depthmask.stops import Stops
from depthmask.tally import Tally
from depthmask.train_options import TrainOptions
from depthmask.train_watcher import SilentTrainWatcher, TrainWatcher
from shards.errors import RunError
from shards.files import write_atomic
from shards.joined import AnyDataset
from shards.reader import open_dataset


def train(options: TrainOptions, watcher: TrainWatcher | None = None) -> dict[str, Any]:
    """The scores of the best epoch, after a training that leaves its run in `options.out`.

    The run folder holds best.pt, last.pt, config.toml, metrics.csv, curves.png, grid.png and
    TensorBoard files. InputError for a folder that holds something else, an unknown backbone, or
    a depth head on a data set without depth; RunError where the loss is no longer finite. SIGINT,
    SIGTERM and SIGUSR1 end it when the step is over, with last.pt as it is then.
    """
    watch = watcher or SilentTrainWatcher()
    dataset = open_dataset(options.shards)
    check_run_folder(options, dataset)
    with Stops() as stops:
        training = _Training(options, dataset, watch, stops)
        with SummaryWriter(str(options.out)) as board:
            return training.go_on(board)


class _Training:
    """A run under way, and all that it works with."""

    def __init__(
        self, options: TrainOptions, dataset: AnyDataset, watch: TrainWatcher, stops: Stops
    ) -> None:
        self._options, self._dataset = options, dataset
        self._watch, self._stops = watch, stops
        self._device = choose_device(options.device)
        torch.manual_seed(options.seed)
        self._run = begin_run(options, dataset, self._device)
        self._sizes = options.size_plan(dataset.size)
        options.out.mkdir(parents=True, exist_ok=True)
        self._saver = Saver(options, dataset)
        if not options.resume:
            self._saver.save(self._run)
        write_atomic(options.out / CONFIG, tomli_w.dumps(options.to_table()).encode())

    def go_on(self, board: SummaryWriter) -> dict[str, Any]:
        """The scores of the best epoch, when the schedule is over."""
        run, dataset = self._run, self._dataset
        val_source = SampleSource(dataset.split("val"), self._sizes.last, self._options.workers)
        train_source: SampleSource | None = None
        while run.tally.side or not run.schedule.over:
            side = run.tally.side or self._sizes.at(run.schedule.done)
            if train_source is None or train_source.side != side:
                train_source = SampleSource(dataset.split("train"), side, self._options.workers)
            rate = self._train_epoch(train_source)
            scores = self._score(val_source) if len(val_source) else None
            row = describe_epoch(run, self._options, scores, rate)
            self._close_epoch(row)
            grid = draw_grid(run, val_source if len(val_source) else train_source, self._device)
            show_epoch(self._options.out, board, run.rows, grid)
            self._watch.epoch_ended(row)
        return max(run.rows, key=quality)

    def _train_epoch(self, source: SampleSource) -> float:
        """Images a second, after an epoch, or what is left of it, or of schedule and size."""
        run, size = self._run, self._options.batch_size
        run.network.train()
        run.tally.side = source.side
        batches = train_batches(
            source,
            seed=self._options.seed,
            epoch=run.epoch,
            batch_size=size,
            begin=run.tally.samples,
        )
        before, waited, rate = run.tally.samples, 0.0, 0.0
        begin = ended = time.monotonic()
        with contextlib.closing(batches):
            while run.tally.samples < len(source) and not self._cut(source.side):
                batch = next(batches)
                waited += time.monotonic() - ended
                loss = self._step(batch, source)["loss"]
                ended = time.monotonic()
                rate = (run.tally.samples - before) / (ended - begin)
                self._watch.stepped(run.schedule.done, loss, rate, waited / (ended - begin))
                self._look_up()
        return rate

    def _cut(self, side: int) -> bool:
        """Whether the epoch that is open has no more steps at pictures of this side."""
        schedule = self._run.schedule
        return self._run.tally.steps > 0 and (
            schedule.over or self._sizes.at(schedule.done) != side
        )

    def _step(self, batch: Batch, source: SampleSource) -> dict[str, float]:
        """The losses of a step; RunError, with the state before it saved, where it is unusable."""
        run, options = self._run, self._options
        run.network.rest_encoder(options.pretrained and run.step < options.encoder_rests)
        try:
            losses = take_step(run, batch, options, self._device)
        except UnusableStepError as error:
            self._saver.save_stopped(run)
            raise RunError(
                f"step {run.step}",
                expected="finite losses that do not explode",
                found=f"{error} on the batch {', '.join(source.names(batch.positions))}",
                remedy=f"{STOPPED} holds the state before it, {LAST} that of some minutes "
                "earlier: go on with --resume and a smaller --lr",
            ) from None
        run.tally.add(options.batch_size, losses)
        return losses

    def _look_up(self) -> None:
        """Save where it is time to; end where a signal asks for it."""
        if self._stops.wanted is not None:
            self._saver.save(self._run)
            kept = f"step {self._run.step} is kept in {self._options.out / LAST}"
            self._stops.end(self._stops.wanted, f"{kept}; the same command with --resume goes on.")
        if self._saver.due:
            self._saver.save(self._run)

    def _score(self, source: SampleSource) -> Scores:
        """Scores on up to 500 val samples."""
        dataset, network = self._dataset, self._run.average.network
        positions = self._in_batches(positions_to_score(len(source)))
        return score(network, dataset.split("val"), source, positions, self._device, dataset.depth)

    def _in_batches(self, positions: np.ndarray) -> Iterator[np.ndarray]:
        for wanted in in_batches(positions, self._options.batch_size):
            self._look_up()
            yield wanted

    def _close_epoch(self, row: dict[str, float]) -> None:
        """Count the epoch as done; write last.pt, and best.pt where it is the best so far."""
        run = self._run
        run.rows.append(row)
        better = quality(row) > run.best
        run.best = max(run.best, quality(row))
        run.schedule.end_epoch(quality(row))
        run.epoch += 1
        run.tally = Tally()
        if better:
            self._saver.save_best(run)
        self._saver.save(run)
