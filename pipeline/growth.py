"""A data set that grows: the same plan with more samples, over shards that stay as they are."""

from pathlib import Path
from typing import Any

from pipeline.plan import Plan
from shards.errors import InputError
from shards.manifest import replace_plan


def grow_plan(out: Path, standing: dict[str, Any], plan: Plan) -> Plan:
    """Put `plan` in the place of the `standing` one, which differs in `samples` at most; `plan`.

    Killed at any point, the folder is an unfinished data set of the old or the new size, and the
    same command goes on: dataset.json goes first, then plan.json is replaced. Records outlive
    both, because a build id leaves `samples` out; the record of a short shard that must become
    longer has too few samples for the new plan, so that shard counts as not yet made.
    InputError where a split would lose samples.
    """
    if standing == plan.document:
        return plan
    before = Plan(standing).samples
    if any(plan.samples[split] < count for split, count in before.items()):
        raise InputError(
            "--samples",
            expected=f"at least the {sum(before.values()):,} samples of {out}: "
            "a data set may only grow",
            found=f"{sum(plan.samples.values()):,}",
            remedy="give a larger number, another --out, or --overwrite",
        )
    replace_plan(out, plan.document)
    return plan
