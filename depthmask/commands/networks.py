"""The command that lists networks."""

import click

from depthmask.commands.words import WHOLE
from depthmask.terminal.console import open_table, reports


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
@click.option("--size", type=WHOLE, default=224, show_default=True, help="Side for the FLOPs.")
@reports
def networks(backbones: tuple[str, ...], size: int, json_wanted: bool) -> None:
    """List every network: parameters, their sum over calls, FLOPs, and what it sees.

    A layer that is called twice counts twice over calls (as torchsummary has it), once else. FLOPs
    are those of one pair of pictures, a multiplication and an addition counted as two.

    \b
    Examples:
      depthmask networks
      depthmask networks --backbone resnet50 --backbone convnext_atto --json
    """
    import json

    from rich.console import Console

    from depthmask.models.network_facts import all_facts

    facts = all_facts(backbones, size)
    if json_wanted:
        click.echo(json.dumps([each.to_json() for each in facts], indent=1))
        return
    table = open_table("network", "parameters", "over calls", f"GFLOPs at {size}", "input")
    table.columns[-1].justify = "left"
    for each in facts:
        counts = (f"{each.parameters:,}", f"{each.parameters_over_calls:,}")
        table.add_row(each.name, *counts, f"{each.flops / 1e9:,.2f}", each.input)
    Console().print(table)
