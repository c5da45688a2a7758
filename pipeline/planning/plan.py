"""The plan: which sample stands at (split, position), in constant time and memory.

A data set is a function of its plan. `Plan.scene(split, position)` is that function's first half:
no state, no sequence, so any worker may evaluate any part at any time.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

from pipeline.planning.cast import Cast
from pipeline.planning.philox import permute
from pipeline.planning.scene import Scene, SceneObject
from pipeline.planning.splits import (
    BOTH,
    assign_distractors,
    assign_splits,
    lacking,
    row_of,
    sizes_of,
    without_a_category,
    without_distractors,
)
from pipeline.sources.source import Skipped, Source, categories_of
from shards.base.errors import InputError
from shards.base.keys import BACKGROUND, SPLITS
from shards.pixels.depth_coding import DepthCoding
from shards.records.layout import ShardTask as ShardTask
from shards.records.layout import carries_background, lay_out
from shards.records.manifest import FORMAT, build_id

TASK_ORDER = ("val", "test", "train")
"""Splits in the order that their shards are made in."""

MOST_SAMPLES = 10**9 - 1
"""Samples that a data set may have."""

BATCH = 16
"""Composites a teacher sees at once. Fixed: a network's last bits may depend on it."""

TAKEN_OVER = "taken_over"
"""The entry of plan.json where a data set comes from plain folders of ready composites."""


def make_plan(
    *,
    options: dict[str, Any],
    fg: Sequence[Source],
    bg: Sequence[Source],
    distractors: Sequence[Source] = (),
    skipped: Sequence[Skipped],
    teacher: dict[str, Any] | None,
    depth: DepthCoding | None,
    versions: dict[str, str],
) -> "Plan":
    """The plan of a build; its `document` is the content of plan.json."""
    shares = options["val_fraction"], options["test_fraction"]
    fg, bg = assign_splits(fg, bg, *shares, options["split_by"])
    sources = {"fg": fg, "bg": bg}
    if distractors:
        sources["distractors"] = assign_distractors(distractors, *shares, options["split_by"])
    return Plan(
        {
            "format": FORMAT,
            "options": options,
            "sources": {
                role: [source.to_json() for source in given] for role, given in sources.items()
            },
            "categories": categories_of(fg),
            "skipped": [dataclasses.asdict(entry) for entry in skipped],
            "teacher": teacher,
            "depth": None if depth is None else depth.to_json(),
            "versions": versions,
        }
    )


def require_position(split: str, position: int, count: int) -> None:
    """InputError unless `position` is one of the `count` of `split`."""
    if not 0 <= position < count:
        raise InputError(
            "position",
            expected=f"0 to {count - 1} of split {split}" if count else "a split with samples",
            found=str(position) if count else f"{split}, which has none",
            remedy="see the counts that `depthmask stats` prints",
        )


def tasks_of(document: dict[str, Any]) -> list[ShardTask]:
    """Every shard of the data set of a plan.json, planned or taken over from folders."""
    if TAKEN_OVER not in document:
        return Plan(document).tasks()
    options, samples = document["options"], document[TAKEN_OVER]["samples"]
    counts = {BACKGROUND: len(document["sources"]["bg"])}  # none of these carries its own
    counts |= {split: samples[split] for split in TASK_ORDER}
    return lay_out(counts, options["samples_per_shard"], options["format"])


def require_planned(document: dict[str, Any]) -> None:
    """InputError where a plan.json is that of plain folders: its samples are no function of it."""
    if TAKEN_OVER in document:
        raise InputError(
            "plan.json",
            expected="a plan whose samples can be drawn again",
            found="a data set that was taken over from plain folders",
            remedy="use a data set that build-dataset made",
        )


class Plan:
    """plan.json with the functions that it defines."""

    def __init__(self, document: dict[str, Any]) -> None:
        require_planned(document)
        self.document = document
        self.build = build_id(document)
        self.options: dict[str, Any] = document["options"]
        self.fg = [Source.from_json(entry) for entry in document["sources"]["fg"]]
        self.bg = [Source.from_json(entry) for entry in document["sources"]["bg"]]
        listed = document["sources"].get("distractors", [])
        self.distractors = [Source.from_json(entry) for entry in listed]
        depth = document["depth"]
        self.depth = None if depth is None else DepthCoding.from_json(depth)
        self.layered = depth is not None and self.options["depth_mode"] == "layered"
        self.batch = 1 if depth is None or self.layered else BATCH
        self._seed: int = self.options["seed"]
        self._flips = 2 if self.options["flip"] else 1
        self._placements: int = self.options["placements"]
        self._of_split = {
            split: (self._indices(self.fg, split), self._indices(self.bg, split))
            for split in SPLITS
        }
        self._balanced = self.options["balance"] == "category"
        self._casts = {split: self._cast(split) for split in SPLITS}
        self.samples = self._sizes()

    @staticmethod
    def _indices(sources: Sequence[Source], split: str) -> list[int]:
        return [i for i, source in enumerate(sources) if source.split in (split, BOTH)]

    def _cast(self, split: str) -> Cast:
        fg, _ = self._of_split[split]
        by_category: dict[str, list[int]] = {}
        for index in fg:
            by_category.setdefault(str(self.fg[index].category), []).append(index)
        low, high = self.options["objects"]
        return Cast(
            foregrounds=fg,
            categories=[by_category[name] for name in sorted(by_category)],
            distractors=self._indices(self.distractors, split),
            objects=(low, high),
            distractor_count=tuple(self.options["distractor_count"]),
            flips=self._flips > 1,
            balanced=self._balanced,
        )

    def cells(self, split: str) -> int:
        """How many samples the whole plan has in a split (in all together, split by sample).

        With balanced categories, which are drawn, as many as a data set may have.
        """
        fg, bg = self._of_split[split]
        if self._balanced:
            return MOST_SAMPLES if fg and bg else 0
        return len(fg) * len(bg) * self._flips * self._placements

    @property
    def unused_cells(self) -> int:
        """Pairs of sources from different splits, which the plan leaves out."""
        if self._balanced or self.options["split_by"] == "sample":
            return 0
        everything = len(self.fg) * len(self.bg) * self._flips * self._placements
        return everything - sum(self.cells(split) for split in SPLITS)

    def lacking(self) -> list[str]:
        """What a split that was asked for lacks: all samples, or a category; a line each."""
        shares = {"val": self.options["val_fraction"], "test": self.options["test_fraction"]}
        split_by = self.options["split_by"]
        shown = {
            split: {str(self.fg[index].category) for index in fg}
            for split, (fg, _) in self._of_split.items()
            if self.samples[split]
        }
        return [
            *lacking(shares, {split: self.cells(split) for split in shares}, split_by),
            *without_a_category(shown, self.document["categories"]),
            *without_distractors(shown, self.distractors),
        ]

    def _sizes(self) -> dict[str, int]:
        return sizes_of(
            {split: self.cells(split) for split in SPLITS},
            self.options["samples"],
            self.options["val_fraction"],
            self.options["test_fraction"],
            self.options["split_by"],
        )

    def scene(self, split: str, position: int) -> Scene:
        """The scene at `position` of `split`, whether the data set reaches so far or not.

        It does not depend on the number of samples, so what knows a plan outlives its growth.
        """
        require_position(split, position, self.cells(split))
        background, first = self._cell_of(split, position)
        scene = Scene(
            split=split,
            position=position,
            seed=self._seed,
            background=background,
            objects=(first,),
        )
        return self._casts[split].fill(scene, first)

    def _cell_of(self, split: str, position: int) -> tuple[int, SceneObject]:
        """The background of a sample, and what its cell says of object 0."""
        fg, bg = self._of_split[split]
        if self._balanced:
            epoch, row = divmod(position, len(bg) * self._flips)
            row = permute(row, len(bg) * self._flips, self._seed, split, epoch)
            background, flip = divmod(row, self._flips)
            return bg[background], SceneObject(foreground=fg[0], flip=bool(flip), placement=None)
        cell = self._cell(split, position)
        cell, placement = divmod(cell, self._placements)
        cell, flip = divmod(cell, self._flips)
        background, foreground = divmod(cell, len(fg))
        first = SceneObject(foreground=fg[foreground], flip=bool(flip), placement=placement)
        return bg[background], first

    def _cell(self, split: str, position: int) -> int:
        cells = self.cells(split)
        if self.options["split_by"] == "sample":
            row = row_of(split, position, cells, self.options["val_fraction"])
            return permute(row, cells, self._seed, "train")
        return permute(position, cells, self._seed, split)

    def tasks(self) -> list[ShardTask]:
        """Every shard of the data set, in the fixed order backgrounds, val, test, train."""
        apart = 0 if carries_background(self.options) else len(self.bg)
        counts = {BACKGROUND: apart} | {split: self.samples[split] for split in TASK_ORDER}
        return lay_out(counts, self.options["samples_per_shard"], self.options["format"])
