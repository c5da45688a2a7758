"""Batches of examples, drawn ahead in a separate process."""

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
from depthmask.teaching.examples import (
    Example,
    Scene,
    disturb,
    drawn_example,
    photographed_example,
    stock_scene,
)
from pipeline.machine.hangup import block_hangup
from shards.base.errors import RunError

_NEW_SCENE = 0.2
"""Share of examples with a new scene; the others are new views of one in stock."""

_LEAST, _MOST = 32, 5000

_AHEAD = 8
_LOOK_SECONDS, _END_SECONDS, _PATIENCE_SECONDS = 1.0, 5.0, 600.0
"""How often the drawing process checks for a reader, how long it may take to end, and how long to
draw a batch (the first takes a minute).
"""


def batch_shape(rng: np.random.Generator, size: int, batch_size: int) -> tuple[int, int]:
    """Side and number of pictures of a batch: one of three sizes, about equal work."""
    side = size + 32 * int(rng.choice(3, p=(0.5, 0.3, 0.2)))
    return side, max(4, int(batch_size * (size / side) ** 2))


def _batches(
    seed: int, first: int, size: int, batch_size: int, props: Props
) -> Iterator[list[Example]]:
    stock: list[Scene] = []
    for number in itertools.count(first):
        rng = np.random.default_rng((seed, number))
        side, count = batch_shape(rng, size, batch_size)
        photographed = count // 2 if props.labels else 0
        examples = [photographed_example(rng, props, side) for _ in range(photographed)]
        for _ in range(count - photographed):
            if len(stock) < _LEAST or rng.random() < _NEW_SCENE:
                if len(stock) == _MOST:
                    stock.pop(int(rng.integers(_MOST)))
                stock.append(stock_scene(rng, props))
            scene = stock[int(rng.integers(len(stock)))]
            examples.append(drawn_example(rng, scene, props, side))
        yield [dataclasses.replace(one, picture=disturb(rng, one.picture)) for one in examples]


def _draw(out: Connection, seed: int, first: int, size: int, batch_size: int, props: Props) -> None:
    """Draw batches ahead while there is a reader."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    made: queue.Queue[list[Example]] = queue.Queue(_AHEAD)
    sender = threading.Thread(target=_send, args=(made, out), daemon=True)
    sender.start()
    for batch in _batches(seed, first, size, batch_size, props):
        while sender.is_alive():
            with contextlib.suppress(queue.Full):
                made.put(batch, timeout=_LOOK_SECONDS)
                break
        else:
            return


def _send(made: "queue.Queue[list[Example]]", out: Connection) -> None:
    """Send batches until the reader is gone."""
    with contextlib.suppress(BrokenPipeError):
        while True:
            out.send(made.get())


class ExampleStream:
    """An endless stream of batches; batch n is drawn from (seed, n) and the stock so far.

    With `props.labels` half of each batch are photographs. `process` is the id of the drawing
    process.
    """

    def __init__(self, *, seed: int, first: int, size: int, batch_size: int, props: Props) -> None:
        context = multiprocessing.get_context("spawn")
        self._examples, out = context.Pipe(duplex=False)
        arguments = (out, seed, first, size, batch_size, props)
        self._drawer = context.Process(target=_draw, args=arguments, daemon=True)
        with block_hangup():
            self._drawer.start()
        self.process = self._drawer.pid
        out.close()  # the other process has the only end now: when it dies, ours says so

    def take(self) -> list[Example]:
        """The next batch; its pictures are already disturbed. RunError if none will come."""
        try:
            if self._examples.poll(_PATIENCE_SECONDS):
                batch: list[Example] = self._examples.recv()
                return batch
            found = f"no example in {_PATIENCE_SECONDS / 60:g} minutes"
        except EOFError:
            self._drawer.join(_END_SECONDS)
            found = f"that it ended with status {self._drawer.exitcode} (killed, or out of memory)"
        raise RunError(
            "the process that draws examples",
            expected="one at work",
            found=found,
            remedy="the last saved state is kept: run the same command with --resume",
        )

    def close(self) -> None:
        """End the drawing process."""
        self._drawer.terminate()
        self._drawer.join(_END_SECONDS)
        if self._drawer.is_alive():
            self._drawer.kill()
            self._drawer.join(_END_SECONDS)
        self._examples.close()
