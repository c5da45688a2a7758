"""Commands that describe: data sets, runs, networks, this machine."""

import json
import sys
from pathlib import Path

import click

from depthmask.commands.click_types import PLACE, word_type
from depthmask.commands.shared_options import workers_option
from depthmask.terminal.console import answer_paths, open_console, open_table, reports
from shards.base.size import Size, size_text


@click.command()
@click.argument("shards", type=PLACE, metavar="SHARDS...", nargs=-1, required=True)
@click.option(
    "--recompute", is_flag=True, help="Read every pixel again; fails unless all sums agree."
)
@workers_option
@reports
def stats(
    shards: tuple[Path, ...], recompute: bool, workers: int | None, json_wanted: bool
) -> None:
    """Show what a data set holds: counts, bytes, sources, mean/std, areas, objects.

    Several data sets are described as they are read together. Without --recompute objects are
    counted in up to 10,000 samples, evenly spread.

    \b
    Examples:
      depthmask stats shards
      depthmask stats shards --json | python -m json.tool
      depthmask stats shards --recompute
    """
    from rich.console import Console

    from depthmask.reports.stats import dataset_stats
    from depthmask.terminal.bars import open_progress
    from depthmask.terminal.stats_tables import stats_tables

    with open_progress(open_console()) as progress:
        bar = progress.add_task("reading", total=None, visible=recompute)
        facts = dataset_stats(
            shards,
            recompute=recompute,
            workers=workers,
            tick=lambda samples: progress.advance(bar, samples),
        )
    if json_wanted:
        click.echo(json.dumps(facts, indent=1))
    else:
        width = None if sys.stdout.isatty() else 120
        Console(width=width).print(stats_tables(facts))


@click.command()
@click.argument("path", type=PLACE, metavar="PATH")
@click.option("--out", type=PLACE, help="File to write.  [default: NAME-report.html]")
@reports
def report(path: Path, out: Path | None, json_wanted: bool) -> None:
    """Write one HTML file about a data set or a training run; it needs no network.

    \b
    Examples:
      depthmask report shards
      depthmask report runs/first --out first.html
    """
    from depthmask.reports.report import write_report

    answer_paths([write_report(path, out)], json_wanted)


@click.command()
@click.option(
    "--backbone",
    "backbones",
    multiple=True,
    metavar="NAME",
    default=("tf_efficientnet_lite0",),
    show_default=True,
    help="timm encoder to list; again for more.",
)
@click.option(
    "--size",
    type=word_type(Size),
    default="224",
    show_default=True,
    help="Size of pictures for the FLOPs.",
)
@reports
def networks(backbones: tuple[str, ...], size: Size, json_wanted: bool) -> None:
    """List every network: parameters, their sum over calls, FLOPs, and what it sees.

    A layer that is called twice counts twice over calls (as in torchsummary), otherwise once. FLOPs
    are those of one pair of pictures, a multiplication and an addition counted as two.

    \b
    Examples:
      depthmask networks
      depthmask networks --backbone resnet50 --backbone convnext_atto --json
    """
    from rich.console import Console

    from depthmask.models.network_facts import all_facts

    facts = all_facts(backbones, size)
    if json_wanted:
        click.echo(json.dumps([each.to_json() for each in facts], indent=1))
        return
    table = open_table(
        "network", "parameters", "over calls", f"GFLOPs at {size_text(size)}", "input"
    )
    table.columns[-1].justify = "left"
    for each in facts:
        counts = (f"{each.parameters:,}", f"{each.parameters_over_calls:,}")
        table.add_row(each.name, *counts, f"{each.flops / 1e9:,.2f}", each.input)
    Console().print(table)


@click.command()
@reports
def doctor(json_wanted: bool) -> None:
    """Check this machine for all that depthmask uses; status 1 if there is a problem.

    Versions, cores, memory, disk, torch devices, picture codecs, optional extras, and which
    weights are installed and need no network.

    \b
    Examples:
      depthmask doctor
      depthmask doctor --json
    """
    from rich.console import Console

    from depthmask.reports.doctor import examine
    from depthmask.terminal.doctor_table import doctor_tables

    facts = examine()
    if json_wanted:
        click.echo(json.dumps(facts, indent=1))
    else:
        Console().print(doctor_tables(facts))
    if facts["complaints"]:
        raise click.exceptions.Exit(1)
