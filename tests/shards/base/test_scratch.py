"""shards/base/scratch.py"""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from shards.base.scratch import Scratch, remove_abandoned


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_folders_of_living_owners_stay_and_those_of_dead_ones_go(tmp_path: Path) -> None:
    mine = Scratch()
    program = (
        "import os, tempfile; from shards.base.scratch import Scratch\n"
        f"tempfile.tempdir = {str(tmp_path)!r}\n"
        "scratch = Scratch()\n"
        "(scratch.path / 'half').write_text('made')\n"
        "os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", program], check=False)
    assert len(list(tmp_path.iterdir())) == 2
    assert remove_abandoned() == 1
    assert list(tmp_path.iterdir()) == [mine.path]
    mine.remove()
    mine.remove()
    assert not list(tmp_path.iterdir())


def test_files_of_others_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "depthmask-notes").mkdir()
    (tmp_path / "depthmask-scratch-file").write_text("no folder, yet nobody's")
    remove_abandoned()
    assert (tmp_path / "depthmask-notes").is_dir()
