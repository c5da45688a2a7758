"""shards/reading/once_per_array.py"""

import threading

import numpy as np
from numpy.typing import NDArray

from shards.reading.once_per_array import OncePerArray


def picture(value: int) -> NDArray[np.uint8]:
    return np.full((4, 4, 3), value, np.uint8)


def test_an_array_is_worked_out_once_and_an_equal_one_again() -> None:
    seen = []

    def add_up(pixels: NDArray[np.uint8]) -> int:
        seen.append(id(pixels))
        return int(pixels.sum())

    total = OncePerArray(add_up)
    first, second = picture(7), picture(7)
    assert [total(first), total(first), total(second)] == [7 * 48] * 3
    assert seen == [id(first), id(second)]


def test_nothing_is_kept_of_an_array_that_is_gone() -> None:
    total = OncePerArray(lambda pixels: int(pixels.sum()))
    for value in range(50):  # memory is used again, so identities come again
        assert total(picture(value)) == value * 48
    assert total._known == {}


def test_threads_get_the_same_answers() -> None:
    total = OncePerArray(lambda pixels: int(pixels.sum()))
    shared = [picture(value) for value in range(20)]
    wrong = []

    def ask() -> None:
        for turn in range(2000):
            if total(shared[turn % 20]) != (turn % 20) * 48 or total(picture(turn % 9)) % 48:
                wrong.append(turn)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(total._known) == 20
