"""What `doctor` found, as tables for a terminal."""

from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from depthmask.terminal.console import counted

_NAME_WIDTH = 33
_OF_DEVELOPERS = ("dev", "docs")
"""Extras that only developers of depthmask need."""


def doctor_tables(facts: dict[str, Any]) -> Group:
    """The facts of `depthmask.reports.doctor.examine` for a person; complaints come last."""
    return Group(
        _table("this machine", _machine_rows(facts)),
        _table(
            "optional extras: pip install 'depthmask[NAME]' adds one",
            [
                (extra, _packages(packages))
                for extra, packages in facts["extras"].items()
                if extra not in _OF_DEVELOPERS
            ],
        ),
        _table("versions", list(facts["versions"].items())),
        _verdict(facts["complaints"]),
    )


def _table(title: str, rows: list[tuple[str, str]]) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", show_header=False, box=None
    )
    table.add_column(min_width=_NAME_WIDTH, no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(Text(f"  {name}"), Text(value))
    table.add_row()
    return table


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:,.1f} GB"


def _machine_rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    machine, torch = facts["machine"], facts["torch"]
    memory = f"{_gigabytes(machine['available_bytes'])} of {_gigabytes(machine['memory_bytes'])}"
    rows = [
        ("system", machine["system"]),
        ("cores", str(machine["cores"])),
        ("memory available", memory),
    ]
    rows += [
        (f"disk free, {name}", _gigabytes(free)) for name, free in facts["disk_free_bytes"].items()
    ]
    if "fault" not in torch:
        rows.append(("torch", f"{counted(torch['threads'], 'thread')}, {torch['cpu']}"))
        rows += [(name, _device(device)) for name, device in torch["devices"].items()]
    codecs = (f"{name} {version or 'missing'}" for name, version in facts["codecs"].items())
    rows.append(("codecs", ", ".join(codecs)))
    rows += [
        (f"weights: {name}", "here" if there else "missing")
        for name, there in facts["weights"].items()
    ]
    return rows


def _device(device: dict[str, Any]) -> str:
    words = [device["name"]] if "name" in device else []
    if "memory_bytes" in device:
        words.append(_gigabytes(device["memory_bytes"]))
    words.append("bfloat16" if device["bf16"] else "no fast bfloat16: float32 is used")
    return ", ".join(words)


def _packages(packages: dict[str, str | None]) -> str:
    missing = [name for name, version in packages.items() if version is None]
    if missing:
        return f"missing {', '.join(missing)}"
    return ", ".join(f"{name} {version}" for name, version in packages.items())


def _verdict(complaints: list[dict[str, str]]) -> Text:
    if not complaints:
        return Text("no problems found", style="green")
    text = Text()
    for number, complaint in enumerate(complaints):
        text.append(("\n" if number else "") + complaint["what"], style="red")
        text.append("; ").append(complaint["remedy"], style="cyan")
    return text
