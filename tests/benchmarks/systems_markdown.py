"""The tables of systems_table.py, as Markdown, and their place in a file."""

import re
from pathlib import Path
from typing import Any

import click

from depthmask.models.catalogue import SYSTEMS

DEFAULT = "tf_efficientnet_lite0"
RANDOM = "random"
"""The row of the default network with neither ImageNet's weights nor the built-in start."""


def label(name: str) -> str:
    """A row's name in tables."""
    if name in SYSTEMS:
        return name
    if name == RANDOM:
        return f"depthmask ({DEFAULT}), random weights"
    return f"**depthmask** ({name})" if name == DEFAULT else f"depthmask, {name}"


def cell(row: dict[str, Any], task: str, score: str) -> str:
    """A score with three digits; a dash where the network has no such head."""
    return f"{row[task][score]:.3f}" if task in row else "–"


def main_table(rows: list[dict[str, Any]]) -> str:
    """The reference table."""
    columns = [("mask", s) for s in ("iou", "dice", "mae")]
    columns += [("depth", s) for s in ("rmse", "std", "delta1", "iou50", "dice")]
    titles = "mask IoU | mask Dice | mask MAE | depth RMSE | targets' std | δ1 | IoU@0.5 | Dice"
    lines = [
        "| network | parameters | train images/s | epochs "
        f"| loss, first → last tenth of steps | {titles} |",
        "|---|" + "---:|" * (4 + len(columns)),
    ]
    for row in rows:
        facts = [
            label(row["name"]),
            f"{row['parameters']:,}",
            f"{row['rate']:.1f}",
            f"{row['epochs']}",
            f"{row['loss'][0]:.3f} → {row['loss'][1]:.3f}",
        ]
        lines.append(f"| {' | '.join([*facts, *(cell(row, *column) for column in columns)])} |")
    return "\n".join(lines)


def leak_table(pairs: list[tuple[dict[str, Any], dict[str, Any]]]) -> str:
    """Mask IoU and depth RMSE on val, sources held out beside samples held out."""
    lines = [
        "| network | IoU, unseen sources | IoU, unseen samples | points of IoU that were leakage "
        "| RMSE, unseen sources | RMSE, unseen samples |",
        "|---|" + "---:|" * 5,
    ]
    for honest, leaky in pairs:
        gain = "–"
        if "mask" in honest:
            gain = f"{100 * (leaky['mask']['iou'] - honest['mask']['iou']):.1f}"
        ious = (cell(row, "mask", "iou") for row in (honest, leaky))
        errors = (cell(row, "depth", "rmse") for row in (honest, leaky))
        lines.append(f"| {label(honest['name'])} | {' | '.join([*ious, gain, *errors])} |")
    return "\n".join(lines)


def place_between(path: Path, marker: str, text: str) -> None:
    """Put `text` between `<!-- marker -->` and `<!-- /marker -->` of a file."""
    old = path.read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- {marker} -->\n).*?(<!-- /{marker} -->)", re.DOTALL)
    if not pattern.search(old):
        raise click.ClickException(f"{path} has no <!-- {marker} --> ... <!-- /{marker} -->")
    path.write_text(pattern.sub(lambda m: f"{m[1]}\n{text}\n\n{m[2]}", old), encoding="utf-8")
