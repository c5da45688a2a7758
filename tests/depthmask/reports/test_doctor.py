"""depthmask/reports/doctor.py, depthmask/terminal/doctor_table.py"""

import json
from importlib.metadata import requires

import pytest
import torch
from click.testing import CliRunner
from rich.console import Console

from depthmask.commands.cli import cli
from depthmask.reports import doctor
from depthmask.terminal.doctor_table import doctor_tables


def test_the_doctor_knows_every_package_that_setup_names() -> None:
    facts = doctor.examine()
    named = {*facts["versions"]}.union(*facts["extras"].values())
    required = {
        requirement.partition(";")[0].strip() for requirement in requires("depthmask") or []
    }
    assert all(any(text.startswith(name) for name in named) for text in required)
    assert facts["versions"]["torch"].partition("+")[0] == torch.__version__.partition("+")[0]
    assert facts["torch"]["devices"].keys() >= {"cpu"}
    assert facts["weights"] == dict.fromkeys(facts["weights"], True)
    assert json.loads(json.dumps(facts)) == facts


def test_too_little_disk_is_a_complaint_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_LITTLE_DISK", 1 << 60)
    result = CliRunner().invoke(cli, ["doctor", "--json"])
    complaints = json.loads(result.stdout)["complaints"]
    assert result.exit_code == 1
    assert "make room" in {complaint["remedy"] for complaint in complaints}
    assert all("MB free at" in complaint["what"] for complaint in complaints[:2])


def test_the_tables_hold_versions_devices_and_the_verdict() -> None:
    facts = doctor.examine() | {"complaints": []}
    console = Console(width=120)
    with console.capture() as captured:
        console.print(doctor_tables(facts))
    text = captured.get()
    for part in ("torch", "cores", "weights: densedepth-lite", "no problems found", "  cloud "):
        assert part in text
    assert "  docs " not in text  # extras for work on depthmask itself
