"""Counter-based random draws: every value is a function of (seed, purpose, split, position).

Nothing is drawn in sequence, so workers, resumes and subsets cannot change a sample. numpy
promises Philox's bits across versions, not its distributions: floats are made here.
"""

import numpy as np

SPLIT_NUMBERS = {"train": 0, "val": 1}
STAGE_PLACEMENT = 1

_MASK64 = (1 << 64) - 1
_ROUNDS = 6


def uniforms(seed: int, stage: int, split: str, position: int, count: int) -> list[float]:
    """`count` floats in [0, 1), multiples of 2^-53, for (seed, stage, split, position)."""
    counter = (0, position, SPLIT_NUMBERS[split], 0)
    bits = np.random.Philox(key=(seed, stage), counter=counter).random_raw(count)
    return [(raw >> 11) * 2.0**-53 for raw in bits.tolist()]


def _hash(value: int) -> int:
    """The splitmix64 finaliser (Steele, Lea, Flood 2014): a bijection of 64-bit integers."""
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & _MASK64
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & _MASK64
    return value ^ (value >> 31)


def permute(index: int, size: int, seed: int, split: str) -> int:
    """The image of `index` under a keyed bijection of [0, size), in constant memory.

    A balanced Feistel network on the next even number of bits; results outside [0, size) are
    put through again (cycle-walking; Black and Rogaway 2002), on average under four times.
    """
    half = max(1, ((size - 1).bit_length() + 1) // 2)
    mask = (1 << half) - 1
    key = _hash(seed ^ _hash(SPLIT_NUMBERS[split] + 1))
    while True:
        left, right = index >> half, index & mask
        for turn in range(_ROUNDS):
            left, right = right, left ^ (_hash(key + (turn << 56) + right & _MASK64) & mask)
        index = left << half | right
        if index < size:
            return index
