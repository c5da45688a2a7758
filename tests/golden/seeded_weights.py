"""Weights of any network from names alone: equal in Keras and here, without a file of 170 MB."""

import math
import zlib

import numpy as np
from numpy.typing import NDArray

PICTURE = (2, 64, 96, 3)
_SPANS = {
    "bias": (-0.05, 0.05),
    "gamma": (0.8, 1.2),
    "beta": (-0.1, 0.1),
    "moving_mean": (-0.1, 0.1),
    "moving_variance": (0.8, 1.2),
}


def _fractions(name: str, count: int) -> NDArray[np.float64]:
    """Floats in [0, 1): a stream of PCG64 seeded by the name, whatever numpy's version is."""
    bits = np.random.PCG64(zlib.crc32(name.encode())).random_raw(count)
    return (bits >> np.uint64(11)) * 2.0**-53


def seeded_weight(layer: str, role: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """The weight of a Keras layer, float32: kernels uniform as He's, vectors near their rest."""
    fan_in = math.prod(shape[:-1])
    low, high = _SPANS.get(role, (-math.sqrt(6 / fan_in), math.sqrt(6 / fan_in)))
    fractions = _fractions(f"{layer.replace('/', '_')}:{role}", math.prod(shape))
    return (low + (high - low) * fractions).astype(np.float32).reshape(shape)


def seeded_pictures() -> NDArray[np.uint8]:
    """Two pictures, uint8 (2, 64, 96, 3): a ramp with noise on it."""
    noise = _fractions("pictures", math.prod(PICTURE)).reshape(PICTURE)
    ramp = np.linspace(0, 155, PICTURE[2])[:, None]
    return (ramp + 100 * noise).astype(np.uint8)
