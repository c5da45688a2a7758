"""Batches of lessons from a process of their own, so that the network never waits long."""

import dataclasses
import multiprocessing
from multiprocessing.queues import Queue

import numpy as np

from depthmask.lessons import (
    Lesson,
    Scene,
    disturb,
    drawn_lesson,
    photographed_lesson,
    stock_scene,
)
from depthmask.scenery import Props

_NEW_SCENE = 0.2
"""How often a lesson has a scene of its own; otherwise it is another view of one in stock."""

_LEAST, _MOST = 32, 5000


def batch_shape(rng: np.random.Generator, size: int, batch_size: int) -> tuple[int, int]:
    """Side and number of pictures of a batch: one of three sizes, about equal work."""
    side = size + 32 * int(rng.choice(3, p=(0.5, 0.3, 0.2)))
    return side, max(4, int(batch_size * (size / side) ** 2))


def _draw_batches(
    seed: int, first: int, size: int, batch_size: int, props: Props, queue: "Queue[list[Lesson]]"
) -> None:
    stock: list[Scene] = []
    number = first
    while True:
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
        queue.put([dataclasses.replace(one, picture=disturb(rng, one.picture)) for one in lessons])
        number += 1


class LessonStream:
    """An endless row of batches; batch n is drawn from (seed, n) and the stock so far.

    With `props.answers` half of each batch are photographs.
    """

    def __init__(self, *, seed: int, first: int, size: int, batch_size: int, props: Props) -> None:
        context = multiprocessing.get_context("spawn")
        self._queue: Queue[list[Lesson]] = context.Queue(8)
        arguments = (seed, first, size, batch_size, props, self._queue)
        self._drawer = context.Process(target=_draw_batches, args=arguments, daemon=True)
        self._drawer.start()

    def take(self) -> list[Lesson]:
        """The next batch; its pictures are already disturbed."""
        return self._queue.get()

    def close(self) -> None:
        """End the drawing process."""
        self._drawer.terminate()
        self._drawer.join()
