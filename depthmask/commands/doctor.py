"""The command that looks at the machine itself."""

import json

import click

from depthmask.terminal.console import reports


@click.command()
@reports
def doctor(json_wanted: bool) -> None:
    """Show what this machine has of what depthmask can use: status 1 if something is in the way.

    Versions, cores, memory, disk, torch devices, picture codecs, optional extras, and which
    weights are here so that they need no network.

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
