"""depthmask/recipes/, through_depth.py: the earlier systems' trainings as option files"""

import dataclasses
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from depthmask.commands.cli import cli
from depthmask.data.batch import Batch
from depthmask.data.batches import DecodedSamples
from depthmask.inference.evaluation import evaluate
from depthmask.inference.options import EvaluateOptions
from depthmask.inference.predictor import load
from depthmask.models.catalogue import SYSTEMS
from depthmask.models.checkpoint import read_checkpoint
from depthmask.models.network_spec import Output
from depthmask.recipes.earlier_systems import RECIPES, recipe_options, training_recipe
from depthmask.recipes.train_options import TrainOptions, read_config
from depthmask.training.depth_supervision import depth_of_masked, find_depth_network
from depthmask.training.loop import train
from depthmask.training.objective import Counts
from depthmask.training.run import Run, begin_run
from shards.base.errors import InputError
from shards.reading.open import open_dataset

TINY = {"size": 32, "workers": 1, "device": "cpu", "batch_size": 12}
QUICK = ["A-mask", "B"]
CPU = torch.device("cpu")


def loss_of(run: Run, batch: Batch) -> float:
    """What a recipe lowers first, of a whole batch that is not augmented."""
    counts = Counts(mask=len(batch.mask), depth=len(batch.mask))
    with torch.no_grad():
        output = run.network.train()(batch.image, batch.background)
        if run.depth_network is not None:
            output = depth_of_masked(run.depth_network, output, batch)
        return float(run.objective(output, batch, 0.0, counts)["loss"])


def tiny_run(network: str, shards: Path, out: Path, **changes: object) -> TrainOptions:
    """A system's recipe on tiny pictures."""
    return recipe_options(network, {"shards": (shards,), "out": out, **TINY, **changes})[0]


@pytest.fixture(scope="module")
def b_run(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of system B."""
    out = tmp_path_factory.mktemp("runs") / "B"
    train(tiny_run("B", tiny_dataset, out, minutes=0.08))
    return out


@pytest.mark.parametrize(
    "network",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in SYSTEMS],
)
def test_each_recipe_trains_to_a_lower_loss(
    network: str, tiny_dataset: Path, b_run: Path, tmp_path: Path
) -> None:
    changes: dict[str, object] = {"epochs": 4}
    if network == "D-mask":
        changes["depth_network"] = b_run / "best.pt"
    out = tmp_path / network
    options = tiny_run(network, tiny_dataset, out, **changes)
    dataset = open_dataset(tiny_dataset)
    batch = DecodedSamples(dataset.split("train"), (32, 32), 1).batch(range(12))
    torch.manual_seed(options.seed)
    run = begin_run(options, dataset, CPU)
    before = loss_of(run, batch)
    train(options)
    state = read_checkpoint(out / "last.pt").training
    assert state is not None
    run.network.load_state_dict(state["network"])
    assert loss_of(run, batch) < before
    assert (out / "grid.png").exists()
    assert read_checkpoint(out / "best.pt").spec.network == network


def test_recipes_of_two_networks_train_both_in_folders_of_their_own(tmp_path: Path) -> None:
    trainings = recipe_options("D", {"shards": (tmp_path,), "out": tmp_path / "d"})
    assert [each.network for each in trainings] == ["D-depth", "D-mask"]
    assert [each.out for each in trainings] == [tmp_path / "d/D-depth", tmp_path / "d/D-mask"]
    assert trainings[1].depth_network == tmp_path / "d" / "D-depth" / "best.pt"
    (alone,) = recipe_options("A-mask", {"shards": (tmp_path,), "out": tmp_path / "a"})
    assert alone.out == tmp_path / "a"


def test_every_recipe_has_its_file_and_names_its_network() -> None:
    assert {network for networks in RECIPES.values() for network in networks} == set(SYSTEMS)
    for network in SYSTEMS:
        assert read_config(training_recipe(network))["network"] == network


def test_what_is_given_wins_over_a_recipe(tmp_path: Path) -> None:
    given = {"shards": (tmp_path,), "batch_size": 3, "minutes": 2.0}
    (found,) = recipe_options("B", given)
    assert (found.batch_size, found.minutes, found.epochs) == (3, 2.0, None)
    with pytest.raises(InputError, match="one of A, "):
        recipe_options("F", given)


def test_the_command_takes_a_recipe(tiny_dataset: Path, tmp_path: Path) -> None:
    line = ["--shards", str(tiny_dataset), "--out", str(tmp_path / "b"), "--recipe", "B"]
    small = ["--size", "32", "--minutes", "0.02", "--device", "cpu"]
    found = CliRunner().invoke(cli, ["train", *line, *small])
    assert found.exit_code == 0, found.output
    options = read_config(tmp_path / "b" / "config.toml")
    assert options["network"] == "B"
    assert (
        options["batch_size"]
        == TrainOptions.from_table(read_config(training_recipe("B")) | {"shards": ["a"]}).batch_size
    )


def test_systems_are_evaluated_and_predict_as_any_network(b_run: Path, tiny_dataset: Path) -> None:
    found = evaluate(EvaluateOptions(checkpoint=b_run / "best.pt", shards=tiny_dataset))
    assert {"mask", "depth"} <= found["val"].keys()
    sample = open_dataset(tiny_dataset)[0]
    answer = load(b_run / "best.pt", device="cpu").predict(sample.image, sample.background)
    assert answer.mask is not None
    assert answer.depth is not None
    assert answer.mask.shape == answer.depth.shape == (64, 64)


def test_heads_that_a_network_does_not_have_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--heads depth: expected mask or both"):
        TrainOptions(shards=tmp_path, network="A-mask", heads="depth")


def test_masks_are_learnt_through_depth_alone_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a training of masks alone, found --heads both"):
        TrainOptions(shards=tmp_path, network="B", depth_network=tmp_path / "best.pt")
    options = TrainOptions(shards=(tmp_path,), network="D-mask", depth_network=tmp_path / "best.pt")
    assert TrainOptions.from_table(options.to_table()) == options


def test_lengths_of_a_recipe_are_stretched_over_what_is_given(tmp_path: Path) -> None:
    (b,) = recipe_options("B", {"shards": (tmp_path,), "epochs": 4})
    assert (b.mask_loss, b.drops) == ("l1 for 2 then smooth-l1", "2")
    (a,) = recipe_options("A-mask", {"shards": (tmp_path,), "minutes": 6.0})
    assert (a.sizes, a.minutes, a.epochs) == ("64:2,128:2,224", 6.0, None)
    (small,) = recipe_options("A-mask", {"shards": (tmp_path,), "size": 96})
    assert (small.size, small.sizes) == (96, None)


def tiny_batch(dataset: Path) -> Batch:
    return DecodedSamples(open_dataset(dataset).split("train"), (32, 32), 1).batch(range(4))


def test_a_mask_of_ones_leaves_a_frozen_depth_network_what_it_saw(
    b_run: Path, tiny_dataset: Path
) -> None:
    coding = open_dataset(tiny_dataset).depth
    network = find_depth_network(b_run / "best.pt", coding, CPU)
    batch = tiny_batch(tiny_dataset)
    ones = torch.full_like(batch.mask, 40.0, requires_grad=True)
    seen = depth_of_masked(network, Output(mask=ones, depth=None), batch)
    whole = network(batch.image, batch.background)
    assert seen.mask is None
    assert seen.depth is not None
    assert torch.allclose(seen.depth, whole.depth, atol=1e-5)


def test_masks_learn_through_a_depth_network_that_does_not(b_run: Path, tiny_dataset: Path) -> None:
    coding = open_dataset(tiny_dataset).depth
    network = find_depth_network(b_run / "best.pt", coding, CPU)
    batch = tiny_batch(tiny_dataset)
    logits = torch.zeros_like(batch.mask, requires_grad=True)
    seen = depth_of_masked(network, Output(mask=logits, depth=None), batch)
    assert seen.depth is not None
    (seen.depth - batch.depth).square().mean().backward()
    assert logits.grad is not None
    assert bool(logits.grad.any())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_a_network_without_depth_cannot_be_looked_through(
    b_run: Path, tiny_dataset: Path, tmp_path: Path
) -> None:
    dataset = open_dataset(tiny_dataset)
    assert dataset.depth is not None
    other = dataclasses.replace(dataset.depth, scale=2 * dataset.depth.scale)
    for coding in (None, other):
        with pytest.raises(InputError, match="--depth-network"):
            find_depth_network(b_run / "best.pt", coding, CPU)
