"""The options of `depthmask train`, and the file that keeps them."""

import dataclasses
from pathlib import Path
from typing import Any, Literal, Self

from depthmask.losses.loss_terms import HEADS, Head, TaskLosses, parse_losses, parse_weights
from depthmask.models.catalogue import NetworkName, PictureInput, Precision
from depthmask.recipes.network_fields import device_field, shards_field, threads_field
from depthmask.recipes.option_checks import check_train_options
from depthmask.recipes.option_file import naming_file, read_option_file
from depthmask.recipes.rates import RateKind, RatePlan, drop_shares
from depthmask.recipes.sizes import LEAST, SizePlan, parse_sizes, scale_to, total_length
from depthmask.recipes.spans import span_ends
from pipeline.planning.options import BuildOptions
from shards.base.errors import InputError
from shards.base.options import check_fields, option
from shards.base.size import Size

_EPOCHS = 12


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class TrainOptions:
    """What `depthmask train` and `depthmask.train` take."""

    shards: Path | tuple[Path, ...] = shards_field(())
    fg: Path | None = option(
        None,
        "Instead of --shards: foregrounds of the samples that build-dataset would make, drawn "
        "during training.",
        metavar="DIR",
    )
    bg: Path | None = option(None, "Backgrounds of these samples.", metavar="DIR")
    build: Path | None = option(
        None, "TOML file with options of build-dataset for these samples.", metavar="FILE"
    )
    out: Path = option(Path("runs/default"), "Folder of the run.", metavar="DIR")
    network: NetworkName = option(
        "timm", "depthmask's own (timm), or an earlier system's: see `depthmask networks`."
    )
    backbone: str = option(
        "tf_efficientnet_lite0", "Any timm model that gives feature maps.", metavar="NAME"
    )
    input: PictureInput = option(
        "siamese",
        "What the network sees: both pictures through one encoder (siamese), both as six channels "
        "(early), or the composite alone (single): then predict needs no background.",
    )
    pretrained: bool = option(True, "Start from ImageNet weights.")
    pretrained_from: Path | None = option(
        None,
        "Encoder weights to start from instead: a state dict of this backbone in timm's names, "
        ".safetensors or PyTorch.",
        metavar="FILE",
    )
    start: str | None = option(
        None,
        "Weights to start from: built-in, none, or a run's best.pt.  [default: built-in with "
        "the default backbone and --pretrained, else none]",
        metavar="built-in|none|FILE",
    )
    freeze_encoder: int = option(
        2000, "Steps for which a pretrained encoder stays frozen; these are faster."
    )
    encoder_lr: float = option(0.1, "Its learning rate after that, as a share of --lr.")
    heads: Literal["both", "mask", "depth"] = option("both", "What to predict.")
    depth_network: Path | None = option(
        None,
        "Checkpoint with depth: learn the mask from depth alone, so that this network, frozen, "
        "predicts the composite's depth from composite x mask.",
        metavar="FILE",
    )
    size: int | None = option(
        None,
        "Shorter side of the training pictures; their proportions stay.  [default: the data set's]",
        metavar="PIXELS",
    )
    sizes: str | None = option(
        None,
        "Shorter sides one after another, and for how many epochs (or minutes) each.",
        metavar="SIDE:LENGTH,...",
    )
    epochs: int | None = option(None, "Passes over the train split.  [default: 12]")
    minutes: float | None = option(
        None, "Minutes to train, instead of --epochs; the schedule spans them."
    )
    batch_size: int = option(16, "Samples in a step, of all ranks together.")
    accumulate: int = option(
        1, "Parts in which a step's samples pass through the network: more parts take less memory."
    )
    mask_loss: str = option(
        "bce=1,dice-squared=1", "Losses of the mask and their weights.", metavar="NAME=WEIGHT,..."
    )
    depth_loss: str = option(
        "l1=.1,gradient=1,ssim=.5", "Losses of depth, likewise.", metavar="NAME=WEIGHT,..."
    )
    task_weights: str = option(
        "mask=1,depth=1", "Weights of the two tasks, or the word learnt.", metavar="mask=W,depth=W"
    )
    optimiser: Literal["adamw", "adam", "sgd", "rmsprop"] = option("adamw", "Optimiser.")
    lr: float = option(2e-3, "Peak learning rate.")
    momentum: float | None = option(None, "Momentum of sgd and rmsprop.  [default: 0.9]")
    weight_decay: float = option(0.01, "Weight decay.")
    schedule: RateKind = option("cosine", "Course of the learning rate after the warm-up.")
    warm_up: int = option(100, "Steps over which the learning rate rises to its peak.")
    lr_end: float | None = option(
        None, "Share of --lr that the cosine ends at.  [default: 0.01]", metavar="SHARE"
    )
    drops: str | None = option(
        None, "Epochs (or minutes) after which --schedule step drops.", metavar="LENGTH,..."
    )
    lr_factor: float | None = option(
        None, "What step and plateau multiply the learning rate by.  [default: 0.1]"
    )
    patience: int | None = option(
        None, "Epochs without a better val score before plateau drops.  [default: 3]"
    )
    clip: float = option(1.0, "Largest norm of the gradients; 0: no limit.")
    ema: float = option(0.998, "Decay of the running average of the weights; 0: no average.")
    precision: Precision = option("auto", "auto: bfloat16 where it is fast, else float32.")
    compile: bool = option(False, "Compile the network (torch.compile).", flags=("--compile",))
    grid_every: int | None = option(
        None,
        "Steps between pictures of samples and predictions.  [default: one an epoch]",
        metavar="STEPS",
    )
    seed: int = option(0, "Seed of the order, augmentation and first weights.")
    device: str = device_field()
    workers: int = threads_field()
    save_every: float = option(
        5.0, "Minutes between saves of last.pt within an epoch; 0: only after epochs."
    )
    resume: bool = option(
        False, "Resume from last.pt in --out, even within an epoch.", flags=("--resume",)
    )

    def __post_init__(self) -> None:
        """Refuse what no training could carry out, naming the option."""
        check_fields(self)
        check_train_options(self)
        self.build_options()
        self.size_plan((LEAST, LEAST))
        for head in HEADS:
            self.losses_of(head)
        self.fixed_weights()
        self.rate_plan()

    def build_options(self) -> BuildOptions | None:
        """Those of the data set that --fg and --bg stand for; None with --shards."""
        if self.fg is None or self.bg is None:
            return None
        own: dict[str, Any] = {"fg": self.fg, "bg": self.bg, "out": self.out / "shards"}
        if self.build is None:
            return BuildOptions(**own)
        found = read_option_file(self.build, BuildOptions, "size = 160", "--build")
        try:
            return BuildOptions(**(found | own))
        except InputError as error:
            raise naming_file(error, dict.fromkeys(found.keys() - own, self.build)) from None

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of the data sets."""
        return (self.shards,) if isinstance(self.shards, Path) else self.shards

    @property
    def whole(self) -> tuple[float, str]:
        """How long the training lasts, and in which unit: epochs or minutes."""
        if self.minutes is not None:
            return self.minutes, "minutes"
        of_sizes = total_length(parse_sizes("--sizes", self.sizes)) if self.sizes else None
        return self.epochs or of_sizes or _EPOCHS, "epochs"

    def size_plan(self, own: Size) -> SizePlan:
        """The sizes of the training pictures; `own` (width, height) is that of the data set's.

        InputError where a longer side would be too long.
        """
        if self.sizes is None:
            return SizePlan((scale_to("--size", own, self.size or min(own)),), (1.0,))
        sides, lengths = zip(*parse_sizes("--sizes", self.sizes), strict=True)
        sizes = tuple(scale_to("--sizes", own, side) for side in sides)
        return SizePlan(sizes, span_ends("--sizes", lengths, *self.whole))

    def rate_plan(self) -> RatePlan:
        """The course of the learning rate."""
        return RatePlan(
            kind=self.schedule,
            peak=self.lr,
            warm_up=self.warm_up,
            end=_or(self.lr_end, 0.01),
            drops=drop_shares(self.drops or "", *self.whole) if self.schedule == "step" else (),
            factor=_or(self.lr_factor, 0.1),
            patience=3 if self.patience is None else self.patience,
        )

    @property
    def encoder_weights(self) -> bool | Path:
        """Whether the encoder begins with pretrained weights; a file's where one is named."""
        return self.pretrained_from or self.pretrained

    @property
    def inertia(self) -> float:
        """The momentum of sgd and rmsprop."""
        return _or(self.momentum, 0.9)

    def losses_of(self, head: Head) -> TaskLosses:
        """What is lowered for the mask or for depth, by part of the training."""
        where = f"--{head}-loss"
        parts = parse_losses(where, getattr(self, f"{head}_loss"), head)
        ends = span_ends(where, [part.length for part in parts], *self.whole)
        return TaskLosses(parts, ends)

    def fixed_weights(self) -> dict[str, float] | None:
        """The weights of "mask" and "depth" that are given; None where they are learnt."""
        if self.task_weights.strip() == "learnt":
            return None
        return parse_weights("--task-weights", self.task_weights, list(HEADS), "mask or depth")

    def to_table(self) -> dict[str, Any]:
        """The options as TOML-ready values; those that are not set are left out."""
        table = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is not None and field.name != "resume":
                table[field.name] = str(value) if isinstance(value, Path) else value
        shards = {"shards": [str(folder) for folder in self.folders]}
        return {name: value for name, value in (table | shards).items() if value != []}

    @classmethod
    def from_table(cls, table: dict[str, Any]) -> Self:
        """The inverse of `to_table`."""
        return cls(**table)


def read_config(path: Path) -> dict[str, Any]:
    """The options in a TOML file, by name; InputError for what is no such file or no option."""
    table = read_option_file(path, TrainOptions, "batch_size = 32")
    if isinstance(table.get("shards"), Path):
        table["shards"] = (table["shards"],)
    return table
