"""Fills in what the docs take from the code: tables of options, and every command's help.

MkDocs calls `on_page_markdown`. `{options MODULE.CLASS}` becomes a table, `{commands}` the helps.
"""

import dataclasses
import importlib
import re
from typing import Any

import click

from depthmask.commands.cli import cli

_OPTIONS = re.compile(r"^\{options ([\w.]+)\.(\w+)\}$", re.MULTILINE)


def on_page_markdown(markdown: str, **others: Any) -> str:
    """The page with its placeholders filled in."""
    filled = _OPTIONS.sub(lambda match: options_table(match[1], match[2]), markdown)
    return filled.replace("{commands}", command_pages())


def options_table(module: str, name: str) -> str:
    """A dataclass's fields as a Markdown table: option, default, meaning."""
    rows = ["| field | default | |", "|---|---|---|"]
    for field in dataclasses.fields(getattr(importlib.import_module(module), name)):
        required = field.default is dataclasses.MISSING
        default = "required" if required else f"`{field.default}`"
        what = field.metadata.get("help", "").replace("|", "\\|")
        rows.append(f"| `{field.name}` | {default} | {what} |")
    return "\n".join(rows)


def command_pages() -> str:
    """Every command's help, a section each."""
    context = click.Context(cli, info_name="depthmask")
    parts = []
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        if command is not None:
            inner = click.Context(command, info_name=name, parent=context, max_content_width=90)
            parts.append(f"## {name}\n\n```text\n{command.get_help(inner)}\n```")
    return "\n\n".join(parts)
