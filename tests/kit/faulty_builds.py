"""Many builds in one process whose system calls fail when it is their turn (tests/kit/faults.c).

`python tests/kit/faulty_builds.py SOURCES WORK DEPTH` runs under the preloaded library. A line of
JSON on stdin is a fault; the line on stdout that answers it says how the build under it ended.
With `verify` in place of DEPTH a finished data set is verified instead, with `weights` those in the
folder SOURCES are read.
"""

import json
import mmap
import os
import shutil
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from pipeline.build import build_dataset
from pipeline.planning.options import BuildOptions
from pipeline.rendering.site import find_site
from pipeline.verify import verify_dataset
from shards.base import retrying
from shards.base.errors import RunError

Kind = Literal["open", "read", "stat", "list"]
KINDS: dict[Kind, int] = {"open": 1, "read": 2, "stat": 3, "list": 4}
_STATE = struct.Struct("6i")
MATTING_SET = "matting-set"
"""Name of a folder of sources whose foregrounds have their alpha in `pha`."""


class Faults:
    """The mapped file that tells every process which call is to fail."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(_STATE.size))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _STATE.size)

    @contextmanager
    def armed(self, kind: Kind, error: int, first: int, times: int) -> Iterator[None]:
        """Within, calls of a kind from the `first` on (0: none) fail, `times` of them."""
        self._map[:] = _STATE.pack(KINDS[kind], error, first, times, 0, 0)
        try:
            yield
        finally:
            self._map[:4] = bytes(4)

    @property
    def calls(self) -> int:
        """How many calls there were of the kind that was last armed."""
        return int(_STATE.unpack(self._map)[4])

    @property
    def failed(self) -> int:
        """How many of them failed."""
        return int(_STATE.unpack(self._map)[5])


def tiny_options(sources: Path, out: Path, depth: str = "none") -> BuildOptions:
    """Four shards in a few hundredths of a second."""
    return BuildOptions(
        fg=sources / "fg",
        bg=sources / "bg",
        fg_alpha=sources / "pha" if sources.name == MATTING_SET else None,
        out=out,
        size=32,
        samples=8,
        samples_per_shard=4,
        val_fraction=0.25,
        depth_model=depth,
        depth_mode="composite" if depth == "none" else "layered",
        workers=1,
    )


def build(sources: Path, out: Path, depth: str) -> dict[str, Any]:
    """How a tiny build ends: its digest, or the sentence that stops it."""
    try:
        return {"digest": build_dataset(tiny_options(sources, out, depth)).digest}
    except RunError as failure:
        return {"stopped": str(failure)}
    except BaseException as error:  # what must not be: the test shows it
        return {"broken": f"{type(error).__name__}: {error}"}


def verify(shards: Path) -> dict[str, Any]:
    """How a thorough look at a sound data set ends: its digest, or the sentence that stops it."""
    try:
        findings = verify_dataset(shards, deep=True, site=find_site(shards), share=1, workers=1)
    except RunError as failure:
        return {"stopped": str(failure)}
    except BaseException as error:  # as above
        return {"broken": f"{type(error).__name__}: {error}"}
    return {"digest": "sound"} if findings.sound else {"broken": findings.lines()}


def read_weights(folder: Path) -> dict[str, Any]:
    """How reading weights of every kind ends."""
    from faulty_weights import read_all

    try:
        return {"digest": read_all(folder)}
    except RunError as failure:
        return {"stopped": str(failure)}
    except BaseException as error:  # as above
        return {"broken": f"{type(error).__name__}: {error}"}


def action(sources: Path, work: Path, depth: str) -> Callable[[], dict[str, Any]]:
    """What is done under each fault, by its word."""
    if depth == "weights":
        return lambda: read_weights(sources)
    build(sources, work / "warm", "none" if depth == "verify" else depth)
    if depth == "verify":
        return lambda: verify(work / "warm")
    return lambda: build(sources, work / "shards", depth)


def main(sources: Path, work: Path, depth: str) -> None:
    """Answer every fault on stdin."""
    retrying.PAUSES = (0, 0, 0)
    faults = Faults(Path(os.environ["FAULTS"]))
    act = action(sources, work, depth)
    act()
    for line in sys.stdin:
        shutil.rmtree(work / "shards", ignore_errors=True)
        with faults.armed(**json.loads(line)):
            ending = act()
            facts = {"calls": faults.calls, "failed": faults.failed}
        print(json.dumps(ending | facts), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
