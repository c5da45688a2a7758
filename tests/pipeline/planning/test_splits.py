"""pipeline/planning/splits.py"""

import dataclasses
import hashlib
import os
from math import floor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_plans import OPTIONS, plan_of, sources

from pipeline.planning.options import BuildOptions
from pipeline.planning.plan import Plan, make_plan
from pipeline.planning.splits import assign_splits, split_sources
from pipeline.sources.source import Source
from shards.base.errors import InputError
from shards.base.keys import SPLITS

FRACTIONS = st.sampled_from([0, 0.02, 0.1, 0.25, 1 / 3, 0.5, 0.9, 1]) | st.floats(0, 1)
SHARES = st.tuples(FRACTIONS, FRACTIONS).filter(lambda shares: sum(shares) <= 1)


def splits_by_the_design(contents: list[str], v: float, t: float) -> list[str]:
    """The splits of sources with these SHA-256, written from the rule alone."""
    identities = set(contents)
    n = len(identities)
    ranked = sorted(
        identities, key=lambda one: hashlib.sha256(b"depthmask split\0" + one.encode()).hexdigest()
    )
    if v == 0 or n == 1:
        n_val = 0
    elif v == 1:
        n_val = n
    else:
        n_val = min(n - 1, max(1, floor(v * n + 0.5)))
    if t == 0 or n == 1:
        n_test = 0
    elif t == 1:
        n_test = n
    else:
        n_test = min(n - 1 - n_val, max(1, floor(t * n + 0.5)))
    val, test = ranked[:n_val], ranked[n_val : n_val + n_test]
    return ["val" if one in val else "test" if one in test else "train" for one in contents]


@given(st.integers(1, 40), SHARES)
def test_splits_are_those_of_the_rule(count: int, shares: tuple[float, float]) -> None:
    made = sources("fg", count)
    found = [source.split for source in split_sources(made, *shares)]
    assert found == splits_by_the_design([source.sha256 for source in made], *shares)


@pytest.mark.parametrize(
    ("count", "val", "test", "expected"),
    [
        (100, 0.1, 0.1, (80, 10, 10)),
        (3, 0.1, 0.1, (1, 1, 1)),
        (2, 0.1, 0.1, (1, 1, 0)),
        (1, 0.5, 0.5, (1, 0, 0)),
        (5, 0, 0.1, (4, 0, 1)),
        (7, 1, 0, (0, 7, 0)),
        (7, 0, 1, (0, 0, 7)),
        (4, 0.5, 0.5, (1, 2, 1)),
    ],
)
def test_the_splits_have_the_promised_sizes(
    count: int, val: float, test: float, expected: tuple[int, int, int]
) -> None:
    found = [source.split for source in split_sources(sources("fg", count), val, test)]
    assert tuple(found.count(split) for split in SPLITS) == expected


def test_equal_files_fall_on_the_same_side() -> None:
    made = [Source(name=str(i), sha256=f"{i // 2:064x}", size=(1, 1)) for i in range(20)]
    splits = [source.split for source in split_sources(made, 0.3, 0.3)]
    assert set(splits) == set(SPLITS)
    assert splits[::2] == splits[1::2]


def test_names_and_order_do_not_decide_the_split() -> None:
    made = sources("fg", 30)
    renamed = [dataclasses.replace(s, name="x" + s.name) for s in reversed(made)]
    by_hash = {s.sha256: s.split for s in split_sources(made, 0.25, 0.25)}
    assert by_hash == {s.sha256: s.split for s in split_sources(renamed, 0.25, 0.25)}


def test_a_test_split_leaves_val_as_it_is() -> None:
    made = sources("fg", 50)
    without, beside = split_sources(made, 0.2), split_sources(made, 0.2, 0.3)
    assert [s.split == "val" for s in without] == [s.split == "val" for s in beside]


@given(
    st.integers(1, 7),
    st.integers(1, 7),
    SHARES,
    st.none() | st.integers(1, 500),
)
@settings(max_examples=60, deadline=None)
def test_samples_are_shared_out_by_the_rule(
    fg: int, bg: int, shares: tuple[float, float], samples: int | None
) -> None:
    v, t = shares
    plan = plan_of(fg, bg, val_fraction=v, test_fraction=t, samples=samples)
    cells = {
        split: 2
        * 3
        * sum(source.split == split for source in plan.fg)
        * sum(source.split == split for source in plan.bg)
        for split in SPLITS
    }
    if samples is None:
        assert plan.samples == cells
        return
    val = min(cells["val"], floor(v * samples + 0.5))
    test = min(cells["test"], floor(t * samples + 0.5), samples - val)
    train = min(cells["train"], samples - val - test)
    assert plan.samples == {"train": train, "val": val, "test": test}


@given(st.integers(1, 7), st.integers(1, 7), SHARES, st.sampled_from(["source", "sample"]))
@settings(max_examples=60, deadline=None)
def test_a_whole_plan_uses_every_cell_in_one_split_at_most(
    fg: int, bg: int, shares: tuple[float, float], split_by: str
) -> None:
    plan = plan_of(fg, bg, val_fraction=shares[0], test_fraction=shares[1], split_by=split_by)
    cells = [cell_of(plan, split, p) for split in SPLITS for p in range(plan.samples[split])]
    assert len(cells) == len(set(cells)) == fg * bg * 2 * 3 - plan.unused_cells


@given(SHARES, st.integers(1, 180), st.integers(0, 180))
@settings(max_examples=60, deadline=None)
def test_by_sample_no_cell_is_in_two_splits_however_far_it_grows(
    shares: tuple[float, float], samples: int, more: int
) -> None:
    def plan(count: int) -> Plan:
        chosen = {"val_fraction": shares[0], "test_fraction": shares[1], "split_by": "sample"}
        return plan_of(samples=count, **chosen)

    small, large = plan(samples), plan(samples + more)
    cells = {
        split: [cell_of(large, split, p) for p in range(large.samples[split])] for split in SPLITS
    }
    everything = [cell for of_split in cells.values() for cell in of_split]
    assert len(everything) == len(set(everything)) == min(samples + more, 180)
    for split in SPLITS:
        both = min(small.samples[split], large.samples[split])
        assert [cell_of(small, split, p) for p in range(both)] == cells[split][:both]


def test_by_sample_the_rows_are_those_of_the_rule() -> None:
    plan = plan_of(split_by="sample", val_fraction=0.25, test_fraction=0.2)  # 180 cells
    train_of_all = plan_of(split_by="sample", val_fraction=0, test_fraction=0)
    assert plan.samples == {"train": 180 - 45 - 36, "val": 45, "test": 36}
    for split, row in (("train", 7), ("val", 180 - 1 - 7), ("test", 180 - 1 - 45 - 7)):
        assert cell_of(plan, split, 7) == cell_of(train_of_all, "train", row)


def cell_of(plan: Plan, split: str, position: int) -> tuple[int, int, bool, int]:
    scene = plan.scene(split, position)
    (each,) = scene.objects
    assert each.placement is not None
    return scene.background, each.foreground, each.flip, each.placement


def test_shares_over_one_are_refused_in_a_sentence() -> None:
    with pytest.raises(
        InputError,
        match=r"--val-fraction and --test-fraction: expected at most 1 together, found 0.6 and 0.5",
    ):
        BuildOptions(fg=Path("fg"), bg=Path("bg"), val_fraction=0.6, test_fraction=0.5)
    BuildOptions(fg=Path("fg"), bg=Path("bg"), val_fraction=0.7, test_fraction=0.3)


def test_what_a_split_lacks_is_said() -> None:
    assert plan_of(6, 5, test_fraction=0.2).lacking() == []
    assert plan_of(6, 5, val_fraction=0.0).lacking() == []
    assert plan_of(6, 2, test_fraction=0.2).lacking() == [
        "no test split: it takes three different pictures of each kind"
    ]
    assert plan_of(1, 5).lacking() == ["no val split: it takes two different pictures of each kind"]
    one = [dataclasses.replace(source, group="video") for source in sources("fg", 9)]
    options = OPTIONS | {"split_by": "group"}
    plan = make_plan(
        options=options, fg=one, bg=one, skipped=[], teacher=None, depth=None, versions={}
    )
    assert plan.lacking() == [
        "no val split: it takes two different pictures of each kind, in different folders"
    ]


def test_tasks_come_in_the_order_backgrounds_val_test_train() -> None:
    tasks = plan_of(6, 5, test_fraction=0.2, samples=52).tasks()
    assert list(dict.fromkeys(task.split for task in tasks)) == [
        "background",
        "val",
        "test",
        "train",
    ]


def groups_by_the_design(made: list[Source]) -> list[str]:
    """The group of each source, by putting those together that share a folder or a file."""
    groups = [{i} for i in range(len(made))]
    for i, one in enumerate(made):
        for j, other in enumerate(made[:i]):
            same_folder = one.group == other.group != ""
            if same_folder or one.sha256 == other.sha256:
                ours = next(group for group in groups if i in group)
                theirs = next(group for group in groups if j in group)
                if ours is not theirs:
                    groups.remove(theirs)
                    ours |= theirs
    names = [""] * len(made)
    for group in groups:
        folders = sorted({made[i].group for i in group} - {""}, key=os.fsencode)
        name = folders[0] if folders else min(made[i].identity for i in group)
        for i in group:
            names[i] = name
    return names


@given(
    st.lists(st.tuples(st.sampled_from(["", "", "a", "b", "a/b", "ä"]), st.integers(0, 12))),
    SHARES,
)
@settings(max_examples=150, deadline=None)
def test_by_group_the_splits_are_those_of_the_rule(
    folders: list[tuple[str, int]], shares: tuple[float, float]
) -> None:
    fg = [
        Source(name=f"{folder}/{i}.png", sha256=f"{content:064x}", size=(9, 9), group=folder)
        for i, (folder, content) in enumerate([*folders, ("x", 100), ("y", 101)])
    ]
    bg = sources("bgs", 20)
    found, _ = assign_splits(fg, bg, *shares, "group")
    names = groups_by_the_design(fg)
    expected = dict(zip(names, splits_by_the_design(names, *shares), strict=True))
    assert [source.split for source in found] == [expected[name] for name in names]


def test_by_group_no_folder_and_no_picture_is_in_two_splits() -> None:
    fg = [
        Source(
            name=f"v{i // 10}/{i}.png", sha256=f"{i % 97:064x}", size=(9, 9), group=f"v{i // 10}"
        )
        for i in range(100)
    ]
    found, backgrounds = assign_splits(fg, fg, 0.2, 0.2, "group")
    assert found == backgrounds
    for trait in ("group", "sha256"):
        pairs = {(getattr(source, trait), source.split) for source in found}
        assert len(pairs) == len({value for value, _ in pairs})
    assert [s.split for s in found if s.group == "v0"] == [
        s.split for s in found if s.group == "v9"
    ]  # they share three pictures
    assert {source.split for source in found} == set(SPLITS)


def test_one_group_of_a_kind_means_train_alone() -> None:
    one = [dataclasses.replace(source, group="video") for source in sources("fg", 9)]
    found, backgrounds = assign_splits(one, sources("bgs", 9), 0.3, 0.3, "group")
    assert {source.split for source in (*found, *backgrounds)} == {"train"}
