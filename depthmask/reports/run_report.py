"""The contents of a training run's report: options, scores by epoch, curves and pictures."""

import csv
import math
import tomllib
from pathlib import Path
from typing import Any

from depthmask.inference.run_scores import kept_scores
from depthmask.reports.curves import NAMES, run_curves
from depthmask.reports.embedded_pictures import embed_file
from shards.base.errors import InputError

_WEIGHTS = "best.pt"
_GRID = "grid.png"
_ON_VAL = ("mask_iou", "mask_dice", "mask_mae", "depth_rmse", "depth_delta1", "depth_abs_rel")
_MORE = ""


def run_facts(path: Path) -> dict[str, Any]:
    """Everything the template `run.html` shows of the training run in `path`."""
    rows = _metrics(path)
    best = max(rows, key=_quality)
    options = _options(path / "config.toml")
    names = [name for name in rows[0] if name != "epoch"]
    scores = [(NAMES[name], _number(best[name])) for name in _ON_VAL if best.get(name)]
    return {
        "name": path.resolve().name,
        "described": _describe(options),
        "minutes": f"{float(rows[-1].get('minutes') or 0):.1f}",
        "options": [(name, _option_text(value)) for name, value in sorted(options.items())],
        "best_epoch": best["epoch"],
        "on_val": bool(scores),
        "best": scores or [(NAMES["train_loss"], _number(best["train_loss"]))],
        "head": ["epoch", *(NAMES.get(name, name.replace("_", " ")) for name in names)],
        "rows": [[row["epoch"], *(_number(row[name]) for name in names)] for row in rows],
        "curves": run_curves(rows),
        "grid": embed_file(path / _GRID) if (path / _GRID).is_file() else None,
        "evaluated": _evaluated(path, best),
        "survey": _survey(path, options.get("shards", [])),
    }


def _evaluated(path: Path, best: dict[str, str]) -> dict[str, Any]:
    """A column of scores for each split that `evaluate` has seen, and how many samples it had."""
    step = best.get("step")
    kept = kept_scores(path, float(step) if step else None)
    found = {
        split: {
            f"{task}_{name}": value
            for task in ("mask", "depth")
            for name, value in scores.get(task, {}).items()
            if not isinstance(value, dict)
        }
        for split, scores in kept.items()
    }
    names = dict.fromkeys(name for scores in found.values() for name in scores)
    return {
        "samples": [(split, scores["samples"]) for split, scores in kept.items()],
        "rows": [
            [
                NAMES.get(name, name.replace("_", " ")),
                *(_score(each.get(name)) for each in found.values()),
            ]
            for name in names
        ],
    }


def _score(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _quality(row: dict[str, str]) -> float:
    """What made the training take an epoch's network as its best."""
    from depthmask.training.epoch_scores import selection_score

    found = selection_score({name: float(value) for name, value in row.items() if value})
    return -math.inf if math.isnan(found) else found


def _describe(options: dict[str, Any]) -> dict[str, str]:
    """In words: the network that a run trained, and what with; empty where it does not say."""
    network = options.get("network", "")
    return {
        "network": _option_text(options.get("backbone", "") if network == "timm" else network),
        "data": _option_text(options.get("shards") or options.get("fg", "")),
    }


def _option_text(value: Any) -> str:
    """An option's value as people write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _survey(path: Path, folders: Any) -> dict[str, Any]:
    """What single val samples show; importing torch takes a while, so only where weights are."""
    if not (path / _WEIGHTS).is_file():
        return {"fault": f"there is no {_WEIGHTS} in the run's folder"}
    from depthmask.reports.run_survey import survey_run

    named = folders if isinstance(folders, list) else [folders]
    if not named:
        return {"fault": "its samples were drawn as it went on: no data set holds them"}
    return survey_run(path / _WEIGHTS, [str(folder) for folder in named])


def _options(path: Path) -> dict[str, Any]:
    """The options of a run, none where it has no config.toml."""
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, OSError, RecursionError) as error:
        raise InputError(
            str(path),
            expected="the options that `depthmask train` wrote",
            found=str(error),
            remedy="take the file away to have a report without them",
        ) from None


def _metrics(path: Path) -> list[dict[str, str]]:
    try:
        text = (path / "metrics.csv").read_text(encoding="utf-8-sig")
        rows = list(csv.DictReader(text.splitlines(), restkey=_MORE, restval=""))
    except (ValueError, OSError, csv.Error) as error:
        raise _no_metrics(path, str(error)) from None
    if not rows or "epoch" not in rows[0] or "train_loss" not in rows[0]:
        raise _no_metrics(path, f"{len(rows)} lines of another kind")
    for number, row in enumerate(rows, 1):
        for name, value in row.items():
            if name == _MORE or ((value or name == "train_loss") and not _is_number(value)):
                raise _no_metrics(path, f"{value!r} for {name or 'a score'} in line {number}")
    return rows


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _no_metrics(path: Path, found: str) -> InputError:
    return InputError(
        str(path / "metrics.csv"),
        expected="a line for each epoch, as `depthmask train` writes them",
        found=found,
        remedy="give the folder of a run that has ended an epoch",
    )


def _number(text: str) -> str:
    try:
        return f"{float(text):.4g}"
    except ValueError:
        return text
