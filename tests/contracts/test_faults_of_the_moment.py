"""Every open, read, stat and listing of a build failing, once and for ever: never other bytes.

The faults are the system's own: tests/kit/faults.c stands between every process and the C library.
"""

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from faulty_builds import MATTING_SET, Faults, Kind, tiny_options
from PIL import Image

from pipeline.build import build_dataset
from shards.reading.open import open_dataset

TESTS = Path(__file__).parents[1]
ERRORS = ("EIO", "ESTALE", "EMFILE", "ENOMEM", "EINTR", "ETIMEDOUT")
PLACES = ("sources", "alpha files", "data set", "verify")
WEIGHTS = TESTS.parent / "pipeline" / "depth" / "weights"
NAMED = {
    "sources": ("/fg", "/bg"),
    "alpha files": ("/pha",),
    "verify": ("/warm",),
    "weights": ("/teachers",),
}
"""What a sentence names a file of, where no other file can be meant."""
FOR_EVER = 1 << 30
_SOME = 2
"""Calls of each kind that fail in the quick tests; the slow ones take all."""


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """tests/kit/faults.c, compiled."""
    built = tmp_path_factory.mktemp("library") / "faults.so"
    command = ["gcc", "-shared", "-fPIC", "-O1", "-o", str(built), str(TESTS / "kit" / "faults.c")]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no compiler for tests/kit/faults.c here: {error}")
    return built


class Laboratory:
    """A process that builds under faults, one build after the other."""

    def __init__(
        self, library: Path, work: Path, sources: Path, place: str, depth: str = "none"
    ) -> None:
        self._whole: dict[Kind, tuple[int, str]] = {}
        below = {
            "sources": f"{sources}/fg:{sources}/bg",
            "alpha files": f"{sources}/pha",
            "data set": f"{work}/shards:/proc",
            "verify": f"{work}/warm",
            "weights": str(sources),
            "teacher": f"{WEIGHTS}:{work}/shards:/proc/cpuinfo",
        }[place]
        Faults(work / "faults")
        command = [
            sys.executable,
            str(TESTS / "kit" / "faulty_builds.py"),
            str(sources),
            str(work),
            depth,
        ]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(library, work / "faults", below),
        )

    def build(self, kind: Kind, error: int, first: int, times: int) -> dict[str, Any]:
        """How a build ends of which calls from the `first` on fail, `times` of them."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        fault = {"kind": kind, "error": error, "first": first, "times": times}
        print(json.dumps(fault), file=self._process.stdin, flush=True)
        ending: dict[str, Any] = json.loads(self._process.stdout.readline())
        return ending

    def undisturbed(self, kind: Kind) -> tuple[int, str]:
        """How many calls of a kind a build makes where nothing fails, and its digest."""
        if kind not in self._whole:
            whole = self.build(kind, 0, 0, 0)
            self._whole[kind] = whole["calls"], whole["digest"]
        return self._whole[kind]

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=30)


def environment(library: Path, state: Path, below: str) -> dict[str, str]:
    paths = os.pathsep.join([str(TESTS / "kit"), str(TESTS.parent)])
    return os.environ | {
        "LD_PRELOAD": str(library),
        "FAULTS": str(state),
        "FAULTS_BELOW": below,
        "PYTHONPATH": paths,
    }


@pytest.fixture(scope="module")
def laboratory(
    library: Path, sources: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Laboratory]]:
    """The process whose calls fail at a place, by its name."""
    begun: dict[str, Laboratory] = {}

    def find(place: str) -> Laboratory:
        if place not in begun:
            depth = "verify" if place == "verify" else "none"
            work = tmp_path_factory.mktemp("work")
            files = matting_set(sources, work / MATTING_SET) if place == "alpha files" else sources
            begun[place] = Laboratory(library, work, files, place, depth)
        return begun[place]

    yield find
    for each in begun.values():
        each.close()


def matting_set(sources: Path, root: Path) -> Path:
    """The same pictures with the alpha of the foregrounds in a folder `pha`."""
    shutil.copytree(sources / "bg", root / "bg")
    for name in ("fg", "pha"):
        (root / name).mkdir()
    for path in sorted((sources / "fg").iterdir()):
        with Image.open(path) as picture:
            picture.convert("RGB").save(root / "fg" / path.name)
            picture.getchannel("A").save(root / "pha" / path.name)
    return root


def check(laboratory: Laboratory, kind: Kind, name: str, place: str, turns: range) -> None:
    """Fail the calls at `turns`, once and for ever: the same digest, or a sentence."""
    _, digest = laboratory.undisturbed(kind)
    # a kernel that says EINTR for ever would be asked for ever, by Python itself
    for times in (1, 100 if name == "EINTR" else FOR_EVER):
        for first in turns:
            ending = laboratory.build(kind, getattr(errno, name), first, times)
            where = f"{name} {times} times from {kind} {first} in {place}: {ending}"
            assert ending["failed"], where
            assert "broken" not in ending, where
            assert ending.get("digest", digest) == digest, where
            if times == 1 and place in NAMED:
                assert "digest" in ending, where
            # Python asks an open file for its size, and does without where that fails
            indifferent = kind == "stat" and "digest" in ending
            if times == FOR_EVER and place in NAMED and not indifferent:
                assert os.strerror(getattr(errno, name)) in ending["stopped"], where
                assert any(folder in ending["stopped"] for folder in NAMED[place]), where


def turns_of(laboratory: Laboratory, kind: Kind, error: str) -> range:
    """A few turns, other ones for each error, from the first to the last."""
    calls, _ = laboratory.undisturbed(kind)
    step = max(1, calls // _SOME)
    return range(1 + ERRORS.index(error) * step // len(ERRORS), calls + 1, step)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("error", ERRORS)
def test_a_call_that_fails_gives_the_same_digest_or_status_1(
    error: str, kind: Kind, place: str, laboratory: Callable[[str], Laboratory]
) -> None:
    process = laboratory(place)
    check(process, kind, error, place, turns_of(process, kind, error))


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("error", ERRORS)
def test_every_call_that_fails_gives_the_same_digest_or_status_1(
    error: str, kind: Kind, place: str, laboratory: Callable[[str], Laboratory]
) -> None:
    process = laboratory(place)
    calls, _ = process.undisturbed(kind)
    check(process, kind, error, place, range(1, calls + 1))


@pytest.mark.slow
@pytest.mark.parametrize("error", ["ESTALE", "ENOMEM"])
@pytest.mark.parametrize("kind", get_args(Kind))
def test_weights_and_layer_maps_hold_to_it_too(
    kind: Kind, error: str, library: Path, sources: Path, tmp_path: Path
) -> None:
    process = Laboratory(library, tmp_path, sources, "teacher", "densedepth-lite")
    try:
        calls, _ = process.undisturbed(kind)
        check(process, kind, error, "teacher", range(1, calls + 1, max(1, calls // 25)))
    finally:
        process.close()


@pytest.fixture(scope="module")
def weights(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """A process that reads weights of every kind."""
    for package in ("onnx", "onnxruntime", "transformers"):
        pytest.importorskip(package, reason="needs the extras `onnx` and `hf`")
    from faulty_weights import write_all

    work = tmp_path_factory.mktemp("weights")
    folder = work / "teachers"
    folder.mkdir()
    write_all(folder)
    process = Laboratory(library, work, folder, "weights", "weights")
    yield process
    process.close()


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("error", ["EIO", "EMFILE"])
def test_libraries_that_read_weights_hold_to_it_too(
    error: str, kind: Kind, weights: Laboratory
) -> None:
    check(weights, kind, error, "weights", turns_of(weights, kind, error))


@pytest.mark.slow
@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("error", ERRORS)
def test_libraries_that_read_weights_hold_to_it_at_every_call(
    error: str, kind: Kind, weights: Laboratory
) -> None:
    calls, _ = weights.undisturbed(kind)
    check(weights, kind, error, "weights", range(1, calls + 1, max(1, calls // 25)))


def command(work: Path, sources: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "depthmask", "build-dataset"),
        *("--fg", str(sources / "fg"), "--bg", str(sources / "bg"), "--out", str(work / "shards")),
        *("--size", "32", "--samples", "8", "--samples-per-shard", "4", "--val-fraction", ".25"),
        *("--depth-model", "none", "--workers", "2"),
    ]


@pytest.mark.parametrize(
    ("kind", "error", "first", "times"),
    [
        ("read", errno.ESTALE, 2, 1),
        ("open", errno.EMFILE, 22, 2),
        ("read", errno.EIO, 30, FOR_EVER),
    ],
)
def test_workers_and_the_command_hold_to_it_too(
    kind: Kind, error: int, first: int, times: int, library: Path, sources: Path, tmp_path: Path
) -> None:
    faults = Faults(tmp_path / "faults")
    below = environment(library, tmp_path / "faults", f"{sources}/fg:{sources}/bg")
    with faults.armed(kind, error, first, times):
        done = subprocess.run(command(tmp_path, sources), env=below, capture_output=True, text=True)
    assert faults.failed
    if times == FOR_EVER:
        assert done.returncode == 1
        assert os.strerror(error) in done.stderr
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "shards" / "dataset.json").exists()
    else:
        assert done.returncode == 0, done.stderr
        undisturbed = build_dataset(tiny_options(sources, tmp_path / "whole"))
        assert open_dataset(tmp_path / "shards").digest == undisturbed.digest
