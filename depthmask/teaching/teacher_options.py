"""The options of `depthmask train-teacher`."""

import dataclasses
from pathlib import Path

from shards.base.errors import InputError
from shards.base.option_kinds import require_within
from shards.base.options import check_fields, option


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class TeacherOptions:
    """What `depthmask train-teacher` takes."""

    out: Path = option(Path("teacher"), "Folder of the run: state.pt, log.csv, weights.")
    minutes: float = option(60.0, "Minutes of training over all runs; the schedule's length.")
    size: int = option(128, "Side of the smallest training pictures; up to half as much again.")
    batch_size: int = option(16, "Pictures of the smallest size in a step.")
    lr: float = option(4e-4, "Peak learning rate (AdamW, warm-up and cosine).")
    seed: int = option(0, "Seed of scenes, augmentation and first weights.")
    textures: Path | None = option(
        None, "Folder of photographs: textures of drawn scenes, and scenes of their own."
    )
    cutouts: Path | None = option(None, "Folder of pictures with alpha that are pasted in.")
    threads: int = option(1, "Threads of the network; one more process draws scenes.")
    depth_weights: Path | None = option(
        None, "Weights of an earlier training to begin with, instead of ImageNet's encoder alone."
    )
    keep: float = option(
        0.0, "Share of --depth-weights that is mixed into the result (Wortsman et al. 2022)."
    )
    resume: bool = option(False, "Go on from the state in --out.", flags=("--resume",))

    def __post_init__(self) -> None:
        """Refuse what no training could carry out, naming the option."""
        check_fields(self)
        for name in ("minutes", "lr"):
            if not getattr(self, name) > 0:
                raise InputError(
                    f"--{name}",
                    expected="more than 0",
                    found=str(getattr(self, name)),
                    remedy="choose a value within",
                )
        if not 0 <= self.keep < 1 or (self.keep and self.depth_weights is None):
            raise InputError(
                "--keep",
                expected="a share from 0 to below 1, and --depth-weights to keep it of",
                found=str(self.keep),
                remedy="name the weights, or remove it",
            )
        if self.size < 64 or self.size % 32:
            raise InputError(
                "--size",
                expected="a multiple of 32, at least 64",
                found=str(self.size),
                remedy="try 128",
            )
        for name in ("batch_size", "threads"):
            require_within("--" + name.replace("_", "-"), getattr(self, name), 1)
        require_within("--seed", self.seed, 0, 2**63 - 1)
