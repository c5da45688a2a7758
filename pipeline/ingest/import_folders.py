"""Plain folders of ready composites become a data set: what is in it, and its plan.json."""

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from joblib import delayed

from pipeline.ingest.folder_checks import Facts, check_composites, look_at_masks
from pipeline.ingest.folder_samples import Composite, find_composites, read_folder_facts
from pipeline.ingest.folder_shards import Arrival, Intake
from pipeline.ingest.masks import MaskReading
from pipeline.output.target import Conversion, finish_shards, take_target
from pipeline.planning.plan import TAKEN_OVER, ShardTask
from pipeline.planning.splits import BOTH, split_sources
from pipeline.rendering.versions import versions_in_use
from pipeline.sources.source import Source
from shards.base.errors import InputError
from shards.base.formats import Format
from shards.base.keys import BACKGROUND, SPLITS
from shards.base.option_kinds import require_within
from shards.base.options import check_fields, option
from shards.pixels.depth_coding import DepthCoding, Kind
from shards.records.manifest import FORMAT, build_id


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class TakeoverOptions:
    """How plain folders are taken over.

    `val_fraction` is the share of backgrounds held out where the folders have no train and val;
    `depth_kind` says what grey means in depth maps that `depthmask convert` did not write.
    """

    format: Format = option("tar", "Store of the shards.")
    samples_per_shard: int = option(1000, "Samples in a full shard.")
    val_fraction: float = option(0.1, "Share of backgrounds held out.")
    image_quality: int = option(90, "JPEG quality of pictures that are not JPEGs yet.")
    depth_kind: Kind | None = option(None, "What grey means in depth maps.")

    def __post_init__(self) -> None:
        """Refuse what no data set could have, naming the option."""
        check_fields(self)
        require_within("--samples-per-shard", self.samples_per_shard, 1, 10**6)
        require_within("--val-fraction", self.val_fraction, 0, 1)
        require_within("--image-quality", self.image_quality, 1, 100)


def take_over(
    folders: Path,
    out: Path,
    options: TakeoverOptions,
    *,
    workers: int | None = None,
    tick: Callable[[int], None] = lambda samples: None,
    remark: Callable[[str], None] = lambda words: None,
) -> Conversion:
    """Make a data set of plain folders image, background, mask and depth with equal names.

    JPEGs keep their bytes; everything else is decoded and stored as a build stores it. Equal
    backgrounds are stored once. `tick` is called with samples done, `remark` with how masks of two
    values are read. InputError (nothing written)
    where the folders do not fit together; RunError with what is kept for a damaged picture.
    """
    found = find_composites(folders)
    facts = check_composites(folders, found, lambda samples: None)
    coding = _depth_coding(folders, _first(facts), options)
    backgrounds = _backgrounds(found, facts, options.val_fraction)
    arrivals = _arrivals(found, facts, backgrounds)
    ours = read_folder_facts(folders) is not None
    masks, words = (MaskReading(), None) if ours else look_at_masks(folders, found)
    if words is not None:
        remark(words)
    plan = _plan(options, facts, coding, backgrounds, arrivals, found)
    plan[TAKEN_OVER] |= {"masks_of_two_values": True} if masks.two_values else {}
    intake = Intake(
        root=folders.resolve(),
        out=out.resolve(),
        build=build_id(plan),
        format=options.format,
        size=_first(facts).size,
        image_quality=options.image_quality,
        depth=coding,
        masks=masks,
    )

    items: dict[str, list[Any]] = {BACKGROUND: backgrounds, **arrivals}

    def call(task: ShardTask) -> Any:
        part = slice(task.first, task.first + task.samples)
        return delayed(intake.take)(task, items[task.split][part])

    with take_target(out, plan) as plan:
        return finish_shards(out, plan, call, workers=workers, tick=tick)


def _first(facts: dict[str, list[Facts]]) -> Facts:
    """The facts of the first composite, which all others share in size and depth."""
    return next(of_one for of_split in facts.values() for of_one in of_split)


def _depth_coding(folders: Path, first: Facts, options: TakeoverOptions) -> DepthCoding | None:
    """What grey means: as folders.json says, else a fraction of the range of `depth_kind`."""
    known = read_folder_facts(folders)
    if first.depth_size is None or first.depth_bits is None:
        return None
    if known is not None and known["depth"] is not None:
        return DepthCoding.from_json(known["depth"])
    if options.depth_kind is None:
        raise InputError(
            "--depth-kind",
            expected="metric (grey is distance) or inverse (brighter is nearer)",
            found="depth maps that do not say",
            remedy="say which of the two they are",
        )
    return DepthCoding.over_range(
        0,
        1,
        kind=options.depth_kind,
        unit="share of the stored range",
        bits=first.depth_bits,
        size=first.depth_size,
    )


def _backgrounds(
    found: dict[str, list[Composite]], facts: dict[str, list[Facts]], val_fraction: float
) -> list[Source]:
    """Every different background once, with the splits that show it, in order of appearance."""
    firsts: dict[str, Source] = {}
    splits: dict[str, set[str]] = {}
    for split, composites in found.items():
        for composite, of_one in zip(composites, facts[split], strict=True):
            splits.setdefault(of_one.background, set()).add(split)
            if of_one.background not in firsts:
                name = composite.paths(Path(split))[1].as_posix()
                firsts[of_one.background] = Source(
                    name=name, sha256=of_one.background, size=of_one.size
                )
    if "" in found:
        return split_sources(list(firsts.values()), val_fraction)
    return [
        dataclasses.replace(source, split=min(seen) if len(seen) == 1 else BOTH)
        for source, seen in zip(firsts.values(), splits.values(), strict=True)
    ]


def _arrivals(
    found: dict[str, list[Composite]], facts: dict[str, list[Facts]], backgrounds: list[Source]
) -> dict[str, list[Arrival]]:
    """The samples of each split in order; without folders of splits, a background decides."""
    of_sha256 = {source.sha256: source for source in backgrounds}
    arrivals: dict[str, list[Arrival]] = {split: [] for split in SPLITS}
    for folder, composites in found.items():
        for composite, of_one in zip(composites, facts[folder], strict=True):
            source = of_sha256[of_one.background]
            arrivals[folder or source.split].append(Arrival(composite, folder, source.name))
    return arrivals


def _plan(
    options: TakeoverOptions,
    facts: dict[str, list[Facts]],
    coding: DepthCoding | None,
    backgrounds: list[Source],
    arrivals: dict[str, list[Arrival]],
    found: dict[str, list[Composite]],
) -> dict[str, Any]:
    """The plan.json of a data set that was taken over: the same keys, and `taken_over`."""
    files = hashlib.sha256()
    for split, composites in found.items():
        for composite, of_one in zip(composites, facts[split], strict=True):
            line = f"{split}/{composite.name} {of_one.bytes} {of_one.background}\n"
            files.update(line.encode("utf-8", "surrogateescape"))
    unknown = {"name": "taken over", "weights_sha256": "unknown", "input_size": None}
    return {
        "format": FORMAT,
        TAKEN_OVER: {
            "samples": {split: len(of_split) for split, of_split in arrivals.items()},
            "files": files.hexdigest(),
        },
        "options": {
            "size": list(_first(facts).size),
            "format": options.format,
            "samples_per_shard": options.samples_per_shard,
            "val_fraction": options.val_fraction,
            "image_quality": options.image_quality,
            "depth_format": "png16",
            "inline_backgrounds": False,
        },
        "sources": {"fg": [], "bg": [source.to_json() for source in backgrounds]},
        "categories": [],
        "skipped": [],
        "teacher": None if coding is None else unknown,
        "depth": None if coding is None else coding.to_json(),
        "versions": versions_in_use(
            teacher=None,
            device="cpu",
            heif=any(f.heif for of_split in facts.values() for f in of_split),
        ),
    }
