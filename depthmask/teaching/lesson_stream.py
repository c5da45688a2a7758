"""Batches of lessons from a process of their own, so that the network never waits long."""

import contextlib
import dataclasses
import itertools
import multiprocessing
import queue
import signal
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection

import numpy as np

from depthmask.drawing.scenery import Props
from depthmask.teaching.lessons import (
    Lesson,
    Scene,
    disturb,
    drawn_lesson,
    photographed_lesson,
    stock_scene,
)
from pipeline.machine.hangup import block_hangup
from shards.base.errors import RunError

_NEW_SCENE = 0.2
"""How often a lesson has a scene of its own; otherwise it is another view of one in stock."""

_LEAST, _MOST = 32, 5000

_AHEAD = 8
_LOOK_SECONDS, _END_SECONDS, _PATIENCE_SECONDS = 1.0, 5.0, 600.0
"""How often the drawing process looks whether it is still listened to, how long it may take to
end when it is told to, and how long for a batch (the first takes a minute).
"""


def batch_shape(rng: np.random.Generator, size: int, batch_size: int) -> tuple[int, int]:
    """Side and number of pictures of a batch: one of three sizes, about equal work."""
    side = size + 32 * int(rng.choice(3, p=(0.5, 0.3, 0.2)))
    return side, max(4, int(batch_size * (size / side) ** 2))


def _batches(
    seed: int, first: int, size: int, batch_size: int, props: Props
) -> Iterator[list[Lesson]]:
    stock: list[Scene] = []
    for number in itertools.count(first):
        rng = np.random.default_rng((seed, number))
        side, count = batch_shape(rng, size, batch_size)
        photographed = count // 2 if props.answers else 0
        lessons = [photographed_lesson(rng, props, side) for _ in range(photographed)]
        for _ in range(count - photographed):
            if len(stock) < _LEAST or rng.random() < _NEW_SCENE:
                if len(stock) == _MOST:
                    stock.pop(int(rng.integers(_MOST)))
                stock.append(stock_scene(rng, props))
            scene = stock[int(rng.integers(len(stock)))]
            lessons.append(drawn_lesson(rng, scene, props, side))
        yield [dataclasses.replace(one, picture=disturb(rng, one.picture)) for one in lessons]


def _draw(out: Connection, seed: int, first: int, size: int, batch_size: int, props: Props) -> None:
    """Draw batches ahead as long as somebody is there to take them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    made: queue.Queue[list[Lesson]] = queue.Queue(_AHEAD)
    sender = threading.Thread(target=_send, args=(made, out), daemon=True)
    sender.start()
    for batch in _batches(seed, first, size, batch_size, props):
        while sender.is_alive():
            with contextlib.suppress(queue.Full):
                made.put(batch, timeout=_LOOK_SECONDS)
                break
        else:
            return


def _send(made: "queue.Queue[list[Lesson]]", out: Connection) -> None:
    """Hand batches over until nobody is there to take them."""
    with contextlib.suppress(BrokenPipeError):
        while True:
            out.send(made.get())


class LessonStream:
    """An endless row of batches; batch n is drawn from (seed, n) and the stock so far.

    With `props.answers` half of each batch are photographs. `process` is the number of the process
    that draws them.
    """

    def __init__(self, *, seed: int, first: int, size: int, batch_size: int, props: Props) -> None:
        context = multiprocessing.get_context("spawn")
        self._lessons, out = context.Pipe(duplex=False)
        arguments = (out, seed, first, size, batch_size, props)
        self._drawer = context.Process(target=_draw, args=arguments, daemon=True)
        with block_hangup():
            self._drawer.start()
        self.process = self._drawer.pid
        out.close()  # the other process has the only end now: when it dies, ours says so

    def take(self) -> list[Lesson]:
        """The next batch; its pictures are already disturbed. RunError where none will come."""
        try:
            if self._lessons.poll(_PATIENCE_SECONDS):
                batch: list[Lesson] = self._lessons.recv()
                return batch
            found = f"no lesson in {_PATIENCE_SECONDS / 60:g} minutes"
        except EOFError:
            self._drawer.join(_END_SECONDS)
            found = f"that it ended with status {self._drawer.exitcode} (killed, or out of memory)"
        raise RunError(
            "the process that draws lessons",
            expected="one at work",
            found=found,
            remedy="the last saved state is kept: the same command with --resume goes on",
        )

    def close(self) -> None:
        """End the drawing process."""
        self._drawer.terminate()
        self._drawer.join(_END_SECONDS)
        if self._drawer.is_alive():
            self._drawer.kill()
            self._drawer.join(_END_SECONDS)
        self._lessons.close()
