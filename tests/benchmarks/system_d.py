"""A data set of system D's size, built without depth and in layered mode, for real.

    python tests/benchmarks/system_d.py FOLDER [--samples N] [--workers N] [--delete]

Draws 102 scenes and 104 cars into FOLDER/sources, then builds FOLDER/none and FOLDER/layered:
every car on every scene, mirrored too, at 20 places, 224 pixels, split by sample as system D was:
424,320 samples. Each build runs in a process of its own; the same command again goes on with what
is there, and its times are then those of the rest. Prints time, bytes, peak memory and the
mean and std beside system D's. --delete deletes a data set once it is measured, so that only one
needs room: `--samples 2000` first says how much (the whole plan takes 212 times as much).
"""

import json
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
from build_usage import own_peak_mb

from depthmask.drawing.sample_data import SampleDataOptions, draw_sample_data
from pipeline.build import build_dataset
from pipeline.planning.options import BuildOptions
from shards.reading.open import open_dataset

SCENES, CARS = 102, 104
MODES = ("none", "layered")
SYSTEM_D: dict[str, Any] = {
    "samples": 424_320,
    "gigabytes": 7 + 2 + 0.76,
    "image": ((0.393, 0.379, 0.361), (0.197, 0.181, 0.178)),
    "mask": ((0.163,), (0.360,)),
    "depth": ((0.0878,), (0.0157,)),
}
"""System D as published: its depth pass alone took 108 minutes on a GPU, at 65 maps a second."""


def options_of(folder: Path, mode: str, samples: int | None, workers: int | None) -> BuildOptions:
    """The build of one mode: the whole plan, or `samples` of it."""
    depth = {"depth_model": "none"} if mode == "none" else {"depth_mode": "layered"}
    return BuildOptions(
        fg=folder / "sources" / "cars",
        bg=folder / "sources" / "scenes",
        out=folder / mode,
        split_by="sample",
        val_fraction=0.2,
        samples=samples,
        workers=workers,
        **depth,
    )


def measure_build(options: BuildOptions) -> dict[str, Any]:
    """Build here and now: what a line of the table says of it."""
    begin = time.perf_counter()
    result = build_dataset(options)
    seconds = time.perf_counter() - begin
    dataset = open_dataset(options.out)
    entries = dataset.manifest["shards"] + dataset.manifest["backgrounds"]
    return {
        "samples": sum(result.samples.values()),
        "seconds": seconds,
        "kept": result.shards_kept,
        "gigabytes": sum(entry["bytes"] for entry in entries) / 1e9,
        "parent": own_peak_mb(),
        "worker": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
        "digest": result.digest,
        "clipped": result.clipped,
        "stats": dataset.stats,
    }


def measure_apart(
    folder: Path, mode: str, samples: int | None, workers: int | None
) -> dict[str, Any]:
    """`measure_build` in a fresh process, so that its peak memory is its own."""
    command = [sys.executable, __file__, str(folder), "--measure", mode]
    command += [] if samples is None else ["--samples", str(samples)]
    command += [] if workers is None else ["--workers", str(workers)]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    facts: dict[str, Any] = json.loads(found.stdout)
    return facts


def show_builds(measured: dict[str, dict[str, Any]]) -> None:
    """A line for each build, and one for system D."""
    click.echo("| build | samples | time | samples/s | GB | parent | largest worker | clipped |")
    click.echo("|---|---|---|---|---|---|---|---|")
    for mode, facts in measured.items():
        rate = facts["samples"] / facts["seconds"]
        note = f" (after {facts['kept']} shards kept)" if facts["kept"] else ""
        click.echo(
            f"| {mode}{note} | {facts['samples']:,} | {facts['seconds'] / 60:.1f} min | {rate:,.0f}"
            f" | {facts['gigabytes']:.2f} | {facts['parent']:.0f} MB | {facts['worker']:.0f} MB"
            f" | {facts['clipped']:,} |"
        )
    click.echo(
        f"| system D | {SYSTEM_D['samples']:,} | 108 min, depth alone | 65, depth alone"
        f" | {SYSTEM_D['gigabytes']:.2f} | | | |\n"
    )


def show_moments(stats: dict[str, Any]) -> None:
    """Mean and std beside system D's."""
    click.echo("| field | mean | std | system D's mean | system D's std |\n|---|---|---|---|---|")
    for field in ("image", "mask", "depth", "background"):
        cells = [stats[field][key] for key in ("mean", "std")] + list(SYSTEM_D.get(field, ((), ())))
        texts = [" ".join(f"{value:.4f}" for value in values) for values in cells]
        click.echo(f"| {field} | " + " | ".join(texts) + " |")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--samples", type=int, help="Fewer than the whole plan, to try it.")
@click.option("--workers", type=int, help="Worker processes.")
@click.option("--delete", is_flag=True, help="Delete each data set once it is measured.")
@click.option("--measure", type=click.Choice(MODES), hidden=True)
def main(
    folder: Path, samples: int | None, workers: int | None, delete: bool, measure: str | None
) -> None:
    """Draw, build, measure and print."""
    if measure is not None:
        click.echo(json.dumps(measure_build(options_of(folder, measure, samples, workers))))
        return
    if not (folder / "sources").exists():
        half_drawn = folder / "half-drawn"
        shutil.rmtree(half_drawn, ignore_errors=True)
        draw_sample_data(
            SampleDataOptions(out=half_drawn, scenes=SCENES, cars=CARS, people=0, signs=0)
        )
        half_drawn.rename(folder / "sources")
    measured = {}
    for mode in MODES:
        measured[mode] = measure_apart(folder, mode, samples, workers)
        if delete:
            shutil.rmtree(folder / mode)
    show_builds(measured)
    show_moments(measured["layered"]["stats"])
    rates = [facts["samples"] / facts["seconds"] for facts in measured.values()]
    click.echo(f"\nlayered runs at {rates[1] / rates[0]:.2f} of the rate without depth")
    for mode, facts in measured.items():
        click.echo(f"digest of {mode}: {facts['digest']}")


if __name__ == "__main__":
    main()
