"""shards/records/schema.py, through the manifest and records of a built data set"""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.build import BuildResult
from shards.base.checks import WrongValueError
from shards.base.errors import InputError
from shards.records.manifest import MANIFEST, PLAN, read_manifest, read_plan, read_record
from shards.records.schema import check_manifest, check_plan, check_record


@pytest.fixture
def manifest(plain_build: BuildResult) -> dict[str, Any]:
    return read_manifest(plain_build.out)


@pytest.fixture
def record(plain_build: BuildResult) -> dict[str, Any]:
    found = read_record(plain_build.out, "train-000000.tar")
    assert found is not None
    return found.to_json()


def put(values: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of `values` with another value at `path`."""
    changed = copy.deepcopy(values)
    inner: Any = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


DEEP: list[Any] = []
for _ in range(900):
    DEEP = [DEEP]

WRONG_PLANS: list[tuple[tuple[Any, ...], Any]] = [
    (("options", "size"), 64),
    (("options", "size"), [64, 10**9]),
    (("options", "size"), [15, 64]),
    (("options", "size"), [64]),
    (("options", "samples"), 0),
    (("options", "seed"), DEEP),
    (("sources", "fg"), DEEP),
    (("options", "size"), [64.0, 64]),
    (("options", "size"), [64, True]),
    (("options", "format"), "zip"),
    (("options", "format"), "../tar"),
    (("options", "samples_per_shard"), 0),
    (("options", "fg_scale"), [0.9, 0.1]),
    (("options", "fg_scale"), [0.4]),
    (("options", "val_fraction"), float("nan")),
    (("sources", "fg", 0, "name"), "/etc/passwd"),
    (("sources", "fg", 0, "name"), "../outside.png"),
    (("sources", "bg", 1, "name"), "a//b"),
    (("sources", "bg", 1, "name"), "a\0b"),
    (("sources", "bg", 1, "name"), "\ud800"),
    (("sources", "bg", 1, "split"), "best"),
    (("sources", "bg"), []),
    (("sources", "bg"), {}),
    (("skipped",), None),
    (("depth",), {"kind": "metric"}),
    (("options",), []),
]


@pytest.mark.parametrize(("path", "value"), WRONG_PLANS)
def test_a_plan_with_a_wrong_value_is_refused_by_its_place(
    path: tuple[Any, ...], value: Any, manifest: dict[str, Any]
) -> None:
    check_plan(manifest)
    with pytest.raises(WrongValueError) as caught:
        check_plan(put(manifest, path, value))
    assert str(path[0]) in caught.value.where


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "disparity"},
        {"bits": 0},
        {"size": [65, 32]},
        {"size": [32, 65]},
        {"size": 32},
        {"scale": 0},
        {"scale": float("inf")},
        {"offset": "0"},
    ],
)
def test_a_depth_coding_without_a_meaning_is_refused(
    change: dict[str, Any], manifest: dict[str, Any]
) -> None:
    depth = {"kind": "metric", "unit": "m", "bits": 12, "size": [32, 48], "scale": 0.1, "offset": 0}
    with_depth = manifest | {"depth": depth, "teacher": {"name": "some", "weights_sha256": "0"}}
    check_plan(with_depth)
    with pytest.raises(WrongValueError, match=r"depth\."):
        check_plan(with_depth | {"depth": depth | change})
    with pytest.raises(WrongValueError, match="teacher"):
        check_plan(with_depth | {"teacher": None})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("shards", 0, "name"), "../../x.tar"),
        (("shards", 0, "name"), "train-000007.tar"),
        (("shards", 0, "samples"), 26),
        (("shards", 0, "split"), "val"),
        (("shards", 0, "sha256"), "0"),
        (("splits", "train", "samples"), 10**9),
        (("splits", "val", "samples"), -1),
        (("splits", "val", "shards"), 3),
        (("backgrounds",), []),
        (("stats", "image", "mean"), ["a", "b", "c"]),
        (("stats", "splits", "train", "mask", "std"), [2]),
        (("digest",), 5),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(
    path: tuple[Any, ...], value: Any, manifest: dict[str, Any]
) -> None:
    check_manifest(manifest)
    with pytest.raises(WrongValueError):
        check_manifest(put(manifest, path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("name",), "/tmp/train-000000.tar"),
        (("name",), "val-000000.tar"),
        (("samples",), 24),
        (("first",), -1),
        (("sums", "image"), [[1, 2]]),
        (("sums", "mask", 0), [0, 0, 0]),
        (("sums", "mask", 0), [10, 100, 1]),
        (("sums", "colour"), [[1, 1, 1]]),
        (("clipped",), 1.5),
        (("extra",), "field"),
    ],
)
def test_a_record_that_no_shard_has_is_refused(
    path: tuple[Any, ...], value: Any, record: dict[str, Any]
) -> None:
    check_record(record)
    with pytest.raises(WrongValueError):
        check_record(put(record, path, value))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[" * 100_000, "recursion"),
        ('{"format": 1, "x": NaN}', "NaN"),
        ('{"format": ' + "9" * 5000 + "}", "digits"),
        ('"\udcff"', "decode"),
        ("[]", "format None"),
        ('{"format": 2}', "none"),
    ],
)
@pytest.mark.parametrize("name", [PLAN, MANIFEST])
def test_hostile_json_is_refused_in_a_sentence(
    name: str, text: str, found: str, plain_build: BuildResult, tmp_path: Path
) -> None:
    copied = Path(shutil.copytree(plain_build.out, tmp_path / "copy"))
    (copied / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    read: Callable[[Path], object] = read_plan if name == PLAN else read_manifest
    with pytest.raises(InputError, match=rf"{name}.*expected.*{found}"):
        read(copied)


def test_a_sentence_shows_no_terminal_command(plain_build: BuildResult, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(plain_build.out, tmp_path / "copy"))
    plan = json.loads((copied / PLAN).read_bytes())
    hostile = put(plan, ("options", "format"), "\x1b[2Jtar\n\ud800")
    (copied / PLAN).write_text(json.dumps(hostile))
    with pytest.raises(InputError) as caught:
        read_plan(copied)
    assert r"\x1b[2Jtar\n\ud800" in str(caught.value)


@pytest.mark.parametrize("name", ["size", "samples", "seed", "fg_scale", "format"])
def test_a_plan_without_an_option_is_refused(name: str, manifest: dict[str, Any]) -> None:
    options = {key: value for key, value in manifest["options"].items() if key != name}
    with pytest.raises(WrongValueError, match=f"options.{name}: expected this entry, found none"):
        check_plan(manifest | {"options": options})
