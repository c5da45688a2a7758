"""What was tried so far, over all runs: saved as it grows, so that nothing is counted twice."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from shards.base.files import write_atomic

OUTCOMES = ("read", "refused", "FOUND")
"""Whole after all; refused in a sentence of ours; anything else."""


@dataclasses.dataclass(slots=True)
class Ledger:
    """Counts and processor seconds by target, and what was found; kept in `path`."""

    path: Path
    targets: dict[str, dict[str, float]] = dataclasses.field(default_factory=dict)
    finds: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    children: int = 0
    died: int = 0

    @classmethod
    def open(cls, path: Path) -> "Ledger":
        """The ledger of earlier runs, or an empty one."""
        return cls(path, **json.loads(path.read_bytes())) if path.exists() else cls(path)

    def save(self) -> None:
        """Write it, whole."""
        values = {name: getattr(self, name) for name in ("targets", "finds", "children", "died")}
        write_atomic(self.path, json.dumps(values, indent=1).encode())

    def add(self, report: dict[str, Any]) -> list[str]:
        """Count what a child reports; the places of finds that are new."""
        for name, counts in report["targets"].items():
            row = self.targets.setdefault(name, dict.fromkeys((*OUTCOMES, "seconds"), 0))
            for key, value in counts.items():
                row[key] += value
        return [find["where"] for find in report["finds"] if self._note(find)]

    def _note(self, find: dict[str, Any]) -> bool:
        for known in self.finds:
            if known["where"] == find["where"]:
                known["times"] += 1
                return False
        self.finds.append(find | {"times": 1})
        return True

    @property
    def seconds(self) -> float:
        """Processor seconds spent on inputs."""
        return sum(row["seconds"] for row in self.targets.values())

    def table(self) -> str:
        """The counts as a table of docs/design-notes/hostile-files.md."""
        lines = [
            "| target | inputs | read | refused | found | processor minutes |",
            "|---|---:|---:|---:|---:|---:|",
        ]
        total = {key: sum(r[key] for r in self.targets.values()) for key in (*OUTCOMES, "seconds")}
        for name, row in [*sorted(self.targets.items()), ("all", total)]:
            read, refused, found = (int(row[key]) for key in OUTCOMES)
            lines.append(
                f"| {name} | {read + refused + found:,} | {read:,} | {refused:,} | {found:,} "
                f"| {row['seconds'] / 60:.1f} |"
            )
        lines.append(f"\n{self.children} processes, {self.died} died; {len(self.finds)} places")
        return "\n".join(lines)
