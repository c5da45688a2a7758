"""A folder of single files for others to read: taken once, each file whole, the same again."""

from pathlib import Path
from typing import Any

from shards.base.canonical_json import document
from shards.base.errors import InputError, RunError
from shards.base.files import create_if_absent, remove_temporaries, write_whole
from shards.base.names import holds_nothing


def take_plain_folder(out: Path, mark: str, facts: dict[str, Any]) -> None:
    """Make `out` ready for files that follow from `facts`, or continue with these.

    `mark` is the file that holds the facts. InputError where `out` holds something else.
    """
    path = out / mark
    begun = path.is_file() and path.read_bytes() == document(facts)
    if not begun and out.exists() and (not out.is_dir() or not holds_nothing(out)):
        raise InputError(
            str(out),
            expected="a new or empty folder, or the same conversion begun before",
            found="a folder that holds something else",
            remedy="name another folder",
        )
    out.mkdir(parents=True, exist_ok=True)
    create_if_absent(path, document(facts))
    for folder in (out, *out.glob("*/"), *out.glob("*/*/")):
        remove_temporaries(folder)


def ensure_file(path: Path, data: bytes) -> bool:
    """Write a file unless it has these bytes, and read it again; says whether it was written."""
    if path.is_file() and path.read_bytes() == data:
        return False
    write_whole(path, data)
    if path.read_bytes() != data:
        raise RunError(
            str(path),
            expected="the bytes that were written",
            found="others",
            remedy="check the disk; the same command resumes",
        )
    return True
