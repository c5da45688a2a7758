"""Extremes that are legal: each builds a data set on which the laws hold"""

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from laws import build_and_check
from PIL import Image
from small import draw_background, draw_foreground

Pictures = dict[str, Image.Image]


def opaque(width: int, height: int) -> Image.Image:
    return draw_background(1).resize((width, height)).convert("RGBA")


def some(**changed: Image.Image) -> tuple[Pictures, Pictures]:
    """Two foregrounds and two backgrounds, or those given (`fg0`, `bg1`) in their place."""
    fg = {f"{i}.png": changed.get(f"fg{i}", draw_foreground(i)) for i in range(2)}
    bg = {f"{i}.png": changed.get(f"bg{i}", draw_background(i)) for i in range(2)}
    return fg, bg


LARGE = draw_foreground(3).resize((1200, 1000))
EXTREMES: dict[str, tuple[Callable[[], tuple[Pictures, Pictures]], dict[str, Any]]] = {
    "backgrounds one pixel wide and high": (
        lambda: some(bg0=opaque(1, 900), bg1=opaque(900, 1)), {"samples": 8}),
    "foregrounds of 900 x 1 and 1 x 900": (
        lambda: some(fg0=opaque(900, 1), fg1=opaque(1, 900)), {"samples": 8}),
    "panoramas of 3000 x 40": (lambda: some(bg0=opaque(3000, 40)), {"samples": 8}),
    "a foreground opaque everywhere": (lambda: some(fg0=opaque(60, 30)), {"samples": 8}),
    "equal files under several names": (
        lambda: some(fg1=draw_foreground(0), bg1=draw_background(0)), {"samples": 8}),
    "one foreground on one background": (
        lambda: ({"f.png": draw_foreground(0)}, {"b.png": draw_background(0)}),
        {"placements": 3}),
    "size 16": (some, {"size": 16, "samples": 8}),
    "size 16x4096": (some, {"size": "16x4096", "samples": 6}),
    "size 4096x16": (some, {"size": (4096, 16), "samples": 6}),
    "size 4096x16 with many objects": (some, {
        "size": (4096, 16), "samples": 6, "objects": (2, 40), "rotate": 180, "truncate": 1.0,
        "bg_crop": 0.05, "bg_flip": True, "max_overlap": 0.0, "fg_scale": (0.05, 1.0)}),
    "255 objects": (some, {
        "size": (320, 64), "samples": 2, "objects": (255, 255), "fg_scale": (0.01, 0.3)}),
    "size 2048": (some, {"size": 2048, "samples": 1, "fg_scale": (0.1, 0.2)}),
    "no val": (some, {"val_fraction": 0.0, "samples": 8}),
    "nothing but val": (some, {"val_fraction": 1.0, "samples": 8}),
    "a foreground larger than the canvas": (lambda: some(fg0=LARGE), {"samples": 4}),
    "a foreground over the whole canvas": (some, {"fg_scale": (1.0, 1.0), "samples": 8}),
    "a foreground of less than a pixel": (some, {"fg_scale": (1e-6, 1e-6), "samples": 8}),
    "one sample": (some, {"samples": 1}),
    "one sample a shard": (some, {"samples": 5, "samples_per_shard": 1, "format": "lmdb"}),
}  # fmt: skip


@pytest.mark.parametrize("name", EXTREMES)
def test_an_extreme_builds_and_the_laws_hold(name: str, tmp_path: Path) -> None:
    draw, chosen = EXTREMES[name]
    for role, pictures in zip(("fg", "bg"), draw(), strict=True):
        (tmp_path / role).mkdir()
        for file, picture in pictures.items():
            picture.save(tmp_path / role / file)
    dataset = build_and_check(tmp_path, {"size": 64} | chosen)
    assert len(dataset) == (chosen.get("samples") or 6)
    splits = {split: len(dataset.split(split)) for split in ("train", "val")}
    if chosen.get("val_fraction") == 1.0:
        assert splits["train"] == 0
    if chosen.get("val_fraction") == 0.0 or "one foreground" in name:
        assert splits["val"] == 0
    dataset.close()


def test_more_workers_than_shards(sources: Path, tmp_path: Path) -> None:
    for role in ("fg", "bg"):
        shutil.copytree(sources / role, tmp_path / role)
    chosen = {"size": 32, "samples": 6, "samples_per_shard": 4, "workers": 5}
    assert len(build_and_check(tmp_path, chosen)) == 6


def test_names_that_are_no_text_go_through_a_whole_build(tmp_path: Path) -> None:
    names = [b"two\nlines.png", b"\xff\xfe.png", b"-x .png", "пёс.png".encode()]
    for role, draw in (("fg", draw_foreground), ("bg", draw_background)):
        (tmp_path / role).mkdir()
        for index, name in enumerate(names):
            with open(bytes(tmp_path / role) + b"/" + name, "wb") as file:
                draw(index).save(file, "PNG")
    dataset = build_and_check(tmp_path, {"size": 32, "samples": 12})
    listed = [source["name"].encode("utf-8", "surrogateescape") for source in
              dataset.manifest["sources"]["fg"]]  # fmt: skip
    assert listed == sorted(names)
    shown = {each["foreground"] for sample in dataset for each in sample.info["objects"]}
    assert shown <= {name.decode("utf-8", "surrogateescape") for name in names}
    assert all(isinstance(sample.background, np.ndarray) for sample in dataset)


@pytest.mark.slow
def test_a_hundred_thousand_sources(tmp_path: Path) -> None:
    for role, draw, count in (("fg", draw_foreground, 2), ("bg", draw_background, 100_000)):
        (tmp_path / role).mkdir()
        stream = io.BytesIO()
        draw(0).resize((16, 12)).save(stream, "PNG")
        for number in range(count):  # bytes after the end of a PNG make another file of it
            name = tmp_path / role / f"{number}.png"
            name.write_bytes(stream.getvalue() + number.to_bytes(4, "big"))
    chosen = {"size": 16, "samples": 500, "samples_per_shard": 10_000}
    dataset = build_and_check(tmp_path, chosen)
    assert len(dataset.manifest["sources"]["bg"]) == 100_000
    assert (len(dataset.split("train")), len(dataset.split("val"))) == (450, 50)
