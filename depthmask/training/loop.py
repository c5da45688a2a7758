"""`train`: steps, epochs, checkpoints."""

import contextlib
import itertools
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from depthmask.data.batch import Batch
from depthmask.data.batches import DecodedSamples, train_batches
from depthmask.distributed.launch import ProcessRank, find_rank
from depthmask.distributed.ranks import Ranks, device_of_rank, join_ranks
from depthmask.distributed.stops import ENDS, Stops
from depthmask.inference.evaluation import Scores, score
from depthmask.recipes.train_options import TrainOptions
from depthmask.training.display import Display
from depthmask.training.epoch_scores import (
    TRAIN_SAMPLES,
    VAL_SAMPLES,
    describe_epoch,
    merge_scores,
    positions_to_score,
    selection_score,
)
from depthmask.training.epoch_sums import EpochSums
from depthmask.training.run import begin_run
from depthmask.training.run_folder import LAST, STOPPED, check_run_folder, resume_after_restart
from depthmask.training.saver import Saver
from depthmask.training.step import UnusableStepError, take_step
from depthmask.training.training_data import TrainingData, keep_plan, keys_of, open_training_data
from depthmask.training.watcher import SilentTrainWatcher, TrainWatcher
from shards.base.errors import RunError
from shards.base.size import Size
from shards.places.outputs import require_folder, saving
from shards.reading.order import batches_of, share_of

if TYPE_CHECKING:
    from pipeline.rendering.watcher import Watcher


def train(
    options: TrainOptions, watcher: TrainWatcher | None = None, sources: "Watcher | None" = None
) -> dict[str, Any]:
    """The scores of the best epoch, after a training that leaves its run in `options.out`.

    The run folder holds best.pt, last.pt, config.toml, metrics.csv, curves.png, grid.png and
    TensorBoard files. Under torchrun all ranks train one network together. InputError for a folder
    that holds something else, an unknown backbone, or a depth head on a data set without depth;
    RunError where the loss is no longer finite. Signals (`stops.ENDS`) end it when the step is
    over, with last.pt as it is then. `sources` watches the pictures that samples are drawn from.
    """
    place = find_rank()
    if place.rank == 0:
        require_folder(options.out)
    device_of_rank(options.device, place)  # a wrong one is refused before anybody waits
    dataset = open_training_data(options, sources if place.rank == 0 else None)
    place.require_share_of(options.batch_size)
    last = options.out / LAST
    with saving(options.out, last), join_ranks(place, options.device) as ranks, Stops() as stops:
        options = resume_after_restart(options, place, ranks)
        check_run_folder(options, dataset)
        ranks.add_up([0])  # nobody writes into the folder before all have looked
        watch = watcher if watcher is not None and ranks.leads else SilentTrainWatcher()
        training = _Training(options, dataset, ranks, watch, stops)
        if not ranks.leads:
            return training.run(None)
        with contextlib.closing(Display(options, ranks.device, training.step)) as display:
            return training.run(display)


class _Training:
    """A run under way, and all that it works with."""

    def __init__(
        self,
        options: TrainOptions,
        dataset: TrainingData,
        ranks: Ranks,
        watch: TrainWatcher,
        stops: Stops,
    ) -> None:
        self._options, self._dataset = options, dataset
        self._ranks, self._watch, self._stops = ranks, watch, stops
        torch.manual_seed(options.seed)
        self._run = begin_run(options, dataset, ranks.device)
        self._sizes = options.size_plan(dataset.size)
        self._saver = Saver(options, dataset, writes=ranks.leads)
        if not options.resume:
            self._saver.save(self._run)
        self._saver.save_options()
        if ranks.leads:
            keep_plan(options, dataset)

    @property
    def step(self) -> int:
        """How many steps have been taken."""
        return self._run.step

    def run(self, display: Display | None) -> dict[str, Any]:
        """The scores of the best epoch, when the schedule is over."""
        run = self._run
        self._look_up()
        val_source = self._source("val", self._sizes.last)
        train_source: DecodedSamples | None = None
        while run.epoch_sums.size or not run.rows or not run.schedule.over:  # one step in any case
            size = run.epoch_sums.size or self._sizes.at(run.schedule.done)
            if train_source is None or train_source.size != size:
                train_source = self._source("train", size)
            shown = val_source if len(val_source) else train_source
            rate = self._train_epoch(train_source, shown, display)
            scores = self._score("val", val_source, VAL_SAMPLES) if len(val_source) else None
            seen = self._score("train", train_source, TRAIN_SAMPLES)
            row = describe_epoch(run, self._options, scores, seen, rate)
            self._close_epoch(row)
            if display is not None:
                display.show_epoch(run, shown)
            self._watch.epoch_ended(row)
        return max(run.rows, key=selection_score)

    def _source(self, split: str, size: Size) -> DecodedSamples:
        samples, workers = self._dataset.split(split), self._options.workers
        return DecodedSamples(samples, size, workers, local_ranks=self._ranks.local_ranks)

    def _train_epoch(
        self, source: DecodedSamples, shown: DecodedSamples, display: Display | None
    ) -> float:
        """Images a second, after an epoch, or what is left of it, or of schedule and size.

        Samples of `shown` are drawn on the way.
        """
        run, options = self._run, self._options
        run.network.train()
        run.epoch_sums.size = source.size
        batches = train_batches(
            source,
            seed=options.seed,
            epoch=run.epoch,
            batch_size=options.batch_size,
            begin=run.epoch_sums.samples,
            place=ProcessRank(self._ranks.rank, self._ranks.count),
            cores=None if self._ranks.device.type == "cpu" else torch.get_num_threads(),
        )
        before, waited, rate = run.epoch_sums.samples, 0.0, 0.0
        begin = ended = time.monotonic()
        with contextlib.closing(batches):
            while run.epoch_sums.samples < len(source) and not self._cut(source.size):
                batch = next(batches)
                waited += time.monotonic() - ended
                losses = self._step(batch)
                if display is not None:
                    display.show_step(run, losses, shown)
                ended = time.monotonic()
                rate = (run.epoch_sums.samples - before) / (ended - begin)
                self._watch.stepped(
                    run.schedule.done, losses["loss"], rate, waited / (ended - begin)
                )
                self._look_up()
        return rate

    def _cut(self, size: Size) -> bool:
        """Whether the epoch that is open has no more steps at pictures of this size."""
        schedule = self._run.schedule
        return self._run.epoch_sums.steps > 0 and (
            schedule.over or self._sizes.at(schedule.done) != size
        )

    def _step(self, batch: Batch) -> dict[str, float]:
        """The losses of a step; RunError, with the state before it saved, where it is unusable."""
        run, options = self._run, self._options
        run.network.freeze_encoder(options.pretrained and run.step < options.freeze_encoder)
        try:
            losses = take_step(run, batch, options, self._ranks.device, self._ranks)
        except UnusableStepError as error:
            self._saver.save_stopped(run)
            own = keys_of(self._dataset.split("train"), batch.positions.tolist())
            names = itertools.chain(*self._ranks.gather(own))
            raise RunError(
                f"step {run.step}",
                expected="finite losses that do not explode",
                found=f"{error} on the batch {', '.join(names)}",
                remedy=f"{STOPPED} holds the state before it, {LAST} that of some minutes "
                "earlier: continue with --resume and a smaller --lr",
            ) from None
        run.epoch_sums.add(options.batch_size, losses)
        return losses

    def _look_up(self) -> None:
        """Agree on the time; save where it is due; end where a signal asks any rank for it."""
        run, wanted = self._run, self._stops.wanted
        *counts, seconds = self._ranks.add_up(
            [
                *(wanted == each for each in ENDS),
                run.schedule.seconds_spent if self._ranks.leads else 0.0,
            ]
        )
        asked = [each for each, count in zip(ENDS, counts, strict=True) if count]
        run.schedule.agree(seconds)
        if asked:
            self._saver.save(run)
            self._ranks.add_up([0])  # nobody leaves before the checkpoint is written
            kept = f"step {run.step} is kept in {self._options.out / LAST}"
            self._stops.end(
                asked[0],
                f"{kept}; run the same command with --resume to continue.",
            )
        if self._saver.due:
            self._saver.save(run)

    def _score(self, split: str, source: DecodedSamples, most: int) -> Scores:
        """Scores on up to so many samples, not augmented, of which each rank takes a part."""
        dataset, ranks = self._dataset, self._ranks
        wanted = positions_to_score(len(source), most)
        share = share_of(wanted, ranks.rank, ranks.count)
        scores = score(
            self._run.average,
            dataset.split(split),
            source,
            self._in_batches(split, share, of=len(wanted)),
            ranks.device,
            self._options.precision,
            dataset.depth,
        )
        return merge_scores(ranks.gather(scores))

    def _in_batches(self, split: str, positions: np.ndarray, of: int) -> Iterator[np.ndarray]:
        """`positions` in batches, as many looks up as any rank has that takes part in `of`."""
        size = self._options.batch_size
        for number in range(batches_of(batches_of(of, self._ranks.count), size)):
            self._look_up()
            wanted = positions[number * size : (number + 1) * size]
            if len(wanted):
                self._watch.scoring(split, number * size, len(positions))
                yield wanted

    def _close_epoch(self, row: dict[str, float]) -> None:
        """Count the epoch as done; write last.pt, and best.pt where it is the best so far."""
        run = self._run
        run.rows.append(row)
        better = selection_score(row) > run.best
        run.best = max(run.best, selection_score(row))
        run.schedule.end_epoch(selection_score(row))
        run.epoch += 1
        run.epoch_sums = EpochSums()
        if better:
            self._saver.save_best(run)
        self._saver.save(run)
