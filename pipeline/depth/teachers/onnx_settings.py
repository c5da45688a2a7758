"""What an ONNX file does not say itself: FILE.json beside FILE.onnx.

    {"kind": "inverse", "unit": "relative", "range": [0, 20],
     "input": {"layout": "NCHW", "height": 518, "width": 518, "filter": "bicubic",
               "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]},
     "output": "predicted_depth"}

Every entry may be left out; `kind` must then come from --depth-kind.
"""

import json
from pathlib import Path
from typing import Any

from shards.base.checks import WrongValueError, listing, one_of, or_none, real, table, text, whole
from shards.base.errors import InputError
from shards.base.retrying import retry_passing

_MOST_BYTES = 65_536
_three = listing(real(-1e6, 1e6), 3, 3)
_INPUT = {
    "layout": one_of("NCHW", "NHWC"),
    "height": whole(14, 4096),
    "width": whole(14, 4096),
    "filter": one_of("bilinear", "bicubic"),
    "mean": _three,
    "std": listing(real(1e-6, 1e6), 3, 3),
}
_ALL = {
    "kind": one_of("metric", "inverse"),
    "unit": text(r"[^\x00-\x1f]{1,40}", "a unit in a few letters"),
    "range": or_none(listing(real(-1e30, 1e30), 2, 2)),
    "input": table({}, _INPUT),
    "output": text(".{1,200}", "the name of an output"),
}


def read_settings(path: Path) -> dict[str, Any]:
    """The settings in a JSON file, checked; an empty table where there is no file.

    InputError names the first entry that is wrong or that nobody knows.
    """
    try:
        data = retry_passing(path, lambda: _begin(path))
    except FileNotFoundError:
        return {}
    try:
        if len(data) > _MOST_BYTES:
            raise WrongValueError("all of it", f"at most {_MOST_BYTES} bytes", "more")
        settings: dict[str, Any] = json.loads(data)
        table({}, _ALL)(settings, "")
        _refuse_unknown(settings, _ALL)
        _refuse_unknown(settings.get("input", {}), _INPUT)
        limits = settings.get("range")
        if limits is not None and not limits[0] < limits[1]:
            raise WrongValueError("range", "the smaller number first", limits)
    except WrongValueError as error:
        where, expected, found = f"{path}: {error.where}", error.expected, error.found
    except (ValueError, RecursionError) as error:
        where, expected, found = str(path), "settings in JSON", str(error) or "too deep a nesting"
    else:
        return settings
    remedy = "see docs/teachers.md for what may stand there"
    raise InputError(where, expected=expected, found=found, remedy=remedy)


def _begin(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MOST_BYTES + 1)


def _refuse_unknown(settings: dict[str, Any], known: dict[str, Any]) -> None:
    for name in settings:
        if name not in known:
            raise WrongValueError(name, "one of " + ", ".join(known), "an entry of that name")
