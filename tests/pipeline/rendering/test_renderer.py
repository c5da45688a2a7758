"""pipeline/rendering/renderer.py, pipeline/rendering/shard_maker.py and
pipeline/machine/byte_cache.py
"""

import shutil
from pathlib import Path

import numpy as np
import pytest
from small import draw_background, small_options

from pipeline.machine.byte_cache import ByteCache
from pipeline.planning.options import BuildOptions
from pipeline.rendering.preparation import plan_build
from pipeline.rendering.renderer import Renderer
from pipeline.rendering.shard_maker import renderer_of
from pipeline.rendering.site import Site
from pipeline.rendering.watcher import SilentWatcher
from shards.base.errors import RunError


def renderer(options: BuildOptions) -> Renderer:
    plan, _ = plan_build(options, SilentWatcher())
    site = Site(out=options.out, fg=options.fg, bg=options.bg, device="cpu", depth_weights=None)
    return Renderer(plan, site)


def test_samples_do_not_depend_on_what_was_drawn_before(sources: Path, tmp_path: Path) -> None:
    options = small_options(sources, tmp_path / "out")
    forward, backward = renderer(options), renderer(options)
    positions = range(20)
    ahead = [forward.composite(forward.plan.scene("train", p)) for p in positions]
    behind = [backward.composite(backward.plan.scene("train", p)) for p in reversed(positions)]
    for a, b in zip(ahead, reversed(behind), strict=True):
        assert np.array_equal(a.image, b.image)
        assert np.array_equal(a.mask, b.mask)
        assert a.info == b.info


def test_depth_has_the_size_and_range_that_the_plan_names(sources: Path, tmp_path: Path) -> None:
    for size, side in (("native", 48), ("full", 64)):
        options = small_options(
            sources, tmp_path / "out", depth_model="densedepth-lite", depth_size=size
        )
        drawing = renderer(options)
        for sample in drawing.samples("train", range(3)):
            assert sample.depth_codes is not None
            assert sample.depth_codes.shape == (side, side)
            assert sample.depth_codes.max() < 4096


def test_a_source_that_changed_since_the_plan_is_named(sources: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(sources, tmp_path / "sources"))
    drawing = renderer(small_options(moved, tmp_path / "out"))
    draw_background(50).save(moved / "bg" / "bg0.png")
    with pytest.raises(RunError, match=r"bg0\.png: expected the picture that stood here"):
        drawing.stored_background(0)
    (moved / "bg" / "bg1.png").unlink()
    with pytest.raises(RunError, match=r"bg1\.png"):
        drawing.stored_background(1)


def test_a_worker_refuses_another_builds_folder(plain_build: object, sources: Path) -> None:
    out = plain_build.out  # type: ignore[attr-defined]
    site = Site(out=out, fg=sources, bg=sources, device="cpu", depth_weights=None)
    with pytest.raises(RunError, match="expected build 0000"):
        renderer_of(site, "0" * 64)


def test_the_cache_keeps_what_was_used_last_within_its_limit() -> None:
    made: list[int] = []

    def make(key: int) -> bytes:
        made.append(key)
        return bytes(10)

    cache = ByteCache[int, bytes](30, len)
    for key in (1, 2, 3, 1, 4, 1, 2):
        cache.get(key, make)
    assert made == [1, 2, 3, 4, 2]


def test_one_value_over_the_limit_is_still_served() -> None:
    cache = ByteCache[int, bytes](5, len)
    assert cache.get(1, lambda key: bytes(100)) == bytes(100)
