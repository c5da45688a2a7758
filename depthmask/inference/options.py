"""The options of `evaluate`, `predict`, `export` and `depth`. No torch: the commands read them."""

import dataclasses
from pathlib import Path
from typing import Literal

from depthmask.recipes.network_fields import device_field, shards_field, threads_field
from pipeline.planning.teacher_fields import (
    check_declared,
    depth_input_field,
    depth_kind_field,
    depth_model_field,
    depth_range_field,
    depth_weights_field,
    teacher_device_field,
)
from shards.base.errors import InputError
from shards.base.keys import SPLITS
from shards.base.option_kinds import require_within
from shards.base.options import argument, check_fields, option
from shards.base.size import Size, require_sides

EXPORT_ENDINGS = (".onnx", ".pt2")
_CHECKPOINT = "CHECKPOINT|RUN"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class EvaluateOptions:
    """What `depthmask evaluate` and `depthmask.evaluate` take."""

    checkpoint: Path = argument(_CHECKPOINT)
    shards: Path | tuple[Path, ...] = shards_field()
    split: Literal["train", "val", "test", "all"] = option(
        "val", "Which samples; all gives the scores of each split."
    )
    out: Path | None = option(
        None,
        "Folder for scores.json, a table of all samples and a sheet of the worst.",
        metavar="DIR",
    )
    worst: int = option(12, "Samples on the sheet.")
    batch_size: int = option(32, "Samples that go through the network at once.")
    device: str = device_field()
    workers: int = threads_field()

    def __post_init__(self) -> None:
        """Refuse what no evaluation could carry out, naming the option."""
        check_fields(self)
        for name in ("worst", "batch_size", "workers"):
            require_within("--" + name.replace("_", "-"), getattr(self, name), 1)

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of the splits to evaluate."""
        return SPLITS if self.split == "all" else (self.split,)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class PredictOptions:
    """What `depthmask predict` takes."""

    checkpoint: Path = argument(_CHECKPOINT)
    image: Path = option(
        help="Picture with the object; or a folder of them, or a pattern in quotes.",
        metavar="FILE|DIR|PATTERN",
    )
    background: Path | None = option(
        None,
        "The same place without it, for all pictures; or a folder with a namesake of each.",
        metavar="FILE|DIR",
    )
    out: Path = option(Path("prediction"), "Folder to write to.", metavar="DIR")
    device: str = device_field()

    def __post_init__(self) -> None:
        """Refuse values of a wrong kind, naming the option."""
        check_fields(self)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ExportOptions:
    """What `depthmask export` and `depthmask.export` take."""

    checkpoint: Path = argument(_CHECKPOINT)
    out: Path = argument("OUT")
    size: Size | None = option(
        None,
        "Size of the pictures, one at a time.  [default: any size, any number]",
        metavar="WIDTHxHEIGHT",
    )

    def __post_init__(self) -> None:
        """Refuse a file that cannot be written, naming the option."""
        check_fields(self)
        if self.out.suffix not in EXPORT_ENDINGS:
            raise InputError(
                str(self.out),
                expected="a file that ends in " + " or ".join(EXPORT_ENDINGS),
                found=self.out.suffix or "no ending",
                remedy="name it network.onnx, for example",
            )
        if self.size is not None:
            require_sides("--size", self.size, 16, 4096)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class DepthOptions:
    """What `depthmask depth` takes."""

    pictures: tuple[Path, ...] = argument("PICTURES...")
    out: Path = option(help="Folder to write to.", metavar="DIR")
    depth_model: str = depth_model_field(
        "densedepth-lite, densedepth, hf:NAME_OR_PATH or FILE.onnx."
    )
    depth_weights: Path | None = depth_weights_field()
    depth_kind: Literal["metric", "inverse"] | None = depth_kind_field()
    depth_range: tuple[float, float] | None = depth_range_field(
        "Range its values are written over.  [default: the teacher's own, or found]"
    )
    depth_input: tuple[int, int] | None = depth_input_field()
    size: Size = option(
        (224, 224), "Width and height of the pictures that the teacher sees, or one for both."
    )
    device: str = teacher_device_field()

    def __post_init__(self) -> None:
        """Refuse what no teacher could carry out, naming the option."""
        check_fields(self)
        require_sides("--size", self.size, 16, 4096)
        check_declared(self.depth_range, self.depth_input)
