"""What `stats` found, as tables for a terminal."""

from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from depthmask.terminal.console import open_table
from shards.base.keys import BACKGROUND, SPLITS
from shards.base.names import printable
from shards.base.size import size_words


def _size_text(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:,.0f} {unit}" if unit == "B" else f"{size:,.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} TB"


def _floats(values: list[float]) -> str:
    return "\n".join(f"{value:.4f}" for value in values)


def stats_tables(facts: dict[str, Any]) -> Group:
    """The facts of `dataset_stats` as tables for a terminal."""
    counts = open_table("split", "samples", "shards", "foregrounds", "backgrounds", title="Samples")
    for split in SPLITS:
        of_split = facts["splits"][split]
        sources = [facts["sources"][role]["splits"] for role in ("fg", "bg")]
        kinds = [str(s.get(split, s.get("both", 0))) for s in sources]
        if split == "test" and not of_split["samples"] and not any("test" in s for s in sources):
            continue
        counts.add_row(split, f"{of_split['samples']:,}", f"{of_split['shards']:,}", *kinds)
    sources_table = open_table("sources", "count", "width", "height", title="Sources")
    for role, name in (("fg", "foregrounds"), ("bg", "backgrounds")):
        of_role = facts["sources"][role]
        spans = ["-".join(str(side) for side in of_role[axis]) for axis in ("width", "height")]
        sources_table.add_row(name, f"{of_role['count']:,}", *spans)
    sizes = open_table("field", "bytes", "a sample", title="Storage")
    for field, size in facts["bytes"]["fields"].items():
        each = "" if field.startswith(BACKGROUND + ":") else _size_text(size / facts["samples"])
        sizes.add_row(field, _size_text(size), each)
    sizes.add_row("all files", _size_text(facts["bytes"]["files"]), "")
    moments = open_table(
        "field", "mean", "std", "train mean", "train std", title="Pixels in [0, 1]"
    )
    for field in ("image", "mask", "depth", "background"):
        if field in facts["stats"]:
            train = facts["stats"]["splits"]["train"].get(field, {"mean": [], "std": []})
            both = (facts["stats"][field], train)
            moments.add_row(field, *(_floats(of[key]) for of in both for key in ("mean", "std")))
    tables = [_area_table(facts), *_object_tables(facts["objects"])]
    return Group(counts, sources_table, sizes, moments, *tables, _footer(facts))


def _area_table(facts: dict[str, Any]) -> Table:
    area = facts["foreground_area"]
    title = f"Foreground's share of the area ({area['samples']:,} samples)"
    table = open_table(*(f"{float(q):.0%}" for q in area["quantiles"]), "mean", title=title)
    table.add_row(*(f"{v:.3f}" for v in area["quantiles"].values()), f"{area['mean']:.3f}")
    return table


def _object_tables(objects: dict[str, Any]) -> list[Table]:
    of = f"({objects['samples']:,} samples)"
    categories = open_table("category", "id", "objects", "samples", title=f"Objects {of}")
    for name, found in objects["categories"].items():
        shown = printable(name) or "not known"
        numbers = [f"{found[key]:,}" for key in ("id", "objects", "samples")]
        categories.add_row(shown, *numbers)
    categories.add_row("all", "", f"{objects['objects']:,}", f"{objects['samples']:,}")
    per_sample = open_table(*objects["per_sample"], title="Samples by their number of objects")
    per_sample.add_row(*(f"{count:,}" for count in objects["per_sample"].values()))
    if not objects["objects"]:
        return [categories, per_sample]
    quantiles = [f"{float(q):.0%}" for q in objects["area"]["quantiles"]]
    shares = open_table("share of an object", *quantiles, "mean", title="Objects' measures")
    for key, name in (
        ("area", "seen, of the picture"),
        ("visible", "not hidden"),
        ("truncation", "outside the picture"),
    ):
        of_key = objects[key]
        values = [*of_key["quantiles"].values(), of_key["mean"]]
        shares.add_row(name, *(f"{value:.3f}" for value in values))
    return [categories, per_sample, shares]


def _footer(facts: dict[str, Any]) -> Text:
    depth = facts["depth"]
    lines = [f"size     {size_words(facts['size'])}"]
    if depth is None:
        lines.append("depth    none")
    else:
        layered = ", layered" if facts["teacher"]["layered"] else ""
        lines.append(
            f"depth    {facts['teacher']['name']}{layered}: {depth['kind']}, {depth['unit']}, "
            f"{depth['bits']} bits at {size_words(depth['size'])}"
        )
    objects = facts["objects"]
    sizes = ", ".join(f"{count:,} {name}" for name, count in objects["sizes"].items() if count)
    lines.append(f"objects  {sizes or 'none'} (small: under 32 x 32 pixels, large: from 96 x 96)")
    if objects["truncated"]:
        lines.append(f"         {objects['truncated']:,} cross an edge of the picture")
    if objects["omitted"]:
        lines.append(f"         {objects['omitted']:,} were left out: they found no free place")
    if facts["left_out"]:
        lines.append(f"left out {facts['left_out']:,} samples: other sets hold out their sources")
    lines += [f"mixed    {line}" for line in facts["mixed"]]
    lines.append(f"left out {len(facts['skipped'])} files")
    lines += [
        f"         {printable(entry['path'])}: {printable(entry['reason'])}"
        for entry in facts["skipped"][:10]
    ]
    how = "read again, equal to the build's" if facts["recomputed"] else "as the build wrote them"
    lines += [f"moments  {how}", f"digest   {facts['digest']}"]
    return Text("\n".join(lines))
