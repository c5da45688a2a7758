"""evaluated.json of a run: what `evaluate` has found of its best network, by split."""

import json
from pathlib import Path
from typing import Any

from shards.base.checks import WrongValueError, mapping, one_of, or_none, real, table, text, whole
from shards.base.files import write_atomic
from shards.base.keys import SPLITS

EVALUATED = "evaluated.json"

_number = real(-1e12, 1e12)
_named = table({"name": text(".*", "text"), "iou": _number})


def _check_mask(value: Any, where: str) -> None:
    """Scores of masks: numbers, tables of them by name, and the worst of each."""
    table({})(value, where)
    for name, found in value.items():
        check = mapping(_number) if name.startswith("by_") else _number
        (_named if name.startswith("worst_") else check)(found, f"{where}.{name}")


_check_scores = table(
    {"samples": whole(1, 10**12)}, {"mask": _check_mask, "depth": mapping(_number)}
)
_check_kept = table({"step": or_none(_number), "splits": mapping(_check_scores)})
_check_split = one_of(*SPLITS)


def keep_scores(folder: Path, step: float | None, found: dict[str, Any]) -> dict[str, Any]:
    """Add scores by split to those kept of the network of `step`; all that are kept now."""
    splits = kept_scores(folder, step) | found
    kept = {split: splits[split] for split in SPLITS if split in splits}
    text = json.dumps({"step": step, "splits": kept}, indent=1)
    write_atomic(folder / EVALUATED, text.encode())
    return kept


def kept_scores(folder: Path, step: float | None) -> dict[str, Any]:
    """{split: scores} of the network of `step`; nothing where they are another's, or unreadable."""
    try:
        kept = json.loads((folder / EVALUATED).read_bytes())
        _check_kept(kept, "")
        for split in kept["splits"]:
            _check_split(split, split)
    except (OSError, ValueError, RecursionError, WrongValueError):
        return {}
    splits: dict[str, Any] = kept["splits"]
    return splits if kept["step"] == step else {}
