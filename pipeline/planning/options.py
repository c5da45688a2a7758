"""The options of a build. Those marked as identity decide the bytes and are in plan.json."""

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pipeline.planning.parts import parse_part
from pipeline.planning.preview_fields import (
    preview_field,
    preview_out_field,
    require_preview,
)
from pipeline.planning.scene_fields import (
    balance_field,
    bg_crop_field,
    bg_flip_field,
    blend_field,
    check_scene,
    distractor_count_field,
    distractors_field,
    max_overlap_field,
    objects_field,
    rotate_field,
    truncate_field,
)
from pipeline.planning.source_fields import (
    category_field,
    decontaminate_field,
    fg_alpha_field,
    require_category,
    require_fractions,
    split_by_field,
    split_objects_field,
    test_fraction_field,
    val_fraction_field,
)
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
from shards.base.formats import Format
from shards.base.option_kinds import require_within
from shards.base.options import check_fields, option
from shards.base.size import Size, require_sides

if TYPE_CHECKING:
    from shards.places.place import Place


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class BuildOptions:
    """What `depthmask build-dataset` and `depthmask.build_dataset` take."""

    fg: Path = option(help="Folder of foregrounds: pictures with alpha.", metavar="DIR")
    bg: Path = option(help="Folder of backgrounds.", metavar="DIR")
    out: Path = option(
        Path("shards"), "Folder of the data set, or s3://BUCKET/NAME.", metavar="DIR"
    )
    size: Size = option(
        (224, 224),
        "Width and height of the samples in pixels, as 320x240, or one for both.",
        identity=True,
    )
    placements: int = option(
        20, "Random placements of each foreground on each background.", identity=True
    )
    flip: bool = option(True, "Also use each foreground mirrored.", identity=True)
    samples: int | None = option(
        None, "Samples over all splits.  [default: the whole plan]", identity=True
    )
    seed: int = option(0, "Seed of every random draw.", identity=True)
    fg_scale: tuple[float, float] = option(
        (0.4, 0.72),
        "Range of the foreground's longest side, as a share of the shorter side.",
        identity=True,
        metavar="MIN MAX",
    )
    objects: tuple[int, int] = objects_field()
    balance: Literal["none", "category"] = balance_field()
    max_overlap: float = max_overlap_field()
    rotate: float = rotate_field()
    truncate: float = truncate_field()
    blend: Literal["alpha", "soft", "poisson", "mix"] = blend_field()
    bg_crop: float = bg_crop_field()
    bg_flip: bool = bg_flip_field()
    distractors: Path | None = distractors_field()
    distractor_count: tuple[int, int] = distractor_count_field()
    format: Format = option("tar", "Store of the shards.", identity=True)
    samples_per_shard: int = option(1000, "Samples in a full shard.", identity=True)
    val_fraction: float = val_fraction_field()
    test_fraction: float = test_fraction_field()
    split_by: Literal["source", "group", "sample"] = split_by_field()
    fg_alpha: Path | None = fg_alpha_field()
    category: str = category_field()
    split_objects: bool = split_objects_field()
    decontaminate: bool = decontaminate_field()
    depth_model: str = depth_model_field(
        "Depth teacher: densedepth-lite, densedepth, hf:NAME_OR_PATH, FILE.onnx, or none."
    )
    depth_weights: Path | None = depth_weights_field()
    depth_kind: Literal["metric", "inverse"] | None = depth_kind_field()
    depth_range: tuple[float, float] | None = depth_range_field(
        "Range its values are stored over.  [default: the teacher's own, or calibrated]"
    )
    depth_input: tuple[int, int] | None = depth_input_field()
    depth_mode: Literal["composite", "layered"] = option(
        "composite",
        "One teacher pass a composite, or one a source and depth put together from these.",
        identity=True,
    )
    depth_format: Literal["png16", "jpeg8"] = option(
        "png16", "How depth is stored: exact, or small and lossy in 8 bits.", identity=True
    )
    depth_bits: int = option(12, "Bits of a stored depth code.", identity=True)
    depth_size: Literal["native", "full"] = option(
        "native", "Store depth as the teacher gives it, or scaled to the size.", identity=True
    )
    image_quality: int = option(90, "JPEG quality of images and backgrounds.", identity=True)
    inline_backgrounds: bool = option(
        False,
        "Repeat the background within each sample.",
        identity=True,
        flags=("--inline-backgrounds",),
    )
    workers: int | None = option(
        None, "Worker processes; 1 works in this process itself.  [default: one a core]"
    )
    engine: Literal["local", "ray"] = option(
        "local", "Where shards are made: in processes here, or on a Ray cluster."
    )
    ray_address: str | None = option(
        None,
        "Ray cluster: auto or HOST:PORT.  [default: one started on this machine]",
        metavar="ADDRESS",
    )
    part: str | None = option(
        None,
        "Make one part of the shards only: 0/3 is the first of three; slurm/16 takes the array "
        "task as I, slurm also their number.",
        metavar="I/N",
    )
    device: str = teacher_device_field()
    dry_run: bool = option(
        False,
        "Only say what would be built: samples, shards, bytes, time.",
        flags=("--dry-run",),
    )
    preview: int | None = preview_field()
    preview_out: Path | None = preview_out_field()
    overwrite: bool = option(False, "Delete the data set in --out first.", flags=("--overwrite",))
    allow_mixed: bool = option(
        False,
        "Resume a data set begun under other versions; each shard then names its own.",
        flags=("--allow-mixed",),
    )
    strict: bool = option(
        False, "Treat a source that cannot be used as an error.", flags=("--strict",)
    )

    def __post_init__(self) -> None:
        """Refuse what no build could carry out, naming the option."""
        check_fields(self)
        require_sides("--size", self.size, 16, 4096)
        require_within("--placements", self.placements, 1, 10**9)
        require_within("--seed", self.seed, 0, 2**63 - 1)
        require_within("--samples-per-shard", self.samples_per_shard, 1, 10**6)
        require_preview(self.preview, self.preview_out, dry_run=self.dry_run)
        require_fractions(self.val_fraction, self.test_fraction)
        require_category(self.category)
        require_within("--depth-bits", self.depth_bits, 1, 16)
        require_within("--image-quality", self.image_quality, 1, 100)
        if self.samples is not None:
            require_within("--samples", self.samples, 1, 10**9 - 1)
        if self.workers is not None:
            require_within("--workers", self.workers, 1, 1024)
        if self.part is not None:
            parse_part(self.part, os.environ)
        if self.part is not None and self.overwrite:
            raise InputError(
                "--part",
                expected="no --overwrite beside it",
                found="--overwrite",
                remedy="delete the folder before the first part starts",
            )
        if self.ray_address is not None and self.engine != "ray":
            raise InputError(
                "--ray-address",
                expected="--engine ray",
                found=f"--engine {self.engine}",
                remedy="add --engine ray",
            )
        if self.depth_mode == "layered" and self.depth_model == "none":
            raise InputError(
                "--depth-mode layered",
                expected="a depth teacher",
                found="--depth-model none",
                remedy="remove one of the two",
            )
        if self.depth_format == "jpeg8" and self.depth_bits != 8:
            raise InputError(
                "--depth-format jpeg8",
                expected="--depth-bits 8",
                found=str(self.depth_bits),
                remedy="add --depth-bits 8",
            )
        self._require_buildable_there()
        check_scene(self)
        check_declared(self.depth_range, self.depth_input)
        low, high = self.fg_scale
        if not 0 < low <= high <= 1:
            raise InputError(
                "--fg-scale",
                expected="0 < MIN <= MAX <= 1",
                found=f"{low} {high}",
                remedy="give shares of the sample's shorter side, such as 0.4 0.72",
            )

    @property
    def place(self) -> "Place":
        """Where the data set is stored: the folder or address that `out` names."""
        from shards.places.place import place_of  # not for --help: it loads numpy

        return place_of(self.out)

    def _require_buildable_there(self) -> None:
        if self.place.keeps_shards:
            return
        for wrong, flag in (
            (self.format == "lmdb", "--format lmdb"),
            (self.engine == "ray", "--engine ray"),
            (self.overwrite, "--overwrite"),
        ):
            if wrong:
                raise InputError(
                    f"--out {self.place}",
                    expected="tar shards, built by processes of this machine, and no --overwrite",
                    found=flag,
                    remedy="drop it, or build in a folder and `depthmask convert` it there",
                )
