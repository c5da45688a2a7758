"""Small charts as SVG: plain functions of numbers; colours follow the page's light or dark mode.

Each chart describes itself in `aria-label`; each mark's title gives the mark's numbers.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

_WIDTH, _HEIGHT = 360, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 8, 10, 26
_PLOT_WIDTH, _PLOT_HEIGHT = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

FRAME = Markup(
    '<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-label="{label}">{body}</svg>'
)
_RECTANGLE = Markup(
    '<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"{more}>'
    "<title>{title}</title></rect>"
)
TEXT = Markup('<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>')
LINE = Markup('<path class="{kind}" d="{path}"/>')


def nice_ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """About `wanted` round values (1, 2, 2.5 or 5 times 10^n apart) within [low, high]."""
    if not high > low:
        return [low]
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def _axes(low: float, high: float, top: float, unit: Callable[[float], str]) -> Markup:
    """Tick labels below for [low, high], and grid lines for percentages in [0, top]."""
    parts = []
    for value in nice_ticks(0, top, 3):
        y = _TOP + _PLOT_HEIGHT * (1 - value / top)
        kind = "grid" if value else "base"
        parts.append(LINE.format(kind=kind, path=f"M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"))
        parts.append(TEXT.format(x=_LEFT - 6, y=y + 4, anchor="end", text=f"{value:.3g}%"))
    span = high - low or 1.0  # a range that vanishes beside its offset
    for value in nice_ticks(low, high, 5):
        x = _LEFT + _PLOT_WIDTH * (value - low) / span
        anchor = "end" if x > _WIDTH - 2 * _RIGHT else "middle"  # the last one stays inside
        parts.append(TEXT.format(x=x, y=_HEIGHT - 8, anchor=anchor, text=unit(value)))
    return Markup("").join(parts)


def _column(
    counts: NDArray[np.float64], index: int, top: float, title: str, kind: str, more: Markup
) -> Markup:
    width = _PLOT_WIDTH / len(counts)
    height = _PLOT_HEIGHT * counts[index] / top
    return _RECTANGLE.format(
        kind=kind,
        x=_LEFT + index * width + 0.75,
        y=_TOP + _PLOT_HEIGHT - height,
        width=max(width - 1.5, 0.5),
        height=height,
        more=more,
        title=title,
    )


def _percent_of_total(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    return 100 * counts / max(int(counts.sum()), 1)


def area_histogram(areas: dict[str, list[float]], *, label: str, bins: int = 24) -> Markup:
    """Foreground areas (shares in [0, 1]) by split: train as columns, others as lines over them."""
    largest = max((max(values) for values in areas.values() if values), default=1.0)
    high = max(math.ceil(largest * 20) / 20, 0.05)
    shares = {
        split: _percent_of_total(np.histogram(values, bins=bins, range=(0, high))[0])
        for split, values in areas.items()
        if values
    }
    top = 1.08 * max(float(values.max()) for values in shares.values())
    first, *others = shares.items()
    parts = [_axes(0, high, top, lambda value: f"{value:.0%}")]
    width = high / bins
    for index in range(bins):
        span = f"{index * width:.1%} to {(index + 1) * width:.1%} of the picture"
        title = f"{span}: " + ", ".join(f"{s} {v[index]:.1f}%" for s, v in shares.items())
        parts.append(_column(first[1], index, top, title, "mark " + first[0], Markup("")))
    parts += [LINE.format(kind=split, path=_steps(values, top)) for split, values in others]
    return _frame(label, parts)


def _steps(values: NDArray[np.float64], top: float) -> str:
    width = _PLOT_WIDTH / len(values)
    heights = [_TOP + _PLOT_HEIGHT * (1 - value / top) for value in values]
    moves = "".join(f"V{y:.1f}h{width:.2f}" for y in heights)
    return f"M{_LEFT} {_TOP + _PLOT_HEIGHT}{moves}V{_TOP + _PLOT_HEIGHT}"


def depth_histogram(
    codes: NDArray[np.int64],
    low: float,
    high: float,
    colour_of: Callable[[float], str],
    *,
    unit: str,
    label: str,
    bins: int = 48,
) -> Markup:
    """Counts by depth code over the declared range [low, high], each column in its colour.

    `colour_of(value)` is a depth value's colour in the gallery.
    """
    bins = min(bins, codes.size)
    edges = np.arange(bins) * codes.size // bins
    shares = _percent_of_total(np.add.reduceat(codes, edges))
    top = 1.08 * max(float(shares.max()), 1e-9)
    parts = [_axes(low, high, top, lambda value: f"{value:.3g}")]
    width = (high - low) / bins
    for index in range(bins):
        start = low + index * width
        title = f"{start:.3g} to {start + width:.3g} {unit}: {shares[index]:.2f}% of the pixels"
        fill = Markup(' fill="{}"').format(colour_of(start + width / 2))
        parts.append(_column(shares, index, top, title, "coloured", fill))
    return _frame(label, parts)


def position_map(centres: NDArray[np.float64], *, label: str, cells: int = 14) -> Markup:
    """How often the boxes' centres (N, 2) in [0, 1] fall into each cell of the canvas."""
    edges = np.linspace(0, 1, cells + 1)
    counts, _, _ = np.histogram2d(
        centres[:, 1], centres[:, 0], bins=(edges, edges)
    )  # (row, column)
    most = max(float(counts.max()), 1.0)
    side = _HEIGHT / cells
    frame = Markup('<rect class="canvas" x=".5" y=".5" width="{0}" height="{0}"/>')
    parts = [frame.format(_HEIGHT - 1)]
    for (row, column), count in np.ndenumerate(counts):
        if count:
            parts.append(
                _RECTANGLE.format(
                    kind="heat",
                    x=column * side,
                    y=row * side,
                    width=side,
                    height=side,
                    more=Markup(' fill-opacity="{:.3f}"').format(count / most),
                    title=f"{count:.0f} of {len(centres)} samples",
                )
            )
    return FRAME.format(width=_HEIGHT, height=_HEIGHT, label=label, body=Markup("").join(parts))


def _frame(label: str, parts: Sequence[Markup]) -> Markup:
    body = Markup("").join(parts)
    return FRAME.format(width=_WIDTH, height=_HEIGHT, label=label, body=body)
