"""Images a second of a training as it runs, beside a loop over one batch kept in memory.

    python tests/benchmarks/training_rate.py --shards SHARDS --size 128 --workers 1

Takes turns, so that what else the machine does falls on all alike: some steps over samples that
are decoded for the first time, the same steps over samples that stay decoded in memory, and as
many steps over one batch that is ready. Prints the median of each, their ratios, and the share of
the time that the training waits for data. The steps are those of `depthmask train` with its
defaults: the encoder is frozen unless `--freeze-encoder 0` lets it learn.
"""

import argparse
import dataclasses
import json
import statistics
import tempfile
import time
from pathlib import Path

import torch

from depthmask.data.batch import Batch
from depthmask.data.batches import DecodedSamples, train_batches
from depthmask.models.device import choose_device
from depthmask.recipes.train_options import TrainOptions
from depthmask.training.run import Run, begin_run
from depthmask.training.step import take_step
from shards.reading.open import open_dataset


@dataclasses.dataclass(frozen=True, slots=True)
class Pace:
    """Images a second of some steps, and the share of their time that went by waiting."""

    rate: float
    waited: float


def set_freezing(run: Run, options: TrainOptions) -> None:
    """Freeze the encoder, or let it learn, as a training would at this step."""
    run.network.freeze_encoder(options.pretrained and run.step < options.freeze_encoder)


def pace_of_training(
    run: Run, options: TrainOptions, source: DecodedSamples, begin: int, steps: int
) -> Pace:
    """The pace of `steps` steps as `depthmask train` takes them, from sample `begin` on.

    The first step, while threads and the batches made ahead begin, is not counted.
    """
    size, waited = options.batch_size, 0.0
    batches = train_batches(source, seed=0, epoch=0, batch_size=size, begin=begin)
    take_step(run, next(batches), options, device_of(run))
    start = ended = time.perf_counter()
    for _ in range(steps):
        batch = next(batches)
        waited += time.perf_counter() - ended
        take_step(run, batch, options, device_of(run))
        ended = time.perf_counter()
    batches.close()
    return Pace(steps * size / (ended - start), waited / (ended - start))


def pace_in_memory(run: Run, options: TrainOptions, batch: Batch, steps: int) -> Pace:
    """The pace of `steps` steps over one batch, augmented before."""
    start = time.perf_counter()
    for _ in range(steps):
        take_step(run, batch, options, device_of(run))
    return Pace(steps * options.batch_size / (time.perf_counter() - start), 0.0)


def device_of(run: Run) -> torch.device:
    """Where the network is."""
    return next(run.network.parameters()).device


def measure(options: TrainOptions, steps: int, rounds: int) -> dict[str, list[Pace]]:
    """The paces of every round, by kind."""
    dataset = open_dataset(options.shards)
    train = dataset.split("train")
    needed = (rounds * (steps + 1) + 1) * options.batch_size
    if len(train) < needed:
        raise SystemExit(f"the train split has {len(train)} samples, {needed} are needed")
    torch.manual_seed(0)
    run = begin_run(options, dataset, choose_device(options.device))
    run.network.train()
    source = DecodedSamples(train, options.size_plan(dataset.size).last, options.workers)
    first = train_batches(source, seed=0, epoch=0, batch_size=options.batch_size)
    batch = next(first)
    first.close()
    set_freezing(run, options)
    pace_in_memory(run, options, batch, 3)  # what is set up once is set up
    found: dict[str, list[Pace]] = {"decoding": [], "decoded": [], "in memory": []}
    for number in range(rounds):
        begin = (1 + number * (steps + 1)) * options.batch_size
        found["decoding"].append(pace_of_training(run, options, source, begin, steps))
        found["decoded"].append(pace_of_training(run, options, source, begin, steps))
        found["in memory"].append(pace_in_memory(run, options, batch, steps))
    return found


def summary(found: dict[str, list[Pace]]) -> dict[str, dict[str, float]]:
    """Medians of each kind, and the median over the rounds of its share of the rate in memory."""
    memory = [pace.rate for pace in found["in memory"]]
    return {
        kind: {
            "images_per_second": statistics.median(pace.rate for pace in paces),
            "of_in_memory": statistics.median(
                pace.rate / rate for pace, rate in zip(paces, memory, strict=True)
            ),
            "data_wait": statistics.median(pace.waited for pace in paces),
        }
        for kind, paces in found.items()
    }


def main() -> None:
    """Measure, and print a line a kind."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--backbone", default="tf_efficientnet_lite0")
    parser.add_argument("--freeze-encoder", type=int, default=10**9)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--steps", type=int, default=20, help="steps of a kind in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = vars(parser.parse_args())
    steps, rounds, as_json = (given.pop(name) for name in ("steps", "rounds", "json"))
    with tempfile.TemporaryDirectory() as out:
        found = summary(measure(TrainOptions(out=Path(out), **given), steps, rounds))
    if as_json:
        print(json.dumps(found, indent=1))
        return
    for kind, values in found.items():
        print(
            f"{kind:10} {values['images_per_second']:8.1f} images/s  "
            f"{values['of_in_memory']:.3f} of one batch in memory  "
            f"data-wait {values['data_wait']:.1%}"
        )


if __name__ == "__main__":
    main()
