"""Names that others chose: made safe to show, and kept below the folder they belong to."""

import os
import unicodedata
from pathlib import Path

_UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Categories that move the cursor, colour the terminal, turn the text round, or cannot be sent."""

_LEFT_BY_SYSTEMS = ("thumbs.db", "desktop.ini", "@eadir", "__macosx", ".ds_store", "lost+found")


def printable(text: str) -> str:
    r"""The text with every character that could trouble a terminal as its escape: \n, \x1b, \udcff.

    File names may hold anything but a zero: line breaks, terminal commands, bytes that are no
    UTF-8 (Python has them as lone surrogates).
    """
    if text.isprintable():
        return text
    return "".join(
        c.encode("unicode_escape").decode("ascii") if unicodedata.category(c) in _UNSAFE else c
        for c in text
    )


def is_left_by_system(name: str) -> bool:
    """Whether operating systems leave files or folders of that name behind."""
    return name.casefold() in _LEFT_BY_SYSTEMS


def is_put_there(name: str) -> bool:
    """Whether a person may have put a file or folder there: not hidden, not left by a system."""
    return not name.startswith(".") and not is_left_by_system(name)


def holds_nothing(folder: Path) -> bool:
    """Whether a folder is empty, apart from files that systems leave behind."""
    return all(is_left_by_system(path.name) for path in folder.iterdir())


def stays_below(name: str) -> bool:
    """Whether a name from a manifest is a path of a file below the folder it is joined to."""
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return False
    parts = name.split("/")
    return not (name.startswith("/") or "\0" in name or any(p in ("", ".", "..") for p in parts))
