"""Ways to damage a file: each takes whole bytes and a source of chance, and gives other bytes."""

import copy
import io
import json
import random
import struct
import zlib
from collections.abc import Callable
from typing import Any

Change = Callable[[bytes, random.Random], bytes]

NUMBERS = (0, 1, -1, 2, 15, 16, 255, 256, 4096, 65535, 2**31, 2**32 - 1, 2**63, 2**64, 10**30)
VALUES: tuple[Any, ...] = (
    *NUMBERS, None, True, 0.5, -0.0, 1e-30, 1e308, "", "..", "/etc/passwd", "../../x", "a\0b",
    "\ud800", "<b>\x1b[2J", [], {}, [[]], {"a": [1]}, "x" * 5000, "tar", "lmdb", "train", "val",
    "both", "none", "densedepth-lite", "resnet50", "0" * 64,
)  # fmt: skip
"""Values that stand somewhere at a limit, or of another kind than what they replace."""


def flip_bytes(data: bytes, rng: random.Random) -> bytes:
    """The bytes with some changed, cut out, doubled, put in or cut off."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        at = rng.randrange(max(1, len(changed)))
        length = rng.choice((1, 1, 2, 4, 8, 40, 600))
        match rng.randrange(7):
            case 0 if changed:
                changed[at % len(changed)] ^= 1 << rng.randrange(8)
            case 1:
                changed[at : at + length] = rng.randbytes(length)
            case 2:
                del changed[at : at + length]
            case 3:
                changed[at:at] = changed[at : at + length]
            case 4:
                width = rng.choice((1, 2, 4, 8))
                order = rng.choice(("big", "little"))
                value = rng.choice(NUMBERS) % 256**width
                changed[at : at + width] = value.to_bytes(width, order)
            case 5 if rng.random() < 0.3:
                del changed[at:]
            case _:
                other = rng.randrange(max(1, len(changed)))
                changed[at : at + length] = changed[other : other + length]
    return bytes(changed)


def _replace_value(inner: Any, key: Any, rng: random.Random) -> None:
    """Take an entry out, copy it, count it up or down, or put something else in its place."""
    match rng.randrange(6):
        case 0:
            del inner[key]
        case 1 if isinstance(inner, list):
            inner.append(inner[key])
        case 2 if isinstance(inner[key], int):
            inner[key] += rng.choice((-1, 1, 2, -1000))
        case 3 if isinstance(inner[key], str) and inner[key]:
            at = rng.randrange(len(inner[key]))
            inner[key] = inner[key][:at] + rng.choice("0fz/.\n\0") + inner[key][at + 1 :]
        case _:
            inner[key] = copy.deepcopy(rng.choice(VALUES))


def change_values(document: Any, rng: random.Random) -> None:
    """Change one entry of nested tables and lists, in place."""
    inner = document
    while isinstance(inner, dict | list) and inner:
        key = rng.choice(list(inner) if isinstance(inner, dict) else range(len(inner)))
        if not isinstance(inner[key], dict | list) or rng.random() < 0.25:
            _replace_value(inner, key, rng)
            return
        inner = inner[key]


def change_json(data: bytes, rng: random.Random) -> bytes:
    """JSON with some values changed, now and then as bytes."""
    if rng.random() < 0.2:
        return flip_bytes(data, rng)
    document = json.loads(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        change_values(document, rng)
    return json.dumps(document).encode()


def change_json_line(data: bytes, rng: random.Random) -> bytes:
    """One line of JSON lines changed."""
    lines = data.splitlines()
    at = rng.randrange(len(lines))
    lines[at] = change_json(lines[at], rng)
    return b"\n".join(lines)


def change_tar(data: bytes, rng: random.Random) -> bytes:
    """A tar damaged, mostly within a member; half the time with right checksums of headers."""
    changed = bytearray(flip_bytes(data, rng))
    headers = [
        at for at in range(0, len(changed) - 511, 512) if changed[at + 257 :][:5] == b"ustar"
    ]
    jsons = [at for at in headers if b".json\0" in changed[at : at + 100]]
    if jsons and rng.random() < 0.3:
        changed = _change_member(bytearray(data), rng.choice(jsons), rng)
    if rng.random() < 0.5:
        for at in headers:
            changed[at + 148 : at + 156] = b" " * 8
            changed[at + 148 : at + 156] = b"%06o\0 " % sum(changed[at : at + 512])
    return bytes(changed)


def _change_member(data: bytearray, at: int, rng: random.Random) -> bytearray:
    """The tar with the JSON of the member at `at` changed, where it still fits its blocks."""
    try:
        size = int(data[at + 124 : at + 135], 8)
        changed = change_json(bytes(data[at + 512 : at + 512 + size]), rng)
    except ValueError:
        return data
    room = -(-size // 512) * 512
    if len(changed) <= room:
        data[at + 512 : at + 512 + room] = changed.ljust(room, b"\0")
        data[at + 124 : at + 136] = b"%011o\0" % len(changed)
    return data


def change_lmdb(data: bytes, rng: random.Random) -> bytes:
    """An LMDB file damaged, mostly near the heads of its pages."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 2, 4))):
        page = rng.randrange(len(changed) // 4096) * 4096
        at = page + rng.choice((rng.randrange(160), rng.randrange(4096)))
        width = rng.choice((1, 2, 4, 8))
        value = rng.choice((*NUMBERS, rng.randrange(2**16), rng.randrange(300))) % 256**width
        changed[at : at + width] = value.to_bytes(width, "little")
    return bytes(changed) if rng.random() < 0.8 else flip_bytes(bytes(changed), rng)


def change_picture(data: bytes, rng: random.Random) -> bytes:
    """A picture damaged; PNGs often with checksums that are right again."""
    changed = bytearray(flip_bytes(data, rng))
    if changed.startswith(b"\x89PNG") and rng.random() < 0.8:
        at = 8
        while at + 12 <= len(changed):
            length = int.from_bytes(changed[at : at + 4], "big")
            end = at + 8 + length
            if end + 4 > len(changed):
                break
            changed[end : end + 4] = struct.pack(">I", zlib.crc32(changed[at + 4 : end]))
            at = end + 4
    return bytes(changed)


def change_head(data: bytes, rng: random.Random) -> bytes:
    """A safetensors file with its JSON header changed as such, or bytes changed near it."""
    size = int.from_bytes(data[:8], "little")
    if rng.random() < 0.4:
        return flip_bytes(data[: size + 4000], rng) + data[size + 4000 :]
    head = json.loads(data[8 : 8 + size])
    for _ in range(rng.choice((1, 1, 2))):
        change_values(head["__metadata__"] if rng.random() < 0.5 else head, rng)
    text = json.dumps(head).encode()
    return len(text).to_bytes(8, "little") + text + data[8 + size :]


_TOML = ("nan", "inf", "-0.0", "0x10", "1979-05-27", "{}", "[[1, 2], []]", "'x'", '"""a\nb"""', "[",
         "[" * 3000, '"\\u0000"', "true", "1e400", "9" * 400)  # fmt: skip


def change_toml(data: bytes, rng: random.Random) -> bytes:
    """Options in TOML, a line each, with some values or names changed, now and then as bytes."""
    if rng.random() < 0.2:
        return flip_bytes(data, rng)
    lines = data.decode().splitlines()
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.randrange(len(lines))
        name, _, value = lines[at].partition(" = ")
        match rng.randrange(4):
            case 0:
                name = rng.choice((*lines, "x", '""', "a.b", "[a]", "[[a]]")).partition(" = ")[0]
            case 1:
                value = rng.choice(_TOML)
            case _:
                value = json.dumps(rng.choice(VALUES))
        lines[at] = f"{name} = {value}"
    return "\n".join(lines).encode("utf-8", "replace")


def change_checkpoint(data: bytes, rng: random.Random) -> bytes:
    """A checkpoint damaged as bytes, or well-formed with some values replaced."""
    import torch

    if rng.random() < 0.4:
        return flip_bytes(data, rng)
    state = torch.load(io.BytesIO(data), weights_only=True)
    for _ in range(rng.choice((1, 1, 2))):
        inner = state
        while isinstance(inner, dict) and inner:
            key = rng.choice(list(inner))
            if not isinstance(inner[key], dict) or rng.random() < 0.2:
                if rng.random() < 0.3:
                    shape = rng.choice(((), (3,), (1, 3, 1, 1), (0,)))
                    value = rng.choice((0.0, -1.0, float("nan"), float("inf"), 1e30))
                    inner[key] = torch.full(shape, value)
                else:
                    _replace_value(inner, key, rng)
                break
            inner = inner[key]
    stream = io.BytesIO()
    torch.save(state, stream)
    return stream.getvalue()
