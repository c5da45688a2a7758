"""pipeline/planning/splits.py: categories that a split does not show"""

import dataclasses
import re
from typing import Any

from made_plans import plan_of

from pipeline.planning.plan import Plan, make_plan


def of_categories(names: list[str], **options: Any) -> Plan:
    made = plan_of(len(names), 5, **options)
    fg = [dataclasses.replace(s, category=n) for s, n in zip(made.fg, names, strict=True)]
    given = {"skipped": [], "teacher": None, "depth": None, "versions": {}}
    return make_plan(options=made.options, fg=fg, bg=made.bg, **given)


def test_a_category_that_a_split_does_not_show_is_said() -> None:
    shared = {"val_fraction": 0.5, "placements": 1}
    assert of_categories(["car"] * 6, **shared).lacking() == []
    (line,) = of_categories(["car"] * 5 + ["sign"], **shared).lacking()
    assert re.fullmatch(r"no sign in (train|val): add such foregrounds, or .* share", line)
    (line,) = of_categories(["car"] * 5 + ["a\nb\x1b[31m"], **shared).lacking()
    assert line.startswith(r"no a\nb\x1b[31m in ")
    plan = of_categories([f"c{i}" for i in range(20)], **shared)
    assert [line.split(":")[0] for line in plan.lacking()] == [
        f"no {', '.join(sorted(lacks)[:6])} and 4 more in {split}"
        for split, lacks in (
            ("train", {s.category for s in plan.fg if s.split == "val"}),
            ("val", {s.category for s in plan.fg if s.split == "train"}),
        )
    ]
    assert of_categories(["car", "person", "sign"], split_by="sample").lacking() == []
