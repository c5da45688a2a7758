"""A process for a library that a stranger's bytes may keep busy, swell or kill.

It only guards: bytes go in, an answer comes out, and a child that takes more than it may is ended.
Whether that says anything of the bytes is not decided here.
"""

import atexit
import os
import resource
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import psutil

_HEAD = struct.Struct("<QI")
"""Before bytes, in both directions: how many there are, and the processor seconds they may take."""

_PATIENCE = 600
"""Seconds for one answer on a busy machine."""

_LOOK_EVERY = 0.02
_PIECE = 1 << 20


class ChildDeathError(Exception):
    """A guarded child did not live through some bytes; `str` says what it died of."""


class GuardedChild:
    """A process that runs a `module`, which calls `serve`: one answer after the other."""

    def __init__(self, module: str) -> None:
        given, self._given = os.pipe()
        self._answers, answers = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=given,
            stdout=answers,
            stderr=subprocess.DEVNULL,
        )
        os.close(given)
        os.close(answers)
        self._ready = False
        self._about = psutil.Process(self._process.pid)

    def ask(self, data: bytes, *, memory: int, seconds: int) -> bytes:
        """The answer to `data`, for which the child may take bytes of memory and processor seconds.

        ChildDeathError where none comes; then the child is of no more use.
        """
        try:
            if not self._ready:
                self._answer(sys.maxsize)
                self._ready = True
            most = self._about.memory_info().rss + memory
            _write(self._given, _HEAD.pack(len(data), seconds))
            _write(self._given, data)
            return self._answer(most)
        except (OSError, EOFError, psutil.Error):
            raise self._death(seconds) from None

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        os.close(self._given)
        os.close(self._answers)

    def _answer(self, most: int) -> bytes:
        size, _ = _HEAD.unpack(self._read(_HEAD.size, most))
        return self._read(size, most)

    def _read(self, size: int, most: int) -> bytes:
        end, data = time.monotonic() + _PATIENCE, bytearray()
        while len(data) < size:
            if select.select([self._answers], [], [], _LOOK_EVERY)[0]:
                part = os.read(self._answers, min(_PIECE, size - len(data)))
                if not part:
                    raise EOFError
                data += part
            elif self._about.memory_info().rss > most:
                raise ChildDeathError(f"it took over {most / 1e6:,.0f} MB")
            elif time.monotonic() > end:
                raise ChildDeathError(f"it took over {_PATIENCE} seconds")
        return bytes(data)

    def _death(self, seconds: int) -> ChildDeathError:
        status = self._process.wait()
        if status == -signal.SIGXCPU:
            return ChildDeathError(f"it took over {seconds} seconds")
        return ChildDeathError(f"signal {-status}" if status < 0 else f"status {status}")


class GuardedChildren:
    """Up to `most` children of one module for all threads: started when needed, ended at exit."""

    def __init__(self, module: str, most: int) -> None:
        self._module = module
        self._free = threading.BoundedSemaphore(most)
        self._idle: list[GuardedChild] = []
        atexit.register(self.end)

    def ask(self, data: bytes, *, memory: int, seconds: int) -> bytes:
        """A child's answer; ChildDeathError where two of them, one after the other, die of it."""
        with self._free:
            try:
                return self._ask(data, memory, seconds)
            except ChildDeathError:
                return self._ask(data, memory, seconds)

    def end(self) -> None:
        """End the children that wait."""
        while self._idle:
            self._idle.pop().end()

    def _ask(self, data: bytes, memory: int, seconds: int) -> bytes:
        child = self._idle.pop() if self._idle else GuardedChild(self._module)
        try:
            answer = child.ask(data, memory=memory, seconds=seconds)
        except BaseException:
            child.end()
            raise
        self._idle.append(child)
        return answer


def serve(answer: Callable[[bytes], bytes]) -> None:
    """What the module of a guarded child does: answer what it is given, to the end of its input."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    given = sys.stdin.buffer
    made = b""  # it is ready
    while True:
        _write(sys.stdout.fileno(), _HEAD.pack(len(made), 0))
        _write(sys.stdout.fileno(), made)
        head = given.read(_HEAD.size)
        if len(head) < _HEAD.size:
            return
        size, seconds = _HEAD.unpack(head)
        _limit_processor(seconds)
        try:
            made = answer(given.read(size))
        except MemoryError:
            sys.exit("too little memory")


def _limit_processor(seconds: int) -> None:
    """Let this process run for some more seconds of processor time, and no longer."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + 1 + seconds
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (most if hard < 0 else min(most, hard), hard))


def _write(pipe: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(pipe, rest) :]
