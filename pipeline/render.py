"""One sample again, from its name alone: what the plan says stands at (split, position)."""

import dataclasses
import io
from pathlib import Path

from PIL import Image

from pipeline.planning.plan import Plan, require_position
from pipeline.rendering.drawn_scene import DrawnScene
from pipeline.rendering.renderer import Renderer
from pipeline.rendering.site import find_site
from pipeline.viewing.layer_files import layer_files, overlay_file
from shards.base.canonical_json import document
from shards.base.errors import InputError
from shards.base.files import write_whole
from shards.base.keys import LISTED_SPLITS, SPLITS
from shards.pixels.codecs import encode_png
from shards.places.outputs import writing
from shards.records.manifest import read_plan


def render_scene(
    shards: Path,
    split: str,
    position: int,
    *,
    fg: Path | None = None,
    bg: Path | None = None,
    fg_alpha: Path | None = None,
    distractors: Path | None = None,
) -> DrawnScene:
    """The sample at `position` of `split` with its layers, drawn as the build drew it.

    The folders of sources are those of the last build on this data set, unless given. Depth is
    predicted in the same batch as in the build, so its last bits are the same too.
    """
    plan = Plan(read_plan(shards))
    if split not in SPLITS:
        raise InputError(
            "SPLIT", expected=LISTED_SPLITS, found=repr(split), remedy="name one of them"
        )
    require_position(split, position, plan.samples[split])
    site = find_site(shards, fg=fg, bg=bg, fg_alpha=fg_alpha, distractors=distractors)
    per_shard: int = plan.options["samples_per_shard"]
    first = position - position % per_shard % plan.batch
    last = min(first + plan.batch, first - first % per_shard + per_shard, plan.samples[split])
    renderer = Renderer(plan, site)
    samples = renderer.samples(split, range(first, last))
    sample = next(sample for sample in samples if sample.position == position)
    return dataclasses.replace(renderer.draw(plan.scene(split, position)), sample=sample)


def write_scene(drawn: DrawnScene, out: Path, *, overlay: bool = False) -> list[Path]:
    """Write a sample as plain files: as it is stored, its layers, and an overlay if wanted.

    image.png, background.jpg, mask.png, depth.png (16 bit), sample.json; background.png,
    object-00.png and so on, distractor-00.png, instances.png, instances-colour.png; overlay.png.
    """
    sample = drawn.sample
    files = layer_files(drawn) | {
        "background.jpg": sample.background.data,
        "mask.png": encode_png(sample.mask, "none"),
        "sample.json": document(sample.info),
    }
    if overlay:
        files["overlay.png"] = overlay_file(drawn)
    if sample.depth_codes is not None:
        files["depth.png"] = encode_png(sample.depth_codes, "up")
    stream = io.BytesIO()
    Image.fromarray(sample.image).save(stream, "PNG")
    files["image.png"] = stream.getvalue()
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            write_whole(out / name, data)
    return [out / name for name in sorted(files)]
