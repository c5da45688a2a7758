"""depthmask/training/schedule.py, depthmask/recipes/rates.py and depthmask/recipes/sizes.py:
the course of a training
"""

import time

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import CosineAnnealingLR, MultiStepLR, ReduceLROnPlateau

from depthmask.recipes.rates import RatePlan
from depthmask.recipes.sizes import SizePlan, with_shorter_side
from depthmask.recipes.train_options import TrainOptions
from depthmask.training.schedule import Plateau, Schedule, learning_rate
from shards.base.errors import InputError

sides = st.integers(16, 4096)


def options(**changes: object) -> TrainOptions:
    return TrainOptions(shards="shards", **changes)  # type: ignore[arg-type]


def rates_of(steps: int, **changes: object) -> list[float]:
    """The learning rate of every step of a training of `steps` steps in four epochs."""
    plan = options(epochs=4, **changes).rate_plan()
    schedule = Schedule(rates=plan, steps=steps, seconds=None)
    rates = []
    while not schedule.over:
        rates.append(schedule.rate)
        schedule.advance()
    return rates


def torch_optimiser() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)


def test_schedules_warm_up_and_come_to_an_end() -> None:
    rates = rates_of(400, lr=1.0)
    assert len(rates) == 400
    assert rates[0] == pytest.approx(0.01, rel=0.01)
    assert max(rates) > 0.8
    assert rates[-1] < 0.02


@pytest.mark.parametrize(
    ("changes", "build"),
    [
        ({"lr_end": 0.2}, lambda o: CosineAnnealingLR(o, T_max=40, eta_min=0.1)),
        (
            {"schedule": "step", "drops": "1,3", "lr_factor": 0.3},
            lambda o: MultiStepLR(o, milestones=[10, 30], gamma=0.3),
        ),
        ({"schedule": "constant"}, lambda o: MultiStepLR(o, milestones=[])),
    ],
)
def test_rates_are_those_of_torchs_own_schedulers(changes: dict[str, object], build) -> None:  # type: ignore[no-untyped-def]
    optimiser = torch_optimiser()
    scheduler = build(optimiser)
    expected = []
    for _ in range(40):
        expected.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    assert rates_of(40, lr=0.5, warm_up=0, **changes) == pytest.approx(expected)


@given(st.lists(st.integers(0, 9), max_size=40), st.integers(0, 4))
def test_plateaus_are_those_of_torchs_own_scheduler(scores: list[int], patience: int) -> None:
    optimiser = torch_optimiser()
    scheduler = ReduceLROnPlateau(
        optimiser,
        mode="max",
        factor=0.5,
        patience=patience,
        threshold=1e-4,
        threshold_mode="abs",
        eps=0,
    )
    plateau, plan = Plateau(), RatePlan(kind="plateau", peak=0.5, factor=0.5)
    for score in scores:
        scheduler.step(score / 10)
        plateau.update(score / 10, patience)
        assert learning_rate(plan, 0.0, 0, plateau.cuts) == optimiser.param_groups[0]["lr"]


def test_a_restored_schedule_goes_on_where_it_stopped() -> None:
    plan = options(schedule="plateau", patience=1, lr_factor=0.5, warm_up=0).rate_plan()
    first = Schedule(rates=plan, steps=100, seconds=None)
    for _ in range(7):
        first.advance()
    for quality in (0.5, 0.4, 0.4, 0.4):
        first.end_epoch(quality)
    again = Schedule(rates=plan, steps=100, seconds=None)
    again.restore(first.to_state())
    for schedule in (first, again):
        assert (schedule.done, schedule.rate) == (0.07, pytest.approx(plan.peak / 2))
        schedule.end_epoch(0.45)
        assert schedule.rate == pytest.approx(plan.peak / 4)


def test_seconds_go_on_too() -> None:
    schedule = Schedule(rates=options().rate_plan(), steps=None, seconds=1000.0)
    schedule.restore({"steps": 3, "seconds": 600.0, "plateau": Plateau().to_state()})
    schedule.start()
    time.sleep(0.01)
    assert 600.01 <= schedule.seconds_spent < 660
    assert 0.6 < schedule.done < 0.66


def test_sizes_follow_the_epochs() -> None:
    sized = options(sizes="64:4,128:6,224:2")
    assert sized.whole == (12, "epochs")
    plan = sized.size_plan((100, 100))
    assert [min(plan.at(epoch / 12)) for epoch in (0, 3.99, 4, 9, 10, 12)] == [
        64,
        64,
        128,
        128,
        224,
        224,
    ]
    assert (plan.last, plan.least) == ((224, 224), (64, 64))


def test_sizes_are_shares_of_the_minutes() -> None:
    stretched = options(sizes="64:4,128:6,224:2", minutes=60).size_plan((100, 100))
    assert stretched.ends == pytest.approx((4 / 12, 10 / 12, 1))
    rest = options(sizes="64:4,128", minutes=16).size_plan((100, 100))
    assert rest == SizePlan(((64, 64), (128, 128)), (0.25, 1.0))


def test_one_size_is_that_of_the_data_set_or_the_given_one() -> None:
    assert options().size_plan((100, 80)) == SizePlan(((100, 80),), (1.0,))
    assert options(size=64).size_plan((100, 80)) == SizePlan(((80, 64),), (1.0,))
    assert options(sizes="32:4,64").size_plan((80, 100)).sizes == ((32, 40), (64, 80))


@given(sides, sides, st.integers(16, 4096))
def test_the_shorter_side_is_the_one_that_is_named_and_the_other_keeps_the_proportions(
    width: int, height: int, side: int
) -> None:
    found = with_shorter_side((width, height), side)
    shorter, longer = min(width, height), max(width, height)
    assert min(found) == side
    assert abs(max(found) - side * longer / shorter) <= 0.5
    assert (found[0] >= found[1]) or width < height
    assert with_shorter_side((width, height), shorter) == (width, height)


def test_a_picture_that_becomes_too_long_gets_a_sentence() -> None:
    with pytest.raises(InputError, match=r"--size: .* 4096 pixels a side, found 5120 x 512"):
        options(size=512).size_plan((640, 64))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sizes": "64:4,96:x"}, "--sizes: .*found x"),
        ({"sizes": "16:4"}, "--sizes: expected sides of 32 to 4096"),
        ({"sizes": "64:4,"}, "found nothing"),
        ({"sizes": "64,96"}, "part 1 of 2 without one"),
        ({"sizes": "64:4,96:4", "epochs": 9}, "parts of 9 epochs together, found 8"),
        ({"sizes": "64:4", "size": 64}, "--size and --sizes: expected one of the two"),
        ({"momentum": 0.5}, "--momentum: expected --optimiser sgd or rmsprop beside it"),
        ({"patience": 2}, "--patience: expected --schedule plateau beside it, found cosine"),
        ({"schedule": "step"}, "--drops: .*found none"),
        ({"schedule": "step", "drops": "6,12"}, "epochs within the 12 of the training"),
        ({"schedule": "step", "drops": "6", "lr_end": 0.1}, "--lr-end: .*found step"),
        ({"lr_factor": 2.0, "schedule": "plateau"}, "--lr-factor: expected 0 to 1"),
        ({"ema": 1.0}, "--ema: expected 0 or more, and less than 1"),
        ({"clip": float("nan")}, "--clip: expected a number, found nan"),
        ({"accumulate": 17}, "--accumulate: expected 1 to --batch-size"),
        ({"warm_up": -1}, "--warm-up: expected 0 or more"),
    ],
)
def test_what_cannot_be_carried_out_gets_a_sentence(
    changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        options(**changes)
