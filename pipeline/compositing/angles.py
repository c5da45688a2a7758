"""Cosine and sine of an angle in degrees, the same on every machine.

Last bits of the C library's differ from machine to machine, and could move a pixel.
"""

from math import pi

_TERMS = 10
"""At 45 degrees the next one is under 1e-24."""


def cosine_and_sine(degrees: float) -> tuple[float, float]:
    """Both from their series, within 45 degrees of the nearest right angle."""
    quarter = round(degrees / 90)
    angle = (degrees - 90 * quarter) * (pi / 180)
    square = angle * angle
    cosine = sine = 1.0
    for term in range(2 * _TERMS, 0, -2):
        cosine = 1 - square / (term * (term - 1)) * cosine
        sine = 1 - square / (term * (term + 1)) * sine
    sine *= angle
    for _ in range(quarter % 4):
        cosine, sine = -sine, cosine
    return cosine, sine
