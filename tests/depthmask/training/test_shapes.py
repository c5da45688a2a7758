"""Training on pictures that are not square, and on samples without objects: every network"""

from pathlib import Path

import numpy as np
import pytest
import torch
from made_samples import MadeSamples
from PIL import Image
from small import small_options, small_training

from depthmask.data.batches import DecodedSamples, train_batches
from depthmask.inference.evaluation import evaluate, score
from depthmask.inference.exporting import TOLERANCE, export
from depthmask.inference.options import EvaluateOptions, ExportOptions
from depthmask.inference.predictor import load
from depthmask.losses.loss_terms import LOSSES
from depthmask.models.catalogue import SYSTEMS
from depthmask.models.checkpoint import read_checkpoint
from depthmask.recipes.train_options import TrainOptions
from depthmask.reports.report import write_report
from depthmask.training.loop import train
from depthmask.training.run import Run, begin_run
from depthmask.training.step import take_step
from pipeline.build import build_dataset
from shards.reading.open import open_dataset
from shards.records.card import CARD

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


@pytest.fixture(scope="module")
def oblong(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set with depth of 64 x 48 pixels."""
    out = tmp_path_factory.mktemp("oblong") / "shards"
    changes: dict[str, object] = {"size": (64, 48), "samples": 24, "depth_model": "densedepth-lite"}
    build_dataset(small_options(sources, out, **changes))
    return out


@pytest.fixture(scope="module")
def oblong_run(oblong: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one epoch on it, at a shorter side of 32."""
    out = tmp_path_factory.mktemp("runs") / "run"
    train(small_training(oblong, out, epochs=1))
    return out


def test_a_run_on_rectangles_keeps_and_shows_their_shape(
    oblong: Path, oblong_run: Path, tmp_path: Path
) -> None:
    assert read_checkpoint(oblong_run).size == (43, 32)
    with Image.open(oblong_run / "grid.png") as grid:
        assert grid.size == (6 * 45, 6 * 34)
    assert "at 43 x 32 pixels" in (oblong_run / CARD).read_text()
    page = write_report(oblong_run, tmp_path / "run.html").read_text()
    assert 'width="43" height="32"' in page


def test_a_network_of_rectangles_is_evaluated_at_the_shorter_side_of_any_data_set(
    oblong: Path, oblong_run: Path, tiny_dataset: Path, tmp_path: Path
) -> None:
    for dataset, sides in ((oblong, (45, 34)), (tiny_dataset, (34, 34))):
        out = tmp_path / dataset.parent.name
        options = EvaluateOptions(
            checkpoint=oblong_run, shards=dataset, out=out, worst=2, device="cpu"
        )
        found = evaluate(options)["val"]
        assert 0 <= found["mask"]["iou"] <= 1
        assert np.isfinite(found["depth"]["rmse"])
        with Image.open(out / "val-worst.png") as sheet:
            assert sheet.size == (6 * sides[0], 2 * sides[1])


def test_a_network_of_rectangles_predicts_pictures_of_any_shape(
    oblong: Path, oblong_run: Path
) -> None:
    sample = open_dataset(oblong)[0]
    predictor = load(oblong_run / "best.pt", "cpu")
    found = predictor.predict(sample.image, sample.background)
    assert found.mask is not None
    assert found.depth is not None
    assert found.mask.shape == found.depth.shape == (48, 64)
    upright = predictor.predict(sample.image.swapaxes(0, 1), sample.background.swapaxes(0, 1))
    assert upright.mask is not None
    assert upright.mask.shape == (64, 48)


@pytest.mark.slow
@pytest.mark.parametrize("size", [None, (48, 33)])
def test_a_network_of_rectangles_is_exported(
    size: tuple[int, int] | None, oblong_run: Path, tmp_path: Path
) -> None:
    found = export(ExportOptions(checkpoint=oblong_run, out=tmp_path / "network.pt2", size=size))
    assert max(found.differences.values()) <= TOLERANCE
