"""The contents of a data set's report: facts, a gallery, charts, and how to make it again."""

import dataclasses
import shlex
from pathlib import Path
from typing import Any

from markupsafe import Markup

from depthmask.reports.charts import area_histogram, depth_histogram, position_map
from depthmask.reports.dataset_survey import Survey, survey_dataset
from depthmask.reports.gallery import ColourScale, choose_samples, colour_scale, gallery_card
from depthmask.reports.stats import dataset_stats
from pipeline.planning.options import BuildOptions
from pipeline.planning.plan import TAKEN_OVER
from pipeline.sources.source import alpha_lies_beside
from shards.base.keys import SPLITS
from shards.pixels.depth_coding import DepthCoding
from shards.reading.dataset import Dataset
from shards.reading.open import open_dataset
from shards.reading.sample import Sample
from shards.records.manifest import build_id, read_plan

GALLERY_SAMPLES = 24
SURVEY_SAMPLES = 2000
_LISTED_SOURCES = 200


def dataset_facts(path: Path) -> dict[str, Any]:
    """Everything the template `dataset.html` shows of the data set in `path`."""
    dataset = open_dataset(path)
    stats = dataset_stats(path)
    survey = survey_dataset(dataset, SURVEY_SAMPLES)
    scale = colour_scale(dataset.depth, survey.depth_codes)
    manifest = dataset.manifest
    name = path.resolve().name
    gallery = choose_samples(dataset, GALLERY_SAMPLES)
    return {
        "name": name,
        "stats": stats,
        "moments": _moment_rows(stats["stats"]),
        "provenance": _provenance_rows(dataset),
        "manifest": manifest,
        "depth": dataset.depth,
        "scale": scale,
        "survey": survey,
        "taken_over": TAKEN_OVER in manifest,
        "build": build_command(manifest, only_changed=True),
        "full_build": build_command(manifest, only_changed=False),
        "gallery": [gallery_card(sample, name, scale, dataset.categories) for sample in gallery],
        "categories": [name for name in dataset.categories if name],
        "names": sorted({name for sample in gallery for name in _names(sample)}),
        "charts": _charts(dataset, survey, scale),
        "sources": {role: _source_rows(manifest["sources"][role], survey, role) for role in _ROLES},
    }


_ROLES = ("fg", "bg")


def _names(sample: Sample) -> set[str]:
    """The sources that a sample shows."""
    info = sample.info
    return {info["background"], *(each["foreground"] for each in info["objects"])}


def build_command(manifest: dict[str, Any], *, only_changed: bool) -> list[str]:
    """The command that builds with the identity options of a dataset.json, in parts, one a line.

    The folders of sources are no part of a data set: FG, BG, ALPHA and OUT, say, stand for them.
    `only_changed` leaves out what is this version's default.
    """
    fields = {field.name: field for field in dataclasses.fields(BuildOptions)}
    options = manifest["options"]
    parts = ["depthmask build-dataset", *_folders(manifest["sources"])]
    for name, field in fields.items():  # no other name of a stranger's gets into a command
        value = options.get(name)
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        if not field.metadata["identity"] or value is None or (only_changed and value == default):
            continue
        flag = "--" + name.replace("_", "-")
        if value is False:
            if not field.metadata["flags"]:
                parts.append(flag.replace("--", "--no-", 1))
        elif value is True:
            parts.append(flag)
        else:
            if name == "size":
                value = "x".join(map(str, value))
            words = value if isinstance(value, list) else [value]
            parts.append(" ".join([flag, *(shlex.quote(str(word)) for word in words)]))
    return parts


def _folders(sources: dict[str, Any]) -> list[str]:
    """The options that name folders, with words that stand for these."""
    parts = ["--fg FG --bg BG --out OUT"]
    files = ((source["name"], source["alpha"]) for source in sources["fg"])
    if any(alpha and not alpha_lies_beside(name, alpha["name"]) for name, alpha in files):
        parts.append("--fg-alpha ALPHA")
    if "distractors" in sources:
        parts.append("--distractors DISTRACTORS")
    return parts


def _moment_rows(stats: dict[str, Any]) -> list[list[str]]:
    def numbers(of: dict[str, Any], field: str, key: str) -> str:
        return "\n".join(f"{value:.4f}" for value in of[field][key]) if field in of else ""

    train = stats["splits"]["train"]
    return [
        [field, *(numbers(of, field, key) for of in (stats, train) for key in ("mean", "std"))]
        for field in ("image", "mask", "depth", "background")
        if field in stats
    ]


def _provenance_rows(dataset: Dataset) -> list[tuple[str, str]]:
    manifest, coding = dataset.manifest, dataset.depth
    rows = [("digest", dataset.digest), ("build", build_id(read_plan(dataset.path)))]
    if coding is not None:
        teacher = manifest["teacher"]
        high = coding.offset + coding.scale * coding.largest
        rows += [
            ("depth teacher", teacher["name"]),
            ("depth mode", manifest["options"].get("depth_mode", "not known")),
            ("its weights", teacher["weights_sha256"]),
            ("depth values", f"{coding.kind}, {coding.unit}, {coding.offset:g} to {high:g}"),
            ("stored as", f"{coding.bits} bits at {coding.size[0]} × {coding.size[1]}"),
            ("outside the range", _clipped_text(dataset, coding)),
        ]
    versions = (f"{name} {version}" for name, version in manifest["versions"].items())
    return [*rows, ("made with", ", ".join(versions))]


def _clipped_text(dataset: Dataset, coding: DepthCoding) -> str:
    """How many of all depth values lay outside the declared range, in words."""
    records = [dataset.record(shard["name"]) for shard in dataset.manifest["shards"]]
    clipped = sum(record.clipped for record in records if record is not None)
    share = clipped / (len(dataset) * coding.size[0] * coding.size[1])
    return f"{clipped:,} values ({share:.2g} of all), clipped" if clipped else "no value"


def _charts(dataset: Dataset, survey: Survey, scale: ColourScale | None) -> dict[str, Markup]:
    charts = {
        "area": area_histogram(
            survey.areas, label="Histogram of the foreground's share of the picture, by split"
        ),
        "position": position_map(
            survey.centres, label="Map of where on the canvas the foregrounds' middles lie"
        ),
    }
    coding = dataset.depth
    if coding is not None and scale is not None and survey.depth_codes is not None:
        charts["depth"] = depth_histogram(
            survey.depth_codes,
            coding.offset,
            coding.offset + coding.scale * coding.largest,
            scale.colour_of,
            unit=coding.unit,
            label=f"Histogram of depth values in {coding.unit}",
        )
    return charts


def _source_rows(sources: list[dict[str, Any]], survey: Survey, role: str) -> dict[str, Any]:
    """Sources with the samples that show them, most first; at most so many that a page holds."""
    uses = survey.uses[role]
    ordered = sorted(sources, key=lambda source: (-uses[source["name"]], source["name"]))
    most = max(uses.values(), default=1)
    rows = [
        source | {"samples": uses[source["name"]], "share": uses[source["name"]] / most}
        for source in ordered[:_LISTED_SOURCES]
    ]
    splits = [split for split in SPLITS if any(source["split"] == split for source in sources)]
    return {"rows": rows, "unlisted": len(sources) - len(rows), "splits": splits}
