"""The table of speed: every target, measured against its reference within one run.

    python tests/benchmarks/speed_table.py --out FOLDER [--fg FOLDER --bg FOLDER] [--only ROW]...
        [--redo] [--rounds 5] [--workers 2] [--docs docs/benchmarks.md]

Both sides of a row are taken in turn, ROUNDS times; the table shows the median of the ratios. What
is found goes into OUT/speed.json after each pair, so a run can be stopped and gone on with; --redo
measures the rows named by --only again. With --prepare only what rows need (pictures, data sets)
is made; with --docs the table goes into that file, between its markers.
"""

import os
import platform
import time
from collections.abc import Iterator
from pathlib import Path

import click
from speed_material import Material
from speed_row import Kept, table
from speed_rows import GROUPS, ROWS

MARKER = "speed"


def measure(
    group: str, keys: list[str], kept: Kept, material: Material, rounds: int
) -> Iterator[str]:
    """Measure rows of a group until each has enough pairs; a line after each round."""
    try:
        measuring = GROUPS[group](material)
        while any(len(kept.pairs(key)) < rounds for key in keys):
            begin = time.perf_counter()
            found = next(measuring)
            for key in keys:
                kept.add(key, found[key])
            yield f"{group}, {time.perf_counter() - begin:.0f} s: " + ", ".join(
                f"{key} {ours / reference if reference else ours:.3g}"
                for key, (ours, reference) in found.items()
            )
        measuring.close()  # type: ignore[attr-defined]
    except ModuleNotFoundError as error:
        for key in keys:
            kept.miss(key, str(error))


def words(material: Material) -> str:
    """Where the figures come from."""
    pictures = [len(list(root.iterdir())) for root in (material.fg, material.bg)]
    return (
        f"{os.cpu_count()} {platform.machine()} cores, {material.workers} workers, "
        f"{pictures[0]} foregrounds and {pictures[1]} backgrounds, samples of 224 pixels."
    )


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True)
@click.option("--fg", type=click.Path(path_type=Path), help="Foregrounds.  [default: drawn]")
@click.option("--bg", type=click.Path(path_type=Path), help="Backgrounds.  [default: drawn]")
@click.option("--only", multiple=True, metavar="ROW", help="Rows to measure, instead of all.")
@click.option("--rounds", default=5, help="Pairs of each row.")
@click.option("--redo", is_flag=True, help="Forget what is kept of the rows named by --only.")
@click.option("--workers", default=2, help="Processes of a build.")
@click.option("--prepare", is_flag=True, help="Only make the data sets that rows need.")
@click.option("--docs", type=click.Path(path_type=Path), help="File whose table to replace.")
def main(
    out: Path,
    fg: Path | None,
    bg: Path | None,
    only: tuple[str, ...],
    rounds: int,
    redo: bool,
    workers: int,
    prepare: bool,
    docs: Path | None,
) -> None:
    """Measure what is missing, and print the table (or place it in --docs)."""
    out.mkdir(parents=True, exist_ok=True)
    material = Material.of(out, fg, bg, workers)
    if prepare:
        material.read_set("lmdb")
        material.large_set()
        return
    unknown = set(only) - {row.key for row in ROWS}
    if unknown:
        raise click.BadParameter(f"no row {', '.join(sorted(unknown))}", param_hint="--only")
    kept = Kept(out / "speed.json")
    if redo:
        kept.forget(only)
    for group in GROUPS:
        keys = [row.key for row in ROWS if row.group == group and (row.key in only or not only)]
        for said in measure(group, keys, kept, material, rounds):
            click.echo(said, err=True)
    text = f"{words(material)}\n\n{table(ROWS, kept.results)}"
    click.echo(text)
    if docs is not None:
        from systems_markdown import place_between

        place_between(docs, MARKER, text)


if __name__ == "__main__":
    main()
