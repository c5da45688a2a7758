"""The options of `depthmask train`, and the file that keeps them."""

import dataclasses
import tomllib
from pathlib import Path
from typing import Any, Literal, Self

from shards.errors import InputError
from shards.options import option


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class TrainOptions:
    """What `depthmask train` and `depthmask.train` take."""

    shards: Path | tuple[Path, ...] = option(
        help="Folder of the data set; again for more, read as one.", metavar="DIR"
    )
    out: Path = option(Path("runs/default"), "Folder of the run.", metavar="DIR")
    backbone: str = option(
        "tf_efficientnet_lite0", "Any timm network that gives feature maps.", metavar="NAME"
    )
    pretrained: bool = option(True, "Begin with ImageNet weights.")
    heads: Literal["both", "mask", "depth"] = option("both", "What to predict.")
    size: int | None = option(
        None, "Side of the training pictures.  [default: the data set's]", metavar="PIXELS"
    )
    epochs: int | None = option(None, "Passes over the train split.  [default: 12]")
    minutes: float | None = option(
        None, "Time to train for, instead of --epochs; the schedule is stretched over it."
    )
    batch_size: int = option(16, "Samples in a step.")
    lr: float = option(2e-3, "Peak learning rate (AdamW, warm-up and cosine).")
    weight_decay: float = option(0.01, "Weight decay of AdamW.")
    seed: int = option(0, "Seed of the order, augmentation and first weights.")
    device: str = option("auto", "auto, cpu, cuda, cuda:1, ...")
    workers: int = option(2, "Threads that decode samples.")
    resume: bool = option(False, "Go on from last.pt in --out.", flags=("--resume",))

    def __post_init__(self) -> None:
        """Refuse what no training could carry out, naming the option."""
        for name in ("batch_size", "workers"):
            self._require(name, getattr(self, name) >= 1, "at least 1")
        self._require("lr", self.lr > 0, "more than 0")
        self._require("weight_decay", self.weight_decay >= 0, "0 or more")
        self._require("seed", 0 <= self.seed < 2**63, "0 to 2^63 - 1")
        if self.size is not None:
            self._require("size", 32 <= self.size <= 4096, "32 to 4096")
        if self.epochs is not None:
            self._require("epochs", self.epochs >= 1, "at least 1")
        if self.minutes is not None:
            self._require("minutes", self.minutes > 0, "more than 0")
        if self.epochs is not None and self.minutes is not None:
            raise InputError(
                "--epochs and --minutes",
                expected="one of the two",
                found=f"{self.epochs} and {self.minutes:g}",
                remedy="leave one away",
            )

    def _require(self, name: str, holds: bool, expected: str) -> None:
        if not holds:
            raise InputError(
                "--" + name.replace("_", "-"),
                expected=expected,
                found=str(getattr(self, name)),
                remedy="choose a value within",
            )

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of the data sets."""
        return (self.shards,) if isinstance(self.shards, Path) else self.shards

    def to_table(self) -> dict[str, Any]:
        """The options as TOML-ready values; those that are not set are left out."""
        table = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is not None and field.name != "resume":
                table[field.name] = str(value) if isinstance(value, Path) else value
        return table | {"shards": [str(folder) for folder in self.folders]}

    @classmethod
    def from_table(cls, table: dict[str, Any]) -> Self:
        """The inverse of `to_table`."""
        paths: dict[str, Any] = {"out": Path(table["out"])} if "out" in table else {}
        if "shards" in table:
            paths["shards"] = tuple(Path(folder) for folder in table["shards"])
        return cls(**(table | paths))


def read_config(path: Path) -> dict[str, Any]:
    """The options in a TOML file, by name; InputError for what is no such file or no option."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"--config {path}", expected="a TOML file", found=str(error), remedy="see config.toml"
        ) from None
    known = {field.name for field in dataclasses.fields(TrainOptions)}
    for name in table:
        if name not in known:
            raise InputError(
                f"--config {path}",
                expected="options of `depthmask train`, such as batch_size = 32",
                found=name,
                remedy="take the line out or correct its name",
            )
    if isinstance(table.get("shards"), str):
        table["shards"] = [table["shards"]]
    return table
