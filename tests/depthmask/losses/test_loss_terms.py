"""depthmask/losses/loss_terms.py and depthmask/recipes/spans.py: how losses and lengths are
written
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthmask.losses.loss_terms import LossPart, parse_losses
from depthmask.recipes.sizes import SizePlan
from depthmask.recipes.spans import span_ends
from depthmask.recipes.train_options import TrainOptions
from depthmask.training.objective import losses_at
from shards.base.errors import InputError


def options(**changes: object) -> TrainOptions:
    return TrainOptions(shards="shards", **changes)  # type: ignore[arg-type]


def test_sums_of_losses_are_read() -> None:
    assert parse_losses("x", "l1=.1, gradient=1,ssim", "depth") == (
        LossPart({"l1": 0.1, "gradient": 1.0, "ssim": 1.0}, None),
    )
    assert parse_losses("x", "l1=1,dice=2 for 6 then smooth-l1", "mask") == (
        LossPart({"l1": 1.0, "dice": 2.0}, 6.0),
        LossPart({"smooth-l1": 1.0}, None),
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"mask_loss": "dise=1"}, "--mask-loss: .*found dise; did you mean dice"),
        ({"mask_loss": "lpips"}, "choose from bce, dice"),
        ({"depth_loss": "bce=1"}, "--depth-loss: expected a loss for the depth, found bce"),
        ({"mask_loss": ""}, "--mask-loss: .*found nothing"),
        ({"mask_loss": "l1=1,l1=2"}, "each name once"),
        ({"mask_loss": "l1=one"}, "found one"),
        ({"mask_loss": "l1=nan"}, "found nan"),
        ({"mask_loss": "l1=-1"}, "found -1"),
        ({"mask_loss": "l1 for 0 then mse"}, "lengths above 0"),
        ({"mask_loss": "l1 for 6 for 7"}, "expected a sum"),
        ({"mask_loss": "l1 then mse"}, "part 1 of 2 without one"),
        ({"mask_loss": "l1 for 12 then mse"}, "found 12 before it"),
        ({"mask_loss": "l1 for 6 then mse for 5"}, "parts of 12 epochs together, found 11"),
        ({"mask_loss": "l1 for 5 then mse", "minutes": 5}, "something of 5 minutes"),
        ({"task_weights": "mask=1,dept=2"}, "did you mean depth"),
        ({"task_weights": "learned"}, "expected mask or depth, found learned"),
    ],
)
def test_what_cannot_be_carried_out_gets_a_sentence(
    changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        options(**changes)


def test_the_defaults_are_cross_entropy_with_squared_dice_and_densedepths_sum() -> None:
    assert losses_at(options().losses_of("mask"), 0.5) == {"bce": 1, "dice-squared": 1}
    assert losses_at(options().losses_of("depth"), 0.5) == {"l1": 0.1, "gradient": 1, "ssim": 0.5}
    assert options().fixed_weights() == {"mask": 1, "depth": 1}


def test_losses_follow_the_epochs() -> None:
    losses = options(depth_loss="l1 for 6 then smooth-l1 for 6", epochs=12).losses_of("depth")
    assert [list(losses_at(losses, epoch / 12)) for epoch in (0, 5.99, 6, 12)] == [
        ["l1"],
        ["l1"],
        ["smooth-l1"],
        ["smooth-l1"],
    ]


def test_losses_follow_the_minutes_and_are_stretched_over_them() -> None:
    rest = options(minutes=8, depth_loss="l1 for 2 then mse").losses_of("depth")
    assert rest.ends == (0.25, 1.0)
    shares = options(minutes=8, depth_loss="l1 for 1 then mse for 3 then ssim for 1")
    assert shares.losses_of("depth").ends == pytest.approx((0.2, 0.8, 1.0))


@given(st.lists(st.integers(1, 50), min_size=1, max_size=6), st.integers(1, 40))
def test_parts_change_at_exactly_their_step(lengths: list[int], steps: int) -> None:
    """Shares are quotients, and the same quotient of other integers is the same float."""
    epochs = sum(lengths)
    plan = SizePlan(tuple(range(len(lengths))), span_ends("x", lengths, epochs, "epochs"))
    at_steps = [plan.at(taken / (epochs * steps)) for taken in range(epochs * steps)]
    assert at_steps == [
        index for index, length in enumerate(lengths) for _ in range(length * steps)
    ]
