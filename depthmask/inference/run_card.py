"""The card of a run: a README.md about its best network, for people and the Hugging Face Hub.

It follows from best.pt and the data sets' own records. A README.md that somebody else wrote is
never touched (`shards/records/card.py` has the mark that says so).
"""

import contextlib
import dataclasses
import shlex
from pathlib import Path
from typing import Any

from depthmask.inference.exported_net import heads_of, sees_background
from depthmask.inference.run_scores import keep_scores, kept_scores
from depthmask.models.checkpoint import BEST, Checkpoint, read_checkpoint
from depthmask.recipes.train_options import TrainOptions
from shards.base.errors import InputError
from shards.base.files import write_atomic
from shards.base.keys import SPLITS, counts_in_words
from shards.base.size import size_words
from shards.base.version import __version__
from shards.places.place import place_of
from shards.reading.open import open_dataset
from shards.records.card import CARD, MARK, card_cell, card_table, is_free

_CONFIG = "config.toml"
_TASKS = {"mask": "image-segmentation", "depth": "depth-estimation"}
_SCORES = {
    "mask_iou": "mask IoU at 0.5",
    "mask_dice": "mask Dice",
    "mask_mae": "mask MAE",
    "depth_rmse": "depth RMSE in [0, 1]",
    "depth_delta1": "depth delta1",
    "depth_abs_rel": "depth AbsRel",
}


def write_run_card(path: Path) -> None:
    """Write README.md beside the checkpoint at `path`, unless somebody else wrote one."""
    card = path.parent / CARD
    if card.is_dir() or not is_free(card.read_bytes() if card.is_file() else None):
        return
    checkpoint = read_checkpoint(path)
    evaluated = kept_scores(path.parent, checkpoint.scores.get("step"))
    text = run_card(checkpoint, path.name, evaluated)
    write_atomic(card, text.encode("utf-8"))


def note_scores(path: Path, evaluated: dict[str, Any]) -> None:
    """Keep what `evaluate` found of a run's best network, {split: scores}, for its card and report.

    Nothing where the folder may not be written: such a run was evaluated all the same.
    """
    if path.name != BEST or not (path.parent / _CONFIG).is_file():
        return
    with contextlib.suppress(OSError):
        keep_scores(path.parent, read_checkpoint(path).scores.get("step"), evaluated)
        write_run_card(path)


def run_card(checkpoint: Checkpoint, name: str, evaluated: dict[str, Any]) -> str:
    """The text of the card of a checkpoint of the file `name`."""
    heads = heads_of(checkpoint.spec)
    blocks = [
        _front_matter(heads),
        MARK,
        f"# {' and '.join(heads).capitalize()} from pictures",
        _what(checkpoint, heads),
        "Its licence follows from yours, and from those of the pictures and of the weights that "
        "it began with: name it here before you share it.",
        "## Data",
        *_data(checkpoint.options),
        "## Scores",
        *_scores(checkpoint.scores, evaluated),
        "## Using it",
        _use(checkpoint, name),
        "## How it was trained",
        f"    {_command(checkpoint.options)}",
        f"depthmask {__version__}; `config.toml` has every option, `metrics.csv` every epoch.",
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _front_matter(heads: tuple[str, ...]) -> str:
    lines = ["---", "library_name: depthmask", f"pipeline_tag: {_TASKS[heads[0]]}", "tags:"]
    return "\n".join([*lines, *(f"- {_TASKS[head]}" for head in heads), "- depthmask", "---"])


def _what(checkpoint: Checkpoint, heads: tuple[str, ...]) -> str:
    spec = checkpoint.spec
    network = f"timm's {spec.backbone}" if spec.network == "timm" else f"network {spec.network}"
    sees = "a composite and its clean background" if sees_background(spec) else "single pictures"
    weights = sum(tensor.numel() for tensor in checkpoint.weights.values())
    text = (
        f"{network}, {weights / 1e6:.1f} million numbers, trained on {sees} at "
        f"{size_words(checkpoint.size)} pixels. It gives {' and '.join(heads)} at the picture's "
        "own size."
    )
    coding = checkpoint.coding
    if coding is not None:
        grows = "larger is nearer" if coding.kind == "inverse" else "larger is farther"
        low, high = coding.offset, coding.offset + coding.scale * coding.largest
        text += (
            f" Depth is {coding.kind}, in {card_cell(coding.unit)} ({grows}), from {low:.4g} to "
            f"{high:.4g}."
        )
    return text[0].upper() + text[1:]


def _data(options: dict[str, Any]) -> list[str]:
    """A table of the data sets that the training read; an address only if it was opened before."""
    rows = []
    for folder in options.get("shards", []):
        place = place_of(folder)
        if not place.is_known():
            rows.append((card_cell(str(place)), "never opened here", ""))
            continue
        try:
            manifest = open_dataset(folder).members[0].manifest
        except InputError:
            rows.append((card_cell(Path(folder).name), "not there any more", ""))
            continue
        counts = {split: manifest["splits"][split]["samples"] for split in SPLITS}
        words = counts_in_words(counts)
        rows.append((card_cell(Path(folder).name), words, f"`{manifest['digest']}`"))
    if not rows:
        return ["Drawn while it was trained: `config.toml` names the pictures."]
    return [card_table(("data set", "samples", "digest"), rows)]


def _scores(best: dict[str, Any], evaluated: dict[str, Any]) -> list[str]:
    """Tables: the best epoch's scores, then what `evaluate` found, by foreground."""
    rows = [(what, f"{best[name]:.4f}") for name, what in _SCORES.items() if name in best]
    blocks = []
    if rows:
        blocks.append(
            f"After epoch {best['epoch']:.0f}, on up to 500 samples of val, which training never "
            "saw:"
        )
        blocks.append(card_table(("score", "value"), rows))
    for split, found in evaluated.items():
        rows = [
            (
                f"{task} {name.replace('_', ' ')}",
                f"{value:,}" if isinstance(value, int) else f"{value:.4f}",
            )
            for task in ("mask", "depth")
            for name, value in found.get(task, {}).items()
            if isinstance(value, int | float)
        ]
        blocks.append(f"`depthmask evaluate`, on all {found['samples']:,} samples of {split}:")
        blocks.append(card_table(("score", "value"), rows))
        for role in ("foreground", "category"):
            by_name = found.get("mask", {}).get(f"by_{role}", {})
            if by_name:
                ordered = sorted(by_name.items(), key=lambda item: item[1])
                each = [(card_cell(name), f"{iou:.4f}") for name, iou in ordered]
                blocks.append(card_table((f"{role} of {split}", "mean mask IoU"), each))
    return blocks or ["No samples were held out: there are none."]


def _use(checkpoint: Checkpoint, name: str) -> str:
    pair = sees_background(checkpoint.spec)
    given = "image, background" if pair else "image"
    behind = " --background empty.jpg" if pair else ""
    fields = [f"found.{head}" for head in heads_of(checkpoint.spec)]
    if "found.mask" in fields:
        fields.append("found.cutout")
    lines = [
        "import depthmask",
        "",
        f'network = depthmask.load("{name}")',
        f"found = network.predict({given})     # PIL pictures, or uint8 (H, W, 3)",
        ", ".join(fields),
        "",
        f"# or: depthmask predict {name} --image shot.jpg{behind} --out found",
        f"# or, as a file for other programs: depthmask export {name} network.onnx",
    ]
    return "\n".join(f"    {line}".rstrip() for line in lines)


def _command(options: dict[str, Any]) -> str:
    """The command that trains it again: the options that are not the defaults."""
    words = ["depthmask", "train"]
    for field in dataclasses.fields(TrainOptions):
        value = options.get(field.name)
        if value is None or value == field.default or str(value) == str(field.default):
            continue
        flag = "--" + field.name.replace("_", "-")
        if isinstance(value, bool):
            words.append(flag if value else f"--no-{flag[2:]}")
            continue
        for each in value if isinstance(value, list) else [value]:
            words += [flag, str(each)]
    return shlex.join(card_cell(word) for word in words)
