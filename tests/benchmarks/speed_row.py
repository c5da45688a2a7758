"""One row of the table of speed: two figures taken in turn, and what they must be."""

import dataclasses
import json
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

Pair = tuple[float, float]
"""Ours and the reference, taken one after the other."""

Form = Literal["ratio", "difference", "value"]
"""What a pair is judged by: ours / reference, ours - reference, or ours alone."""

Sense = Literal["at least", "at most", "within"]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A target: `what` of ours `against` a reference, both in `unit`.

    `within` means no farther from 1 than `target`. Rows of one `group` are measured together.
    """

    key: str
    group: str
    what: str
    against: str
    unit: str
    sense: Sense
    target: float
    form: Form = "ratio"

    def judged(self, pairs: list[Pair]) -> list[float]:
        """What each pair is judged by."""
        if self.form == "ratio":
            return [ours / reference for ours, reference in pairs]
        return [ours - (reference if self.form == "difference" else 0) for ours, reference in pairs]

    def met(self, pairs: list[Pair]) -> bool:
        """Whether the median reaches the target."""
        median = statistics.median(self.judged(pairs))
        if self.sense == "within":
            return abs(median - 1) <= self.target
        return median >= self.target if self.sense == "at least" else median <= self.target

    def words(self) -> str:
        """The target for a person."""
        if self.sense == "within":
            return f"1 ± {self.target:g}"
        sign = "≥" if self.sense == "at least" else "≤"
        if self.form == "ratio":
            return f"{sign} {self.target:g}x"
        return f"{sign} {self.target:g} {self.unit}" + (" more" * (self.form == "difference"))


class Kept:
    """The pairs of all rows so far, in a file that is written after each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.results: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    def pairs(self, key: str) -> list[Pair]:
        """What is known of a row."""
        return [(a, b) for a, b in self.results.get(key, {}).get("pairs", [])]

    def add(self, key: str, pair: Pair) -> None:
        """One more pair of a row."""
        self.results[key] = {"pairs": [*self.pairs(key), pair]}
        self._write()

    def miss(self, key: str, reason: str) -> None:
        """A row that cannot be measured here."""
        self.results[key] = {"missing": reason}
        self._write()

    def forget(self, keys: Iterable[str]) -> None:
        """Start rows anew."""
        for key in keys:
            self.results.pop(key, None)
        self._write()

    def _write(self) -> None:
        self._path.write_text(json.dumps(self.results, indent=1))


def figure(value: float) -> str:
    """A figure with three digits that count."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def line(row: Row, result: dict[str, Any] | None) -> list[str]:
    """The cells of a row: what, against, both medians, ratio with its range, target, met."""
    names = [row.what, row.against]
    if result is None:
        return [*names, "–", "–", "not measured", row.words(), "–"]
    if "missing" in result:
        return [*names, "–", "–", result["missing"], row.words(), "–"]
    pairs: list[Pair] = [(ours, reference) for ours, reference in result["pairs"]]
    judged = row.judged(pairs)
    ours, reference = (figure(statistics.median(side)) for side in zip(*pairs, strict=True))
    spread = f"{figure(min(judged))}–{figure(max(judged))}"
    return [
        *names,
        f"{ours} {row.unit}",
        "–" if row.form == "value" else f"{reference} {row.unit}",
        f"**{figure(statistics.median(judged))}** ({spread}, n = {len(pairs)})",
        row.words(),
        "yes" if row.met(pairs) else "**no**",
    ]


def table(rows: list[Row], results: dict[str, Any]) -> str:
    """The table in Markdown."""
    titles = "what | against | ours | reference | ratio (least–most) | target | met"
    lines = [f"| {titles} |", "|---|---|---:|---:|---:|---:|---|"]
    lines += ["| " + " | ".join(line(row, results.get(row.key))) + " |" for row in rows]
    return "\n".join(lines)
