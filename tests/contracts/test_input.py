"""docs/input.md: every row of its table, and that the table is the one that is run here"""

import contextlib
import fnmatch
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from input_kinds import KINDS, STOPS, Kind, table

from pipeline.sources.check import check_sources
from shards.base.errors import InputError, RunError
from shards.reading.open import open_dataset


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Root reads every file: give up the rights of root for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that nobody, too, may enter."""
    folder = Path(tempfile.mkdtemp(prefix="depthmask-test-"))
    folder.chmod(0o755)
    yield folder
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture(scope="module", autouse=True)
def _everything_is_imported(sources: Path) -> None:
    """Nobody may not read this Python: what is imported late must be there already."""
    check_sources(sources / "fg", "fg", lambda done, total: None)


def outcome_of(kind: Kind, folder: Path) -> tuple[str, str, tuple[int, int] | None]:
    """What `check_sources` makes of a row: words, name and size."""
    remarks: list[str] = []
    try:
        found, _ = check_sources(
            folder, kind.role, lambda done, total: None, lambda name, words: remarks.append(name)
        )
    except (InputError, RunError) as error:
        return STOPS * isinstance(error, RunError) + str(error), "", None
    assert len(found) == kind.count
    return "used, with a warning" if remarks else "used", found[0].name, found[0].size


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.what)
def test_every_kind_of_input_meets_what_the_table_says(kind: Kind, open_folder: Path) -> None:
    kind.make(open_folder)
    with as_nobody() if "may not be read" in kind.what else contextlib.nullcontext():
        words, name, size = outcome_of(kind, open_folder)
    if kind.outcome.startswith("used"):
        assert (words, name, size) == (kind.outcome, kind.name, kind.size)
    else:
        pattern = kind.outcome.replace(STOPS, STOPS + "*")
        assert fnmatch.fnmatch(words, f"*{pattern}*".replace("[", "[[]"))
        assert words.count("\n") == 0


def test_the_document_holds_this_table() -> None:
    document = Path(__file__).parents[2] / "docs" / "input.md"
    assert table() in document.read_text(encoding="utf-8")


def depthmask(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process where Pillow's warnings are errors."""
    command = [sys.executable, "-W", "error:::PIL", "-m", "depthmask", *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def test_the_command_shows_every_name_and_reason(tmp_path: Path) -> None:
    kinds = {kind.what: kind for kind in KINDS}
    fg, bg, out = tmp_path / "fg", tmp_path / "bg", str(tmp_path / "shards")
    for folder in (fg, bg):
        folder.mkdir()
    kinds["a foreground opaque everywhere"].make(fg)
    kinds["terminal commands in the name"].make(fg)
    kinds["JPEG with a broken EXIF block"].make(bg)
    with open(bytes(bg) + b"/\xff\nx.png", "wb") as file:
        file.write(b"no picture")
    build = ["build-dataset", "--fg", str(fg), "--bg", str(bg), "--out", out, "--size", "32"]
    done = depthmask(*build, "--depth-model", "none", "--samples", "6", "--workers", "1")
    assert done.returncode == 0
    assert "fg/picture" in done.stderr
    assert "opaque everywhere: used as a rectangle" in done.stderr
    assert r"bg/\udcff\nx.png" in done.stderr
    assert "not a picture" in done.stderr
    assert "\x1b[31m" not in done.stderr + done.stdout
    assert "Warning" not in done.stderr
    stats = depthmask("stats", out)
    assert stats.returncode == 0
    assert r"bg/\udcff\nx.png: not a picture" in stats.stdout
    strict = depthmask(*build, "--strict", "--overwrite")
    assert strict.returncode == 2
    assert r"bg/\udcff\nx.png: expected every file to be usable (--strict)" in strict.stderr
    assert len(open_dataset(out)) == 6
