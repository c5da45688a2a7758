"""pipeline/planning/plan.py"""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_plans import plan_of

from pipeline.planning.plan import Plan
from pipeline.planning.scene import PLACE, Scene
from shards.base.errors import InputError


def cells_of(plan: Plan, split: str) -> list[tuple[int, int, bool, int]]:
    scenes = [plan.scene(split, p) for p in range(plan.samples[split])]
    return [cell_of(scene) for scene in scenes]


def cell_of(scene: Scene) -> tuple[int, int, bool, int]:
    (each,) = scene.objects
    assert each.placement is not None
    return scene.background, each.foreground, each.flip, each.placement


@given(st.integers(1, 7), st.integers(1, 7), st.floats(0, 1), st.sampled_from(["source", "sample"]))
@settings(max_examples=40, deadline=None)
def test_a_whole_plan_uses_every_cell_once(
    fg: int, bg: int, fraction: float, split_by: str
) -> None:
    plan = plan_of(fg, bg, val_fraction=fraction, split_by=split_by)
    cells = cells_of(plan, "train") + cells_of(plan, "val")
    assert len(cells) == len(set(cells)) == fg * bg * 2 * 3 - plan.unused_cells


@given(st.integers(2, 8), st.integers(2, 8), st.floats(0.01, 0.99))
@settings(max_examples=40, deadline=None)
def test_splits_share_no_source(fg: int, bg: int, fraction: float) -> None:
    plan = plan_of(fg, bg, val_fraction=fraction)
    train, val = cells_of(plan, "train"), cells_of(plan, "val")
    for axis in (0, 1):
        assert not {cell[axis] for cell in train} & {cell[axis] for cell in val}
    assert train
    assert val


@given(st.integers(1, 200), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_samples_do_not_depend_on_how_many_there_are(samples: int, fraction: float) -> None:
    whole, part = plan_of(val_fraction=fraction), plan_of(val_fraction=fraction, samples=samples)
    for split, count in part.samples.items():
        assert count <= whole.samples[split]
        scenes = [part.scene(split, p) for p in range(count)]
        assert scenes == [whole.scene(split, p) for p in range(count)]


def test_samples_are_shared_out_by_the_val_fraction() -> None:
    assert plan_of(samples=20).samples == {"train": 15, "val": 5, "test": 0}
    assert plan_of(samples=20, val_fraction=0).samples == {"train": 20, "val": 0, "test": 0}
    by_sample = plan_of(split_by="sample")
    assert by_sample.samples == {"train": 135, "val": 45, "test": 0}


def test_one_identity_of_a_kind_means_no_val() -> None:
    plan = plan_of(fg=1)
    assert plan.samples["val"] == 0
    assert plan.samples["train"] == 1 * 5 * 2 * 3
    assert plan.unused_cells == 0


def test_a_plan_comes_back_from_its_json() -> None:
    plan = plan_of(samples=50)
    again = Plan(json.loads(json.dumps(plan.document)))
    assert again.build == plan.build
    assert [again.scene("train", p) for p in range(30)] == [
        plan.scene("train", p) for p in range(30)
    ]


def test_tasks_cover_backgrounds_val_and_train_in_that_order() -> None:
    tasks = plan_of(samples=52).tasks()
    assert [(t.name, t.first, t.samples) for t in tasks] == [
        ("background-000000.tar", 0, 5),
        ("val-000000.tar", 0, 10),
        ("val-000001.tar", 10, 2),
        ("train-000000.tar", 0, 10),
        ("train-000001.tar", 10, 10),
        ("train-000002.tar", 20, 10),
        ("train-000003.tar", 30, 10),
    ]


def test_a_position_outside_gets_a_sentence() -> None:
    plan = plan_of(samples=20)
    assert plan.scene("train", 15) == plan_of().scene("train", 15)
    count = plan.cells("train")
    with pytest.raises(InputError, match=f"0 to {count - 1} of split train, found {count}"):
        plan.scene("train", count)
    with pytest.raises(InputError, match="a split with samples, found val, which has none"):
        plan_of(samples=20, val_fraction=0.0).scene("val", 0)


def test_plans_beyond_memory_are_answered_at_once() -> None:
    plan = plan_of(placements=10**10, samples=10**9 - 1)
    assert plan.cells("train") > 10**11
    assert cell_of(plan.scene("train", 700_000_000))[3] < 10**10


def test_scenes_are_fixed() -> None:
    plan = plan_of()
    found = [
        (*cell_of(s), *(round(draw, 9) for draw in s.draws(PLACE)[:2]))
        for s in (plan.scene("train", 0), plan.scene("train", 59), plan.scene("val", 3))
    ]
    assert found == GOLDEN_SCENES


GOLDEN_SCENES = [
    (2, 4, False, 1, 0.813354061, 0.751331425),
    (0, 4, False, 1, 0.783297172, 0.491327674),
    (1, 5, False, 2, 0.904033581, 0.549305483),
]
