"""What makes two entries of `sources` one: the bytes of their files, and the part they show."""

import hashlib
from collections.abc import Mapping
from typing import Any


def identity_of(source: Mapping[str, Any]) -> str:
    """The identity of an entry of plan.json's `sources`.

    That of a picture that is used whole, with its own alpha, is its SHA-256. Otherwise it is the
    SHA-256 of three lines, without a last newline: the picture's, its alpha file's (empty for
    none), and the part's number (empty for the whole).
    """
    alpha, part = source["alpha"], source["part"]
    if alpha is None and part is None:
        return str(source["sha256"])
    lines = (source["sha256"], alpha["sha256"] if alpha else "", "" if part is None else str(part))
    return hashlib.sha256("\n".join(lines).encode("ascii")).hexdigest()
