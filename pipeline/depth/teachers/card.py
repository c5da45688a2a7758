"""The choice of a teacher, and the card that describes it."""

import dataclasses
import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from shards.base.errors import InputError
from shards.base.files import sha256_of
from shards.base.retrying import retry_passing
from shards.base.size import Size
from shards.pixels.depth_coding import Kind


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Which teacher is wanted, for pictures of `canvas` (width, height), on which device.

    `name` is a plain name as plan.json holds it, `weights` the file or folder that belongs to it.
    `kind`, `value_range` (low, high) and `input_size` (height, width) are what the user declares
    where a teacher does not say it itself, or other than it does. Without `fetch` nothing is
    looked for on the hub.
    """

    name: str
    canvas: Size = (224, 224)
    weights: Path | None = None
    device: str = "cpu"
    kind: Kind | None = None
    value_range: tuple[float, float] | None = None
    input_size: tuple[int, int] | None = None
    fetch: bool = True


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class TeacherCard:
    """What a teacher's values mean, and whose weights they come from.

    `kind` is "metric" (a distance in `unit`) or "inverse" (larger is nearer). `low` and `high` are
    the range its values are stored over; both None where no range is known, and only a
    calibration can find one. `input_size` and `output_size` are (height, width) of what the
    network sees and of the map it gives, for one canvas size.
    """

    name: str
    source: str
    kind: Kind
    unit: str
    low: float | None
    high: float | None
    weights_sha256: str
    input_size: tuple[int, int]
    output_size: tuple[int, int]

    @property
    def range(self) -> tuple[float, float] | None:
        """(low, high) where both are known."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    def to_json(self) -> dict[str, Any]:
        """The `teacher` entry of plan.json: where the values come from and what they mean."""
        return {
            "name": self.name,
            "source": self.source,
            "kind": self.kind,
            "unit": self.unit,
            "range": None if self.range is None else list(self.range),
            "weights_sha256": self.weights_sha256,
            "input_size": list(self.input_size),
            "output_size": list(self.output_size),
        }


def refuse_declared(choice: Choice, *names: str) -> None:
    """InputError where the user declares what the teacher knows better (`names` of Choice)."""
    flags = {"kind": "--depth-kind", "value_range": "--depth-range", "input_size": "--depth-input"}
    for name in names:
        if getattr(choice, name) is not None:
            raise InputError(
                flags[name],
                expected=f"none with --depth-model {choice.name}, which declares its own",
                found=str(getattr(choice, name)),
                remedy="leave it out",
            )


def wrong_weights(path: Path, expected: str, found: str, remedy: str) -> InputError:
    """The InputError of a file or folder that does not hold what a teacher needs."""
    return InputError(f"--depth-weights {path}", expected=expected, found=found, remedy=remedy)


def fingerprint(paths: Iterable[Path]) -> str:
    """SHA-256 in hexadecimal of a file, or over name and SHA-256 of each of several."""
    files = sorted(paths)
    digests = []
    for path in files:
        digests.append(retry_passing(path, functools.partial(sha256_of, path)))
    if len(files) == 1:
        return digests[0]
    lines = [f"{path.name} {digest}\n" for path, digest in zip(files, digests, strict=True)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
