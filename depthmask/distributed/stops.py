"""Signals that ask a training to end: noted when they come, answered when a step is over."""

import signal
import threading
from types import FrameType
from typing import Any, NoReturn, Self

ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP)
"""What asks for an end; SIGUSR1 is what Slurm's `--signal=USR1@120` sends in time."""


class Stops:
    """Within it, the first signal of ENDS is noted as `wanted`; a second SIGINT acts.

    Signals that are ignored (nohup, `&` in scripts) stay so. Outside of the main thread, where
    Python lets nobody take signals, nothing is noted.
    """

    def __init__(self) -> None:
        self.wanted: int | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for each in ENDS:
                if signal.getsignal(each) not in (signal.SIG_IGN, None):
                    self._before[each] = signal.signal(each, self._note)
        return self

    def __exit__(self, *raised: object) -> None:
        while self._before:
            signal.signal(*self._before.popitem())

    def _note(self, signum: int, frame: FrameType | None) -> None:
        if self.wanted == signum == signal.SIGINT:
            self.end(signum, "what was saved before is kept.")
        self.wanted = self.wanted or signum

    def end(self, signum: int, kept: str) -> NoReturn:
        """Do what the signal did before, with the sentence `kept` as a note on what it raises.

        SIGUSR1 ends as SIGTERM does. SystemExit where the earlier handler returns.
        """
        self.__exit__()
        signum = signal.SIGTERM if signum == signal.SIGUSR1 else signum
        try:
            signal.raise_signal(signum)
        except BaseException as stop:
            stop.add_note(kept)
            raise
        raise SystemExit(128 + signum)
