"""Colour profiles made on the spot: matrix, grey and CMYK, of version 2 (ICC.1:2001)."""

import struct

import numpy as np

WIDE = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))
"""XYZ of red, green and blue under D50, as Adobe RGB (1998) has them."""

SRGB = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))


def _profile(space: bytes, connection: bytes, kind: bytes, tags: dict[bytes, bytes]) -> bytes:
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(
        ">I4sI4s4s4s", start + len(body), b"none", 0x02100000, kind, space, connection
    )
    head += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">3i", 63190, 65536, 54061)  # D50
    return head + bytes(128 - len(head)) + table + body


def _xyz(x: float, y: float, z: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in (x, y, z)))


def _curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def _about() -> dict[bytes, bytes]:
    text = b"made for a test"
    desc = b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text + bytes(1 + 4 + 4 + 2 + 1 + 67)
    return {b"desc": desc, b"cprt": b"text\0\0\0\0free\0", b"wtpt": _xyz(0.9642, 1, 0.8249)}


def matrix_profile(primaries: tuple[tuple[float, float, float], ...], gamma: float) -> bytes:
    """An RGB profile."""
    tags = _about()
    for name, primary in zip((b"r", b"g", b"b"), primaries, strict=True):
        tags |= {name + b"XYZ": _xyz(*primary), name + b"TRC": _curve(gamma)}
    return _profile(b"RGB ", b"XYZ ", b"mntr", tags)


def grey_profile(gamma: float) -> bytes:
    return _profile(b"GRAY", b"XYZ ", b"mntr", _about() | {b"kTRC": _curve(gamma)})


def cmyk_profile() -> bytes:
    """A CMYK profile in which ink only darkens: L* falls from 100 by a quarter with each ink."""
    grid = np.stack(np.meshgrid(*[[0, 1]] * 4, indexing="ij"), -1).reshape(16, 4)
    lightness = np.rint(255 * (1 - grid.sum(axis=1) / 4)).astype(np.uint8)
    lab = np.stack([lightness, np.full(16, 128), np.full(16, 128)], -1).astype(np.uint8)
    line = bytes(range(256))
    matrix = struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + matrix + 4 * line + lab.tobytes() + 3 * line
    return _profile(b"CMYK", b"Lab ", b"prtr", _about() | {b"A2B0": table, b"A2B1": table})


def expected_srgb(
    pixels: np.ndarray, primaries: tuple[tuple[float, ...], ...], gamma: float
) -> np.ndarray:
    """What RGB values under a matrix profile are in sRGB, computed in floats: 0 to 255."""
    linear = (pixels / 255) ** gamma
    unclipped = linear @ np.array(primaries) @ np.linalg.inv(np.array(SRGB))
    light = np.clip(unclipped, 0, 1)
    curved = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return 255 * curved
