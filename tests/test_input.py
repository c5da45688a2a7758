"""docs/input.md: every row of its table, and that the table is the one that is run here"""

import contextlib
import fnmatch
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from input_kinds import KINDS, Kind, table

from pipeline.sources import check_sources
from shards.errors import InputError


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
    except InputError as error:
        return str(error), "", None
    assert len(found) == kind.count
    return "used, with a warning" if remarks else "used", found[0].name, found[0].size


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.what)
def test_every_kind_of_input_meets_what_the_table_says(kind: Kind, open_folder: Path) -> None:
    kind.make(open_folder)
    with as_nobody():
        words, name, size = outcome_of(kind, open_folder)
    if kind.outcome.startswith("used"):
        assert (words, name, size) == (kind.outcome, kind.name, kind.size)
    else:
        assert fnmatch.fnmatch(words, f"*{kind.outcome}*".replace("[", "[[]"))
        assert words.count("\n") == 0


def test_the_document_holds_this_table() -> None:
    document = Path(__file__).parents[1] / "docs" / "input.md"
    assert table() in document.read_text(encoding="utf-8")
