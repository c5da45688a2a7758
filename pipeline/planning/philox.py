"""Counter-based random draws: every value is a function of (seed, purpose, split, position).

Nothing is drawn in sequence, so workers, resumes and subsets cannot change a sample.
"""

import functools

SPLIT_NUMBERS = {"train": 0, "val": 1, "test": 2}

_MASK64 = (1 << 64) - 1
_ROUNDS = 6


def philox(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, int, int, int]:
    """One block of Philox4x64-10 (Salmon et al. 2011): four 64-bit integers, no state.

    A test compares it with numpy's generator, which takes twice as long to set up as this runs.
    """
    a, b, c, d = counter
    for k, m in _keys(key):
        left, right = a * 0xD2E7470EE14C6C93, c * 0xCA5A826395121157
        a, b = (right >> 64) ^ b ^ k, right & _MASK64
        c, d = (left >> 64) ^ d ^ m, left & _MASK64
    return a, b, c, d


@functools.lru_cache(maxsize=64)
def _keys(key: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """The keys of the ten rounds; kept, as all samples of a plan share a dozen."""
    k, m = key
    return tuple(
        ((k + turn * 0x9E3779B97F4A7C15) & _MASK64, (m + turn * 0xBB67AE8584CAA73B) & _MASK64)
        for turn in range(10)
    )


def uniforms(counter: tuple[int, int, int, int], key: tuple[int, int]) -> list[float]:
    """Four floats in [0, 1), multiples of 2^-53, from one block."""
    return [(bits >> 11) * 2.0**-53 for bits in philox(counter, key)]


def _hash(value: int) -> int:
    """The splitmix64 finaliser (Steele, Lea, Flood 2014): a bijection of 64-bit integers."""
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & _MASK64
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & _MASK64
    return value ^ (value >> 31)


def permute(index: int, size: int, seed: int, split: str, epoch: int = 0) -> int:
    """The image of `index` under a keyed bijection of [0, size), in constant memory.

    The key is seed, split and epoch.

    A balanced Feistel network on the next even number of bits; results outside [0, size) are
    put through again (cycle-walking; Black and Rogaway 2002), on average under four times.
    """
    half = max(1, ((size - 1).bit_length() + 1) // 2)
    mask = (1 << half) - 1
    key = _hash(seed ^ _hash((epoch << 8) + SPLIT_NUMBERS[split] + 1))
    while True:
        left, right = index >> half, index & mask
        for turn in range(_ROUNDS):
            left, right = right, left ^ (_hash(key + (turn << 56) + right & _MASK64) & mask)
        index = left << half | right
        if index < size:
            return index
