"""Tasters: processes that decode a picture first, where its decoder might take too much for it.

A few bytes of JPEG 2000 can ask for a gigabyte, whatever size the picture has. So bytes that are
not known go through a process of its own before they are decoded here. It only guards: what comes
of a picture is not for it to say. A taster that takes more than any such picture needs is ended;
when that happens twice the command ends, and nothing is left out for it.
"""

import atexit
import contextlib
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import psutil

from shards.base.errors import RunError

_SECONDS = 60
"""Processor time for one picture; 64 megapixels take a few seconds."""

_PATIENCE = 600
"""Seconds for one picture on a busy machine."""

_LOOK_EVERY = 0.02

_MOST = 4

THROUGH = b"."


class DeadDecoderError(Exception):
    """A decoder did not live through a picture; `str` says what it died of."""

    def at(self, where: object) -> RunError:
        """The RunError that names the file."""
        return RunError(
            str(where),
            expected="a picture that can be decoded",
            found=f"that its decoder died of it, twice: {self}",
            remedy="take this file away, or free memory if you trust it; then run the same command "
            "again",
        )


class _Taster:
    """A process that decodes one picture after the other."""

    def __init__(self) -> None:
        given, self._given = os.pipe()
        self._answers, answers = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "pipeline.sources.tasting"],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=given,
            stdout=answers,
            stderr=subprocess.DEVNULL,
        )
        os.close(given)
        os.close(answers)
        self._ready = False
        self._about = psutil.Process(self._process.pid)

    def taste(self, data: bytes, allowance: int) -> str | None:
        """None when the process got through a picture, else what it died of."""
        try:
            if not self._ready and (death := self._answer(sys.maxsize)) is not None:
                return death
            self._ready = True
            most = self._about.memory_info().rss + allowance
            _write(self._given, data)
            return self._answer(most)
        except (OSError, psutil.Error):
            return self._death()

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        os.close(self._given)
        os.close(self._answers)

    def _answer(self, most: int) -> str | None:
        end, seconds = time.monotonic() + _PATIENCE, self._seconds() + _SECONDS
        while not select.select([self._answers], [], [], _LOOK_EVERY)[0]:
            if self._about.memory_info().rss > most:
                return f"it took over {most / 1e6:,.0f} MB"
            if self._seconds() > seconds or time.monotonic() > end:
                return f"it took over {_SECONDS} seconds"
        return None if os.read(self._answers, 1) == THROUGH else self._death()

    def _seconds(self) -> float:
        times = self._about.cpu_times()
        return float(times.user + times.system)

    def _death(self) -> str:
        status = self._process.wait()
        return f"signal {-status}" if status < 0 else f"status {status}"


def _write(pipe: int, data: bytes) -> None:
    for part in (len(data).to_bytes(8, "little"), data):
        rest = memoryview(part)
        while rest:
            rest = rest[os.write(pipe, rest) :]


class _Tasters:
    """The tasters of this process: begun when they are needed, ended with it."""

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(_MOST)
        self._idle: list[_Taster] = []
        atexit.register(self._end)

    @contextlib.contextmanager
    def one(self) -> Iterator[_Taster]:
        """A taster of one's own; whoever leaves with an exception has done with it."""
        with self._free:
            taster = self._idle.pop() if self._idle else _Taster()
            try:
                yield taster
            except BaseException:
                taster.end()
                raise
            self._idle.append(taster)

    def _end(self) -> None:
        for taster in self._idle:
            taster.end()


_TASTERS = _Tasters()


def taste(data: bytes, allowance: int) -> None:
    """Decode a picture in a taster, which may take `allowance` bytes for it.

    DeadDecoderError where it dies of it, twice.
    """
    for last in (False, True):
        try:
            with _TASTERS.one() as taster:
                death = taster.taste(data, allowance)
                if death is None:
                    return
                raise DeadDecoderError(death)
        except DeadDecoderError:
            if last:
                raise
