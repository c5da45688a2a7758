"""depthmask/training/step.py and depthmask/training/optimisers.py: one step, on a network that
takes no time
"""

import copy
import math

import numpy as np
import pytest
import torch
from tiny_training import CPU, Tiny, begin, drawn, options, weights

from depthmask.losses.loss_terms import HEADS
from depthmask.models.network import MaskDepthNet
from depthmask.models.network_spec import NetworkSpec, Output
from depthmask.training.objective import Objective
from depthmask.training.optimisers import build_optimiser, parameter_groups
from depthmask.training.step import UnusableStepError, split_batch, take_step

MOMENTS = ("mean", "std")


def test_batches_split_into_all_their_samples() -> None:
    batch = drawn(7)
    for parts in range(1, 9):
        pieces = split_batch(batch, parts)
        assert len(pieces) == min(parts, 7)
        assert torch.equal(torch.cat([piece.image for piece in pieces]), batch.image)
        assert np.concatenate([piece.positions for piece in pieces]).tolist() == list(range(7))


@pytest.mark.parametrize("task_weights", ["mask=1,depth=2", "learnt"])
def test_parts_of_a_step_make_the_step_of_the_whole(task_weights: str) -> None:
    runs = []
    for parts in (1, 3):
        given = options(
            optimiser="sgd",
            lr=0.1,
            accumulate=parts,
            task_weights=task_weights,
            precision="float32",
        )
        run = begin(given)
        losses = [take_step(run, drawn(), given, CPU) for _ in range(5)]
        runs.append((weights(run), [step["loss"] for step in losses]))
    assert torch.allclose(runs[0][0], runs[1][0], atol=1e-6)
    assert runs[0][1] == pytest.approx(runs[1][1], abs=1e-5)


@pytest.mark.parametrize(
    ("changes", "shares"),
    [
        ({}, [1.0, 0.1]),
        ({"encoder_lr": 0.5}, [1.0, 0.5]),
        ({"pretrained": False}, [1.0]),
        ({"input": "early"}, [1.0]),
        ({"task_weights": "learnt"}, [1.0, 0.1, 1.0]),
    ],
)
def test_a_pretrained_encoder_learns_with_its_share_of_the_rate(
    changes: dict[str, object], shares: list[float]
) -> None:
    given = options(**changes)
    spec = NetworkSpec(
        backbone="tf_efficientnet_lite0",
        heads="mask",
        **{f"{of}_{moment}": (0.5,) * 3 for of in ("image", "background") for moment in MOMENTS},
        input=given.input,
    )
    network = MaskDepthNet(spec)
    objective = begin(given).objective
    optimiser = build_optimiser(given, parameter_groups(given, network, objective))
    groups = optimiser.param_groups
    assert [group["share"] for group in groups] == shares
    counted = sum(len(group["params"]) for group in groups)
    assert counted == len([*network.parameters(), *objective.parameters()])


def test_a_step_takes_each_group_at_its_share_of_the_rate() -> None:
    given = options(lr=0.1)
    run = begin(given)
    first, last = list(run.network.parameters())[:2], list(run.network.parameters())[2:]
    run.optimiser = build_optimiser(given, [{"params": first}, {"params": last, "share": 0.25}])
    rate = run.schedule.rate
    take_step(run, drawn(), given, CPU)
    assert [group["lr"] for group in run.optimiser.param_groups] == [rate, 0.25 * rate]


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, torch.optim.AdamW),
        ({"optimiser": "adam"}, torch.optim.Adam),
        ({"optimiser": "sgd", "lr": 0.1}, torch.optim.SGD),
        ({"optimiser": "rmsprop"}, torch.optim.RMSprop),
    ],
)
def test_every_optimiser_lowers_the_loss(
    changes: dict[str, object], kind: type[torch.optim.Optimizer]
) -> None:
    given = options(**changes)
    run = begin(given)
    losses = [take_step(run, drawn(), given, CPU)["loss"] for _ in range(20)]
    assert type(run.optimiser) is kind
    assert losses[-1] < 0.97 * losses[0]
    assert run.step == 20


def test_momentum_and_weight_decay_reach_the_optimiser() -> None:
    groups = [{"params": [torch.zeros(1, requires_grad=True)]}]
    for name in ("sgd", "rmsprop"):
        for momentum, expected in ((None, 0.9), (0.0, 0.0)):
            given = options(optimiser=name, momentum=momentum, weight_decay=1e-5)
            group = build_optimiser(given, copy.deepcopy(groups)).param_groups[0]
            assert (group["momentum"], group["weight_decay"]) == (expected, 1e-5)


def test_gradients_are_clipped_at_their_norm() -> None:
    """With plain SGD at rate 1 the weights move as far as the gradient is long."""
    moves = []
    for clip in (0.0, 0.01):
        given = options(
            optimiser="sgd", momentum=0.0, weight_decay=0.0, lr=1.0, clip=clip, schedule="constant"
        )
        run = begin(given)
        before = weights(run)
        take_step(run, drawn(), given, CPU)
        moves.append(float((weights(run) - before).norm()))
    assert moves[0] > 0.05
    assert moves[1] == pytest.approx(0.01, rel=1e-3)


def test_without_an_average_the_last_step_is_kept() -> None:
    given = options(ema=0.0)
    run = begin(given)
    for _ in range(3):
        take_step(run, drawn(), given, CPU)
    for name, weight in run.network.state_dict().items():
        assert torch.equal(run.average.state_dict()[name], weight)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_learns_about_the_same(precision: str) -> None:
    losses = {}
    for name in ("float32", precision):
        given = options(precision=name, lr=5e-3)
        run = begin(given)
        losses[name] = [take_step(run, drawn(), given, CPU)["loss"] for _ in range(15)]
    assert losses[precision] != losses["float32"]
    assert losses[precision] == pytest.approx(losses["float32"], rel=0.03)


def test_a_loss_that_is_not_finite_stops_before_the_step() -> None:
    given = options()
    run = begin(given)
    before = weights(run)
    batch = drawn()
    batch.image[2] = float("nan")
    with pytest.raises(UnusableStepError, match="a loss of nan"):
        take_step(run, batch, given, CPU)
    assert torch.equal(weights(run), before)


def test_gradients_that_are_no_numbers_stop_before_the_step() -> None:
    """Their loss is finite: the next one would not be, and the weights would be lost."""
    given = options(clip=0.0)
    run = begin(given)
    before = weights(run)
    run.network.last.weight.register_hook(lambda gradient: gradient * math.inf)
    with pytest.raises(UnusableStepError, match="gradients with a norm of"):
        take_step(run, drawn(), given, CPU)
    assert torch.equal(weights(run), before)


def test_an_exploding_loss_stops_before_the_step() -> None:
    given = options()
    run = begin(given)
    take_step(run, drawn(), given, CPU)
    before = weights(run)
    changed = options(mask_loss="bce=1e5")
    run.objective = Objective({head: changed.losses_of(head) for head in HEADS}, {})
    with pytest.raises(UnusableStepError, match=r"a loss of 6.*, in the first step 2\.4"):
        take_step(run, drawn(), given, CPU)
    assert torch.equal(weights(run), before)


class Dropping(Tiny):
    """The same with dropout, which draws."""

    def forward(self, image: torch.Tensor, background: torch.Tensor) -> Output:
        return super().forward(torch.nn.functional.dropout(image, 0.5), background)


def test_what_a_network_draws_depends_on_seed_and_step_alone() -> None:
    given = options(lr=1e-30)
    losses = []
    network = Dropping()
    for skipped in (0, 3):
        run = begin(given, copy.deepcopy(network))
        run.step = skipped
        torch.rand(skipped)
        losses.append([take_step(run, drawn(), given, CPU) for _ in range(6)])
    assert losses[0][3:] == losses[1][:3]
    assert losses[0][0] != losses[0][1]


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_compiled_network_learns_the_same() -> None:
    losses = []
    for compiled in (False, True):
        given = options(compile=compiled, precision="float32")
        run = begin(given)
        losses.append([take_step(run, drawn(), given, CPU)["loss"] for _ in range(5)])
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)
