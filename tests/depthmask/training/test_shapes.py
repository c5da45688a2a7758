"""Training on pictures that are not square, and on samples without objects: every network"""

from pathlib import Path

import numpy as np
import pytest
import torch
from made_samples import MadeSamples

from depthmask.data.batches import DecodedSamples, train_batches
from depthmask.inference.evaluation import score
from depthmask.losses.loss_terms import LOSSES
from depthmask.models.catalogue import SYSTEMS
from depthmask.recipes.train_options import TrainOptions
from depthmask.training.run import Run, begin_run
from depthmask.training.step import take_step

CPU = torch.device("cpu")
SMALL = "mobilenetv3_small_050"


def options(**changes: object) -> TrainOptions:
    facts: dict[str, object] = {
        "shards": Path("shards"),
        "backbone": SMALL,
        "pretrained": False,
        "batch_size": 4,
        "device": "cpu",
        "precision": "float32",
    }
    return TrainOptions(**(facts | changes))  # type: ignore[arg-type]


def steps(given: TrainOptions, samples: MadeSamples, count: int) -> tuple[Run, list[float]]:
    """A run after so many steps, and the loss of each."""
    torch.manual_seed(0)
    run = begin_run(given, samples, CPU)
    run.network.train()
    source = DecodedSamples(samples, given.size_plan(samples.size).last, 1)
    losses: list[float] = []
    for epoch in range(count):
        for batch in train_batches(source, seed=0, epoch=epoch, batch_size=given.batch_size):
            losses.append(take_step(run, batch, given, CPU)["loss"])
            if len(losses) == count:
                return run, losses
    raise AssertionError("no samples")


def require_numbers(run: Run) -> None:
    for name, values in run.network.state_dict().items():
        assert values.float().isfinite().all(), name


@pytest.mark.parametrize(
    ("network", "size"),
    [
        ("timm", (40, 33)),
        *(
            pytest.param(name, (33, 46), marks=pytest.mark.slow if name == "D-depth" else ())
            for name in SYSTEMS
        ),
    ],
)
def test_every_network_learns_from_rectangles_with_negatives(
    network: str, size: tuple[int, int]
) -> None:
    samples = MadeSamples(size)
    run, losses = steps(options(network=network), samples, 2)
    assert np.isfinite(losses).all()
    require_numbers(run)
    source = DecodedSamples(samples, size, 1)
    found = score(
        run.average, samples, source, iter([np.arange(8)]), CPU, "float32", samples.depth
    ).to_json()
    heads = SYSTEMS[network].heads if network in SYSTEMS else "both"
    assert ("mask" in found, "depth" in found) == (heads != "depth", heads != "mask")
    if "mask" in found:
        assert found["mask"]["negatives"] == 2


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_batches_of_negatives_alone_teach_every_loss_numbers(precision: str) -> None:
    """All losses of both heads at once, while a network learns from nothing but backgrounds."""
    sums = {
        f"{head}_loss": ",".join(name for name, kind in LOSSES.items() if head in kind.heads)
        for head in ("mask", "depth")
    }
    given = options(precision=precision, task_weights="learnt", **sums)
    run, losses = steps(given, MadeSamples((48, 40), objects=False), 5)
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]
    require_numbers(run)


def test_pictures_are_learnt_at_the_shorter_side_that_is_named() -> None:
    samples = MadeSamples((120, 80))
    given = options(sizes="40:1,64")
    plan = given.size_plan(samples.size)
    assert plan.sizes == ((60, 40), (96, 64))
    for size in plan.sizes:
        batch = DecodedSamples(samples, size, 1).batch(range(4))
        assert batch.image.shape == (4, 3, size[1], size[0])
        assert batch.mask.shape == batch.depth.shape == (4, 1, size[1], size[0])
        assert float(batch.mask[0].max()) == 0
        share = batch.mask.mean((1, 2, 3))
        whole = DecodedSamples(samples, samples.size, 1).batch(range(4)).mask.mean((1, 2, 3))
        assert torch.allclose(share, whole, atol=0.01)


def test_the_smallest_part_is_looked_at_in_its_own_shape() -> None:
    """A map of 1 x 2 pixels has two values to normalise by, one of 1 x 1 has one."""
    fewer = options(network="D-depth", batch_size=1)
    begin_run(fewer, MadeSamples((64, 32)), CPU)
    with pytest.raises(ValueError, match="one picture at a time at 32 x 32, whose"):
        begin_run(fewer, MadeSamples((32, 32)), CPU)


@pytest.mark.parametrize("size", [(48, 40), (32, 27)])
def test_a_background_of_a_samples_own_is_read_like_a_shared_one(size: tuple[int, int]) -> None:
    own, shared = (
        DecodedSamples(MadeSamples((48, 40), own=own), size, 2).packed(range(12))
        for own in (True, False)
    )
    assert np.array_equal(own, shared)
