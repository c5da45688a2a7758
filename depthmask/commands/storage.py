"""Commands that look after finished data sets."""

import dataclasses
from pathlib import Path
from typing import Literal

import click

from depthmask.commands.click_types import PLACE, SHARE, one_of
from depthmask.commands.shared_options import moved_sources_options, workers_option
from depthmask.terminal.console import answer, open_console, reports, say
from pipeline.labels.formats import LABEL_FORMATS, LabelFormat
from shards.base.formats import FORMATS, Format


@click.command()
@click.argument("shards", type=PLACE, metavar="SHARDS")
@click.option(
    "--deep", is_flag=True, help="Decode every picture, and draw a share of the samples again."
)
@click.option(
    "--share",
    type=SHARE,
    default=0.01,
    show_default=True,
    help="With --deep: share of each shard drawn again, at least one sample; 0 for none.",
)
@click.option("--repair", is_flag=True, help="Make the broken shards again, and only those.")
@click.option(
    "--accept-changed",
    is_flag=True,
    help="With --repair: also replace a shard whose new bytes differ from its record.",
)
@moved_sources_options
@click.option("--depth-weights", type=PLACE, help="Weights of the teacher, if not shipped.")
@click.option("--device", default="cpu", show_default=True, help="Where the teacher runs.")
@workers_option
@reports
def verify(
    shards: Path,
    deep: bool,
    share: float,
    repair: bool,
    accept_changed: bool,
    fg: Path | None,
    bg: Path | None,
    fg_alpha: Path | None,
    distractors: Path | None,
    depth_weights: Path | None,
    device: str,
    workers: int | None,
    json_wanted: bool,
) -> None:
    """Check every shard against its record and the plan; make broken ones again.

    Prints the names of broken shards, one a line, and nothing else; status 1 if there are any
    when the command ends. The reasons are on stderr. Without --deep every byte is hashed and
    every key looked up. A tar or LMDB file that does not belong to the data set counts as broken;
    --repair moves it to SHARDS/set-aside.

    \b
    Examples:
      depthmask verify shards
      depthmask verify shards --deep --share .05
      depthmask verify shards --repair
    """
    from depthmask.terminal.bars import open_progress
    from pipeline.rendering.site import find_site
    from pipeline.repair import repair_dataset
    from pipeline.verify import verify_dataset

    draw = deep and share > 0
    site = None
    if draw or repair:
        site = find_site(
            shards,
            fg=fg,
            bg=bg,
            fg_alpha=fg_alpha,
            distractors=distractors,
            device=device,
            depth_weights=depth_weights,
        )
    with open_progress(open_console()) as progress:
        bar = progress.add_task("reading", total=None)
        verdict = verify_dataset(
            shards,
            deep=deep,
            site=site if draw else None,
            share=share,
            workers=workers,
            tick=lambda samples: progress.advance(bar, samples),
        )
    for line in verdict.lines():
        say(line)
    if repair and site is not None and not verdict.sound:
        verdict = repair_dataset(
            site, verdict, accept_changed=accept_changed, workers=workers, tick=say
        )
    if json_wanted or verdict.names:
        answer("\n".join(verdict.names), verdict.to_json(), json_wanted)
    verdict.require_sound(shards)


@click.command()
@click.argument("source", type=PLACE, metavar="SHARDS")
@click.argument("out", type=PLACE, metavar="OUT")
@click.option(
    "--format",
    type=one_of([*FORMATS, "folders", *LABEL_FORMATS]),
    default="tar",
    show_default=True,
    help="Store of the new data set, plain folders, or pictures with labels of objects.",
)
@click.option(
    "--val-fraction",
    type=SHARE,
    help="Plain folders: share of backgrounds held out if there are no folders train and val.  "
    "[default: 0.1]",
)
@click.option(
    "--depth-kind",
    type=one_of(["metric", "inverse"]),
    help="Plain folders: what grey means in depth maps, distance or nearness.",
)
@workers_option
@reports
def convert(
    source: Path,
    out: Path,
    format: Format | Literal["folders"] | LabelFormat,
    val_fraction: float | None,
    depth_kind: Literal["metric", "inverse"] | None,
    workers: int | None,
    json_wanted: bool,
) -> None:
    """Write a data set in another store, as plain folders, or as labels of COCO, YOLO or VOC.

    Every sample is compared. yolo has polygons (for segmentation and detection), yolo-boxes exact
    boxes; what polygons cannot hold is counted.

    SHARDS may also be plain folders of ready composites: image, background, mask and perhaps
    depth with equal names (or train, val and test, each with these). They become a data set that
    everything reads, but that cannot be drawn again. The same command resumes a stopped
    conversion.

    \b
    Examples:
      depthmask convert shards shards-lmdb --format lmdb
      depthmask convert shards pictures --format folders
      depthmask convert pictures shards --depth-kind inverse
      depthmask convert shards labels --format coco
    """
    from depthmask.terminal.bars import open_progress
    from pipeline.convert import convert_dataset
    from shards.places.place import place_of

    with open_progress(open_console()) as progress:
        bar = progress.add_task("converting", total=None)
        result = convert_dataset(
            source,
            out,
            format,
            val_fraction=val_fraction,
            depth_kind=depth_kind,
            workers=workers,
            tick=lambda samples: progress.advance(bar, samples),
            remark=say,
        )
    place = str(place_of(out))
    kept = f" ({result.kept:,} kept)" if result.kept else ""
    digest = "" if result.digest is None else f"\ndigest {result.digest}"
    labels = "" if result.labels is None else f" with {result.labels['objects']:,} objects"
    answer(
        f"{result.samples:,} samples{labels} in {place}{kept}{digest}",
        dataclasses.asdict(result) | {"out": place},
        json_wanted,
    )
