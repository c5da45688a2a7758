"""What the options in plan.json may be: those of a build, or the few that ready composites have."""

from shards.base.checks import listing, one_of, or_none, real, table, text, whole
from shards.base.formats import FORMATS

_anything = text(".*", "text")
_boolean = one_of(True, False)
check_size = listing(whole(16, 4096), 2, 2)
"""Checks a size [width, height]."""

_OPTIONS = {
    "size": check_size,
    "placements": whole(1, 10**9),
    "flip": _boolean,
    "samples": or_none(whole(1, 10**9)),
    "seed": whole(0, 2**63 - 1),
    "fg_scale": listing(real(1e-9, 1), 2, 2),
    "objects": listing(whole(0, 255), 2, 2),
    "balance": one_of("none", "category"),
    "max_overlap": real(0, 1),
    "rotate": real(0, 180),
    "truncate": real(0, 1),
    "blend": one_of("alpha", "soft", "poisson", "mix"),
    "bg_crop": real(0.05, 1),
    "bg_flip": _boolean,
    "distractors": _boolean,
    "distractor_count": listing(whole(0, 64), 2, 2),
    "format": one_of(*FORMATS),
    "samples_per_shard": whole(1, 10**6),
    "val_fraction": real(0, 1),
    "test_fraction": real(0, 1),
    "split_by": one_of("source", "group", "sample"),
    "category": _anything,
    "split_objects": _boolean,
    "decontaminate": _boolean,
    "depth_model": _anything,
    "depth_format": one_of("png16", "jpeg8"),
    "depth_bits": whole(1, 16),
    "depth_size": one_of("native", "full"),
    "image_quality": whole(1, 100),
    "inline_backgrounds": _boolean,
    "depth_mode": one_of("composite", "layered"),
    "depth_kind": or_none(one_of("metric", "inverse")),
    "depth_range": or_none(listing(real(-1e30, 1e30), 2, 2)),
    "depth_input": or_none(listing(whole(1, 4096), 2, 2)),
}

check_options = table(_OPTIONS)
"""Checks the options of a build."""

check_stored_options = table(
    {
        name: _OPTIONS[name]
        for name in ("size", "format", "samples_per_shard", "depth_format", "inline_backgrounds")
    }
)
"""Checks those of a data set that was taken over: they say how its samples are stored."""
