"""A sheet of a plan's samples before anything is built."""

import io
from pathlib import Path

from PIL import Image

from pipeline.planning.options import BuildOptions
from pipeline.planning.plan import Plan
from pipeline.rendering.preparation import plan_build
from pipeline.rendering.renderer import Renderer
from pipeline.rendering.site import site_of
from pipeline.rendering.watcher import SilentWatcher, Watcher
from pipeline.viewing.layer_files import show_objects
from pipeline.viewing.sheet import make_sheet
from shards.base.errors import InputError
from shards.base.files import write_whole
from shards.base.keys import SPLITS
from shards.base.names import printable
from shards.places.outputs import require_file, writing

_TILE = 320


def write_preview(options: BuildOptions, watcher: Watcher | None = None) -> Path:
    """Write a PNG of the first samples of each split with their objects' boxes and names.

    `options.preview` says how many; splits share them as they share the data set. The samples
    are those that a build with the same options stores, without depth. Nothing else is written.
    """
    watch = watcher or SilentWatcher()
    out = preview_place(options)
    require_file(out, "--preview-out")
    plan, _ = plan_build(options, watch)
    renderer = Renderer(plan, site_of(options))
    tiles = [
        _tile(renderer, split, position)
        for split, count in shares(plan, options.preview or 0).items()
        for position in range(count)
    ]
    stream = io.BytesIO()
    make_sheet(tiles).save(stream, "PNG")
    with writing(out, "nothing was changed"):
        out.parent.mkdir(parents=True, exist_ok=True)
        write_whole(out, stream.getvalue())
    return out


def preview_place(options: BuildOptions) -> Path:
    """Where the sheet goes: beside the data set, or in this folder where that is elsewhere."""
    if options.preview_out is not None:
        return options.preview_out
    name = f"{options.out.name}-preview.png"
    return options.out.absolute().with_name(name) if options.place.keeps_shards else Path(name)


def shares(plan: Plan, wanted: int) -> dict[str, int]:
    """How many samples of each split a sheet of `wanted` shows; at least one of each that has any.

    InputError where the plan has none at all.
    """
    total = sum(plan.samples.values())
    if not total:
        raise InputError(
            "--preview", expected="a plan with samples", found="none", remedy="add sources"
        )
    found = {
        split: min(plan.samples[split], max(1, int(wanted * plan.samples[split] / total + 0.5)))
        for split in SPLITS
    }
    most = max(found, key=lambda split: found[split])
    spare = wanted - sum(found.values())
    return found | {most: max(1, min(plan.samples[most], found[most] + spare))}


def _tile(renderer: Renderer, split: str, position: int) -> tuple[Image.Image, str]:
    drawn = renderer.draw(renderer.plan.scene(split, position))
    words = f"{split} {position}: {printable(drawn.sample.info['background'])}"
    return show_objects(drawn, _TILE), words
