"""A training's curves as SVG, in the page's own colours: what metrics.csv holds, by epoch."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from depthmask.reports.charts import FRAME, LINE, TEXT, nice_ticks

NAMES = {
    "mask_iou": "mask IoU",
    "mask_dice": "mask Dice",
    "mask_mae": "mask MAE",
    "depth_rmse": "depth RMSE",
    "depth_delta1": "depth δ1",
    "depth_abs_rel": "depth AbsRel",
    "train_loss": "train loss",
    "train_mask_iou": "mask IoU on train",
    "train_mask_dice": "mask Dice on train",
    "train_depth_rmse": "depth RMSE on train",
    "images_per_second": "images/s",
}
"""What people call columns of metrics.csv; others keep their own names."""

CURVES = (
    ("Training loss", "lower is better", {"train": "train_loss"}),
    ("Mask IoU", "higher is better", {"train": "train_mask_iou", "val": "mask_iou"}),
    ("Depth RMSE", "lower is better", {"train": "train_depth_rmse", "val": "depth_rmse"}),
)
"""What is drawn: title, which way is better, column by split. Each chart has its own scale."""

_WIDTH, _HEIGHT = 360, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 12, 38
_LARGEST = 1e12

Points = Sequence[tuple[float, float]]
Place = Callable[[float, float], tuple[float, float]]


class Line(NamedTuple):
    """A line of a chart: its split, which gives the colour, its name, and points (epoch, value)."""

    split: str
    name: str
    points: Points


def run_curves(rows: Sequence[Mapping[str, str]]) -> list[dict[str, object]]:
    """Title, note, splits and chart of every curve that the epochs' rows hold."""
    found: list[dict[str, object]] = []
    for title, note, columns in CURVES:
        lines = [
            Line(split, NAMES[column], points)
            for split, column in columns.items()
            if (points := _points(rows, column))
        ]
        if lines:
            splits = [line.split for line in lines]
            label = f"{title} by epoch, {' and '.join(splits)}; {note}"
            chart = line_chart(lines, label=label)
            found.append({"title": title, "note": note, "splits": splits, "chart": chart})
    return found


def _points(rows: Sequence[Mapping[str, str]], name: str) -> Points:
    """(epoch, value) where a row has a value that can be drawn."""
    whole = (row for row in rows if row.get(name) and row["epoch"])
    pairs = ((float(row["epoch"]), float(row[name])) for row in whole)
    return [(x, y) for x, y in pairs if abs(x) < _LARGEST and abs(y) < _LARGEST]


def line_chart(lines: Sequence[Line], *, label: str) -> Markup:
    """Lines over one pair of axes; pointing at a point shows its numbers.

    At least one line, each of at least one point; all values finite.
    """
    xs = [x for line in lines for x, _ in line.points]
    ys = [y for line in lines for _, y in line.points]
    left, right = _spread(min(xs), max(xs), 0.5)
    low, high = _spread(min(ys), max(ys), 0.05)
    margin = 0.06 * (high - low)
    low, high = low - margin, high + margin

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - left) / (right - left)
        up = (y - low) / (high - low)
        return (
            _LEFT + across * (_WIDTH - _LEFT - _RIGHT),
            _HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM),
        )

    parts = [_axes(place, (left, right), (low, high))]
    for split, name, points in lines:
        corners = [place(x, y) for x, y in points]
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in corners)
        parts.append(LINE.format(kind=f"line {split}", path=path))
        for (across, down), (x, y) in zip(corners, points, strict=True):
            title = f"epoch {x:g}: {name} {y:.4g}"
            parts.append(_POINT.format(kind=split, x=across, y=down, title=title))
    return FRAME.format(width=_WIDTH, height=_HEIGHT, label=label, body=Markup("").join(parts))


_POINT = Markup(
    '<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"><title>{title}</title></circle>'
)


def _spread(low: float, high: float, least: float) -> tuple[float, float]:
    """[low, high], widened where the two are equal."""
    if high - low > 1e-9 * max(abs(low), abs(high)):
        return low, high
    step = max(least, least * abs(low))
    return low - step, high + step


def _axes(place: Place, across: tuple[float, float], up: tuple[float, float]) -> Markup:
    parts = []
    for value in nice_ticks(*up, 4):
        _, y = place(across[0], value)
        parts.append(LINE.format(kind="grid", path=f"M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"))
        parts.append(TEXT.format(x=_LEFT - 6, y=y + 4, anchor="end", text=f"{value:.4g}"))
    for value in nice_ticks(*across, 6):
        if value == math.floor(value):
            x, _ = place(value, up[0])
            parts.append(TEXT.format(x=x, y=_HEIGHT - 22, anchor="middle", text=f"{value:g}"))
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(TEXT.format(x=middle, y=_HEIGHT - 6, anchor="middle", text="epoch"))
    return Markup("").join(parts)
