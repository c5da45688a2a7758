"""The scores of `evaluate` as tables for a terminal."""

from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from depthmask.terminal.console import open_table

_MASK = {"iou": "IoU at 0.5", "dice": "Dice", "mae": "MAE", "left_empty": "negatives left empty"}
_DEPTH = {
    "rmse": "RMSE in [0, 1]",
    "std": "std of the targets",
    "delta1": "delta1 of max(value, 1e-3)",
    "abs_rel": "AbsRel of max(value, 1e-3)",
    "log10": "log10 of max(value, 1e-3)",
    "iou50": "IoU at 0.5",
    "dice": "Dice",
}


def scores_tables(found: dict[str, Any]) -> Group:
    """What `evaluate` found, a table a split and task."""
    parts: list[Table | Text] = []
    for split, scores in found.items():
        for task, names in (("mask", _MASK), ("depth", _DEPTH)):
            if task not in scores:
                continue
            title = f"{task} on {split}, {scores['samples']:,} samples"
            table = open_table("score", "value", title=title)
            for name, meaning in names.items():
                if name in scores[task]:
                    table.add_row(meaning, f"{scores[task][name]:.4f}")
            if "negatives" in scores[task]:
                table.add_row("negatives", f"{scores[task]['negatives']:,}")
            parts.append(table)
        if "mask" in scores:
            for role in ("foreground", "category", "background"):
                worst = scores["mask"].get(f"worst_{role}")
                if worst is not None:
                    parts.append(Text(f"worst {role}: {worst['name']}, IoU {worst['iou']:.4f}"))
    return Group(*parts)
