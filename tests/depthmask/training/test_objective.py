"""depthmask/training/objective.py: losses of two tasks in one figure"""

import dataclasses
import math

import numpy as np
import pytest
import torch

from depthmask.data.batch import Batch
from depthmask.losses.loss_terms import HEADS, TaskLosses
from depthmask.models.network_spec import Output
from depthmask.models.opacity import CUES, weigh_cues
from depthmask.recipes.train_options import TrainOptions
from depthmask.training.objective import Counts, Objective, z_loss


def tasks(**changes: object) -> dict[str, TaskLosses]:
    options = TrainOptions(shards="shards", **changes)  # type: ignore[arg-type]
    return {head: options.losses_of(head) for head in HEADS}


def drawn(images: int, seed: int = 0) -> tuple[Output, Batch]:
    """Answers and targets of `images` samples; depth is known of all but the second."""
    generator = torch.Generator().manual_seed(seed)
    planes = torch.rand((5, images, 1, 16, 16), generator=generator)
    known = torch.ones(images, dtype=torch.bool)
    known[1:2] = False
    batch = Batch(
        image=planes[:1],
        background=planes[:1],
        mask=planes[1],
        depth=planes[2],
        depth_known=known,
        positions=np.arange(images),
    )
    return Output(mask=6 * planes[3] - 3, depth=planes[4]), batch


def part(output: Output, batch: Batch, rows: slice) -> tuple[Output, Batch]:
    assert output.mask is not None
    assert output.depth is not None
    planes = {"mask": batch.mask[rows], "depth": batch.depth[rows]}
    known = batch.depth_known[rows]
    some = dataclasses.replace(batch, depth_known=known, **planes)
    cue_logits = None if output.cue_logits is None else output.cue_logits[rows]
    return Output(output.mask[rows], output.depth[rows], cue_logits), some


@pytest.mark.parametrize("weights", [{"mask": 2.0, "depth": 0.5}, None])
def test_parts_of_a_step_add_up_to_the_step(weights: dict[str, float] | None) -> None:
    output, batch = drawn(5)
    output = output._replace(cue_logits=20 * torch.randn(5, 2 + CUES, 16, 16))
    objective = Objective(tasks(), weights)
    for spread in objective.parameters():
        spread.data += 0.7
    counts = Counts(mask=5, depth=4)
    whole = objective(output, batch, 0.0, counts)
    halves = [
        objective(*part(output, batch, rows), 0.0, counts) for rows in (slice(2), slice(2, 5))
    ]
    for name, value in whole.items():
        assert (halves[0][name] + halves[1][name]).item() == pytest.approx(value.item(), rel=1e-5)


def test_unknown_depth_costs_nothing_and_teaches_nothing() -> None:
    _, batch = drawn(3)
    answers = torch.rand(3, 1, 16, 16, requires_grad=True)
    found = Objective(tasks(), {})(Output(None, answers), batch, 0.0, Counts(3, 2))
    found["loss"].backward()
    assert answers.grad is not None
    assert answers.grad[1].abs().max() == 0
    assert answers.grad[0].abs().max() > 0
    known, some = part(Output(batch.mask, answers), batch, slice(0, 3, 2))
    alone = Objective(tasks(), {})(Output(None, known.depth), some, 0.0, Counts(2, 2))
    assert float(alone["loss"].detach()) == pytest.approx(float(found["loss"].detach()))


def test_fixed_weights_weigh_the_tasks() -> None:
    output, batch = drawn(4)
    found = Objective(tasks(), {"depth": 2.0})(output, batch, 0.0, Counts(4, 3))
    assert float(found["loss"]) == pytest.approx(float(found["mask"] + 2 * found["depth"]))


def test_learnt_weights_come_to_one_over_each_loss() -> None:
    """The minimum of exp(-s) L + s lies at s = log L."""
    output, batch = drawn(4)
    objective = Objective(tasks(), None)
    optimiser = torch.optim.Adam(objective.parameters(), lr=0.05)
    for _ in range(300):
        found = objective(output, batch, 0.0, Counts(4, 3))
        optimiser.zero_grad()
        found["loss"].backward()
        optimiser.step()
    for name, weight in objective.weights().items():
        assert weight == pytest.approx(1 / float(found[name]), rel=0.02)
        assert float(objective.spreads[name].detach()) == pytest.approx(
            math.log(float(found[name])), abs=0.02
        )


def test_a_learnt_weight_stays_where_no_depth_is_known() -> None:
    output, batch = drawn(2)
    objective = Objective(tasks(), None)
    nothing = dataclasses.replace(batch, depth_known=torch.zeros(2, dtype=torch.bool))
    objective(output, nothing, 0.0, Counts(2, 0))["loss"].backward()
    assert float(objective.spreads["depth"].grad or 0) == 0


def test_losses_change_when_their_part_is_over() -> None:
    output, batch = drawn(4)
    objective = Objective(tasks(epochs=4, mask_loss="l1 for 1 then mse"), {})
    before, after = (
        float(objective(output, batch, done, Counts(4, 3))["mask"]) for done in (0.24, 0.25)
    )
    assert output.mask is not None
    difference = (torch.sigmoid(output.mask) - batch.mask).abs()
    assert before == pytest.approx(float(difference.mean()))
    assert after == pytest.approx(float(difference.square().mean()))


def test_opinions_cost_nothing_until_they_are_large() -> None:
    cue_logits = torch.zeros(3, 2 + CUES, 4, 4)
    cue_logits[1], cue_logits[2] = 6, -16
    assert z_loss(cue_logits).tolist() == pytest.approx([0, 0, 0.1])


def test_opinions_that_pass_no_gradient_are_pulled_back() -> None:
    cue_logits = torch.zeros(1, 2 + CUES, 4, 4)
    cue_logits[:, 3] = 5000  # all say: the second cue, which is wrong
    cue_logits.requires_grad_(True)
    cues = torch.full((1, CUES, 4, 4), 0.9)
    target = torch.full((1, 1, 4, 4), 0.1)
    logits = weigh_cues(cue_logits, cues)
    torch.nn.functional.binary_cross_entropy_with_logits(logits, target).backward()
    assert cue_logits.grad is not None
    assert cue_logits.grad.abs().max() == 0
    z_loss(cue_logits).sum().backward()
    assert (cue_logits.grad[:, 3] > 0).all()
