"""Canonical JSON: equal values, equal bytes; keys sorted, no NaN."""

import json
from typing import Any

_COMPACT = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def decode_json(data: bytes) -> dict[str, Any]:
    """A table of names and values; ValueError where the bytes hold anything else."""
    try:
        values = json.loads(data)
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None
    if not isinstance(values, dict):
        raise ValueError("JSON that is no table of names and values")
    return values


def encode_json(value: Any) -> bytes:
    """Canonical compact JSON: sorted keys, no spaces, ASCII."""
    return _COMPACT.encode(value).encode("ascii")


def document(value: Any) -> bytes:
    """Canonical JSON for people: sorted keys, one item a line, ASCII, a newline at the end."""
    return (json.dumps(value, sort_keys=True, indent=1) + "\n").encode("ascii")
