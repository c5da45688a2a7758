"""The data set's card: a README.md that people and the Hugging Face Hub read.

It follows from dataset.json alone, so equal builds have equal cards. A README.md that somebody
else wrote is never touched.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shards.base.files import write_atomic
from shards.base.keys import SPLITS, counts_in_words
from shards.base.names import printable
from shards.base.size import size_words
from shards.records.layout import carries_background, keeps_instances
from shards.records.mixture import mixture_of

CARD = "README.md"
MARK = "<!-- written by depthmask; without this line it is yours and stays as it is -->"

_SIZES = (("n<1K", 10**3), ("1K<n<10K", 10**4), ("10K<n<100K", 10**5), ("100K<n<1M", 10**6))
_LARGEST = "1M<n<10M"
_LISTED_CATEGORIES = 100
_FIELDS = {
    "image.jpg": "the composite, 8-bit RGB",
    "mask.png": "the objects' alpha as placed, together, 8-bit grey, soft edges",
    "instances.png": "whose each pixel is, 8-bit grey: i is objects[i - 1] of the json, 0 nobody's",
    "depth.png16": "the depth target, a 16-bit grey PNG of codes",
    "depth.jpg": "the depth target, an 8-bit grey JPEG of codes",
    "background.jpg": "the clean background, 8-bit RGB",
    "json": "the background and its crop; each object's foreground, category, boxes [x, y, w, h], "
    "area, visible share and truncation",
}


def write_card(folder: Path, manifest: dict[str, Any]) -> None:
    """Write README.md from dataset.json's contents, unless there is somebody else's."""
    path = folder / CARD
    if is_free(path.read_bytes() if path.is_file() else None) and not path.is_dir():
        write_atomic(path, card_of(manifest).encode("utf-8"))


def is_free(standing: bytes | None) -> bool:
    """Whether a README.md may be written where `standing` is its content, or None for none."""
    return standing is None or MARK.encode("ascii") in standing


def card_of(manifest: dict[str, Any]) -> str:
    """The text of the card: YAML front matter, then what the data set is and how to read it."""
    options, depth, stats = manifest["options"], manifest["depth"], manifest["stats"]
    samples = {split: manifest["splits"][split]["samples"] for split in SPLITS}
    size = size_words(options["size"])
    blocks = [
        _front_matter(manifest, samples),
        MARK,
        "# Composites with masks" + (" and depth" if depth else ""),
        f"{counts_in_words(samples)} samples of {size} pixels: "
        f"foregrounds composited over {len(manifest['sources']['bg']):,} backgrounds by depthmask. "
        "Licences are those of the pictures it was made from: name them here before you share it.",
        "## A sample",
        card_table(("field", "what"), [(f"`{name}`", _FIELDS[name]) for name in _fields(manifest)]),
        _background_words(options),
        _category_words(manifest),
    ]
    if depth is not None:
        blocks += ["## Depth", _depth_words(manifest)]
    blocks += ["## Reading it", _reading(manifest, samples), "## Mean and standard deviation"]
    moments = [
        (field, _numbers(stats[field]["mean"]), _numbers(stats[field]["std"]))
        for field in ("image", "mask", "depth", "background")
        if field in stats
    ]
    blocks += [
        "Of the stored pixels in [0, 1], over all samples:",
        card_table(("field", "mean", "std"), moments),
        "## How it was made",
        "The same sources with these options, versions and kind of processor give the same bytes.",
        card_table(
            ("option", "value"),
            [(name, card_cell(value)) for name, value in sorted(options.items())],
        ),
        card_table(
            ("package", "version"),
            [(name, card_cell(value)) for name, value in sorted(manifest["versions"].items())],
        ),
        "\n".join(
            f"- made under other versions: {card_cell(line)}" for line in mixture_of(manifest)
        ),
        f"Digest: `{manifest['digest']}`",
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _front_matter(manifest: dict[str, Any], samples: dict[str, int]) -> str:
    total = sum(samples.values())
    kind = next((name for name, bound in _SIZES if total < bound), _LARGEST)
    tasks = ["image-segmentation", "object-detection"] + ["depth-estimation"] * (
        manifest["depth"] is not None
    )
    lines = ["---", "pretty_name: Composites with masks", "task_categories:"]
    lines += [f"- {task}" for task in tasks]
    lines += ["tags:", "- synthetic", "- webdataset", "size_categories:", f"- {kind}"]
    if manifest["options"]["format"] == "tar":
        lines += ["configs:", "- config_name: default", "  data_files:"]
        for split, count in samples.items():
            if count:
                lines += [f"  - split: {split}", f"    path: {split}-*.tar"]
    return "\n".join([*lines, "---"])


def _fields(manifest: dict[str, Any]) -> list[str]:
    options = manifest["options"]
    wanted = {"image.jpg", "mask.png", "json"}
    if manifest["depth"] is not None:
        wanted.add("depth.png16" if options["depth_format"] == "png16" else "depth.jpg")
    if carries_background(options):
        wanted.add("background.jpg")
    if keeps_instances(options):
        wanted.add("instances.png")
    return [name for name in _FIELDS if name in wanted]


def _background_words(options: dict[str, Any]) -> str:
    if carries_background(options):
        return ""
    return (
        f"The clean backgrounds are in `background-*.{options['format']}`, each once: a sample's "
        "`json` names its own, and the place of that name in `sources.bg` of `dataset.json` is "
        "its key."
    )


def _category_words(manifest: dict[str, Any]) -> str:
    names = [f"{number} {card_cell(name)}" for number, name in enumerate(manifest["categories"], 1)]
    if not names:
        return ""
    more = len(names) - _LISTED_CATEGORIES
    words = "Categories of objects, by id: " + ", ".join(names[:_LISTED_CATEGORIES])
    return f"{words}, and {more:,} more." if more > 0 else f"{words}."


def _depth_words(manifest: dict[str, Any]) -> str:
    depth, teacher = manifest["depth"], manifest["teacher"] or {"name": "unknown"}
    grows = "larger is nearer" if depth["kind"] == "inverse" else "larger is farther"
    return (
        f"value = {depth['offset']:g} + {depth['scale']:.6g} x code, {depth['kind']} depth in "
        f"{card_cell(depth['unit'])} ({grows}), one scale over the whole data set; {depth['bits']} "
        f"bits at {size_words(depth['size'])}, by the teacher {card_cell(teacher['name'])}."
    )


def _reading(manifest: dict[str, Any], samples: dict[str, int]) -> str:
    split = next(split for split in SPLITS if samples[split])
    ours = [
        "    import depthmask",
        "",
        f'    samples = depthmask.open_dataset("FOLDER").split("{split}")',
        "    samples[0].image, samples[0].mask, samples[0].depth, samples[0].background",
        "    samples[0].objects, samples[0].instances",
    ]
    if manifest["options"]["format"] != "tar":
        return "\n".join(ours)
    theirs = [
        "    from datasets import load_dataset",
        "",
        f'    samples = load_dataset("FOLDER", split="{split}", streaming=True)',
    ]
    return "\n".join([*theirs, "", "or, with every field decoded and at any position,", "", *ours])


def card_table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Rows of text as a Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _numbers(values: list[float]) -> str:
    return ", ".join(f"{value:.4f}" for value in values)


def card_cell(value: Any) -> str:
    """A value from plan.json, escaped for a table: a stranger may have chosen it."""
    return printable(str(value)).replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
