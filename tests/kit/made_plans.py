"""Plans of sources that are nowhere."""

from typing import Any

from pipeline.planning.plan import Plan, make_plan
from pipeline.sources.source import Source

OPTIONS = {
    "size": [64, 64],
    "placements": 3,
    "flip": True,
    "samples": None,
    "seed": 0,
    "fg_scale": [0.4, 0.72],
    "objects": [1, 1],
    "balance": "none",
    "max_overlap": 0.3,
    "rotate": 0.0,
    "truncate": 0.0,
    "blend": "alpha",
    "bg_crop": 1.0,
    "bg_flip": False,
    "distractors": False,
    "distractor_count": [0, 2],
    "inline_backgrounds": False,
    "format": "tar",
    "samples_per_shard": 10,
    "val_fraction": 0.25,
    "test_fraction": 0.0,
    "split_by": "source",
    "category": "object",
    "split_objects": False,
    "decontaminate": False,
}


def sources(kind: str, count: int) -> list[Source]:
    return [
        Source(name=f"{kind}{i}.png", sha256=f"{i + 1000 * len(kind):064x}", size=(40, 30))
        for i in range(count)
    ]


def plan_of(fg: int = 6, bg: int = 5, **changes: Any) -> Plan:
    return make_plan(
        options=OPTIONS | changes,
        fg=sources("fg", fg),
        bg=sources("bgs", bg),
        skipped=[],
        teacher=None,
        depth=None,
        versions={},
    )
