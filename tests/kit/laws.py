"""Builds a data set and checks on it what must hold for any."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small import draw_background, draw_foreground

from pipeline.build import build_dataset
from pipeline.compositing.arrange import Rules, arrange
from pipeline.compositing.composite import compose
from pipeline.compositing.cutout import Cutout, cut_out
from pipeline.compositing.foreground import prepare_foreground, scale_foreground
from pipeline.compositing.turned import Turnable, make_turnable
from pipeline.planning.options import BuildOptions
from pipeline.planning.plan import Plan
from pipeline.rendering.renderer import Renderer
from pipeline.rendering.site import Site
from pipeline.sources.alpha import crop_to_alpha
from pipeline.sources.canvas import crop_to_canvas, flatten, largest_crop
from pipeline.sources.decode import decode_picture
from pipeline.verify import verify_dataset
from shards.base.errors import InputError
from shards.base.keys import SPLITS
from shards.base.size import Size
from shards.reading.dataset import Dataset
from shards.reading.open import open_dataset
from shards.records.manifest import read_plan

MOST_RENDERED = 12
PLAIN = {"objects": [1, 1], "truncate": 0, "bg_crop": 1, "bg_flip": False}
"""Options of scenes whose pixels are those of two sources, wholly in view."""


def put_sources(root: Path, role: str, drawn: list[tuple[int, tuple[int, int]]]) -> Path:
    (root / role).mkdir()
    draw = draw_foreground if role == "fg" else draw_background
    for index, (seed, size) in enumerate(drawn):
        draw(seed).resize(size).save(root / role / f"{index}.png")
    return root / role


def build_or_refuse(root: Path, fg: Any, bg: Any, chosen: dict[str, Any]) -> None:
    """Build in `root` and check the laws, or see that a refusal left nothing."""
    put_sources(root, "fg", fg)
    put_sources(root, "bg", bg)
    try:
        build_and_check(root, chosen)
    except InputError:
        assert not (root / "shards").exists()


def build_and_check(root: Path, chosen: dict[str, Any]) -> Dataset:
    """Build from `root`/fg and `root`/bg, check the laws, and give the data set."""
    out, folders = root / "shards", {"fg": root / "fg", "bg": root / "bg"}
    given = {"depth_model": "none", "workers": 1} | chosen
    build_dataset(BuildOptions(**folders, out=out, **given))
    verdict = verify_dataset(out, deep=True, workers=1)
    assert (verdict.broken, verdict.unmade, verdict.manifest) == ((), 0, None)
    plan = Plan(read_plan(out))
    site = Site(out=out, device="cpu", depth_weights=None, **folders)
    check_splits(plan)
    if all(plan.options[name] == value for name, value in PLAIN.items()):
        check_pixels(plan, Renderer(plan, site), folders)
    check_subset(plan)
    dataset = open_dataset(out)
    check_moments(dataset)
    check_objects(dataset, plan.options)
    return dataset


def check_splits(plan: Plan) -> None:
    """By source, no content is in two splits."""
    if plan.options["split_by"] != "sample":
        for sources in (plan.fg, plan.bg):
            splits = {(source.sha256, source.split) for source in sources}
            assert len(splits) == len({sha256 for sha256, _ in splits})
            assert {split for _, split in splits} <= set(SPLITS)


def check_pixels(plan: Plan, renderer: Renderer, folders: dict[str, Path]) -> None:
    """Before encoding: the mask is 0 outside the box, the image is its two sources."""
    wide, high = plan.options["size"]
    canvas = (wide, high)
    for split, count in plan.samples.items():
        for position in range(0, count, max(1, count // MOST_RENDERED)):
            scene = plan.scene(split, position)
            sample = renderer.composite(scene)
            back = source_of(folders["bg"], plan.bg[scene.background].name)
            behind = crop_to_canvas(flatten(back), largest_crop(back.size, canvas), canvas)
            clear, solid = sample.mask == 0, sample.mask == 255
            assert np.array_equal(sample.image[clear], np.asarray(behind)[clear])
            (drawn,) = scene.objects
            front = crop_to_alpha(source_of(folders["fg"], plan.fg[drawn.foreground].name))
            wardrobe = OneForeground(front, min(canvas), plan.options["fg_scale"][1])
            (placed,) = arrange(scene, Rules.of(plan.options), wardrobe).objects
            x, y, width, height = placed.box
            assert 0 <= x < x + width <= wide
            assert 0 <= y < y + height <= high
            outside = sample.mask.copy()
            outside[y : y + height, x : x + width] = 0
            assert not outside.any()
            for grey in (0, 255):
                image, mask = compose(np.full((high, wide, 3), grey, np.uint8), [placed])
                assert np.array_equal(mask, sample.mask)
                assert np.array_equal(image[solid], sample.image[solid])


class OneForeground:
    """A wardrobe of one foreground, whatever is asked for."""

    def __init__(self, cropped: Image.Image, shorter: int, largest: float) -> None:
        self._cropped, self._shorter, self._largest = cropped, shorter, largest
        self._ready = prepare_foreground(cropped, shorter, largest)

    def size(self, index: int) -> Size:
        return self._ready.size

    def cutout(self, index: int, size: Size) -> Cutout:
        return cut_out(scale_foreground(self._ready, size))

    def turnable(self, index: int) -> Turnable:
        return make_turnable(self._cropped, self._shorter, self._largest)


def source_of(root: Path, name: str) -> Image.Image:
    return decode_picture((root / name).read_bytes())


def check_objects(dataset: Dataset, options: dict[str, Any]) -> None:
    """What the json says of each object is what instances.png shows."""
    for index in range(0, len(dataset), max(1, len(dataset) // MOST_RENDERED)):
        sample = dataset[index]
        facts, whose = sample.info["objects"], sample.instances
        assert whose.max() <= len(facts) <= options["objects"][1]
        assert sorted(each["layer"] for each in facts) == list(range(len(facts)))
        for number, each in enumerate(facts, 1):
            rows, columns = np.nonzero(whose == number)
            assert each["area"] == len(rows)
            assert (each["visible"] == 0) == (each["area"] == 0)
            assert each["visible"] >= 1 - options["max_overlap"] - 1e-9
            assert 0 <= each["truncation"] <= (0.75 if options["truncate"] else 0)
            if len(rows):
                x, y, width, height = each["visible_box"]
                assert (x, y) == (columns.min(), rows.min())
                assert (x + width, y + height) == (columns.max() + 1, rows.max() + 1)
                left, top, wide, high = each["box"]
                assert left <= x
                assert top <= y
                assert x + width <= left + wide
                assert y + height <= top + high


def check_moments(dataset: Dataset) -> None:
    """mean and std are those that numpy finds in what a reader decodes."""
    for split in SPLITS:
        samples = list(dataset.split(split))
        assert bool(samples) == bool(dataset.stats["splits"][split])
        largest = {"image": 255, "mask": 255, "background": 255}
        names = {"depth": "depth_codes"}
        if dataset.depth is not None:
            largest["depth"] = dataset.depth.largest
        for field in largest if samples else ():
            stored = np.stack([getattr(sample, names.get(field, field)) for sample in samples])
            pixels = stored / largest[field]
            written = dataset.stats["splits"][split][field]
            assert written["mean"] == pytest.approx(np.atleast_1d(pixels.mean((0, 1, 2))), abs=1e-9)
            assert written["std"] == pytest.approx(np.atleast_1d(pixels.std((0, 1, 2))), abs=1e-9)


def check_subset(plan: Plan) -> None:
    """Sample (split, p) of a data set with fewer samples is that of the whole plan."""
    if plan.options["split_by"] == "sample":
        return
    total = sum(plan.samples.values())
    for fewer in {1, max(1, total // 3), total}:
        document = plan.document | {"options": plan.options | {"samples": fewer}}
        part = Plan(document)
        for split, count in part.samples.items():
            for position in range(0, min(count, plan.samples[split]), max(1, count // 5)):
                assert part.scene(split, position) == plan.scene(split, position)
