"""Training examples for the depth teacher: pictures and their nearness.

Three kinds: drawn scenes, whose depth is exact; drawn scenes with cut-outs pasted in, like users'
composites; and photographs with cut-outs, where a frozen copy of the network has labelled the
photograph and each cut-out is nearer than everything it hides.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from depthmask.drawing.close_ups import CLOSE_UPS
from depthmask.drawing.cutouts.cars import draw_car
from depthmask.drawing.scenery import Props
from depthmask.drawing.scenes import STYLES, Map, draw_scene, nearness, spread
from depthmask.drawing.textures import Picture, read_photographs
from pipeline.sources.alpha import crop_to_alpha
from pipeline.sources.decode import UnusablePictureError, read_picture
from shards.base.errors import InputError
from shards.pixels.object_pixels import object_level

Rng = np.random.Generator

Scene = tuple[Picture, NDArray[np.float16]]
"""A drawn picture (160, 160, 3) and its nearness in 1/m (160, 160)."""

_SCENE_SIDE = 160


@dataclass(frozen=True, slots=True)
class Example:
    """A picture uint8 (S, S, 3), nearness float32 (S, S), and where a cut-out covers it (S, S)."""

    picture: Picture
    nearness: Map
    covered: Map


def read_cutouts(folder: Path, *, longest: int = 256, most: int = 1500) -> tuple[Picture, ...]:
    """Pictures with alpha below `folder` in name order, cropped, (h, w, 4) uint8 each.

    Skips those with no alpha or hardly any solid part; reads at most `most`.
    """
    cutouts: list[Picture] = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        try:
            picture = read_picture(path)
            if picture.mode != "RGBA":
                continue
            cropped = crop_to_alpha(picture)
        except UnusablePictureError:
            continue
        cropped.thumbnail((longest, longest))
        pixels = np.asarray(cropped)
        if min(pixels.shape[:2]) >= 16 and 0.2 < _own(pixels).mean() < 0.95:
            cutouts.append(pixels)
        if len(cutouts) == most:
            break
    return tuple(cutouts)


def _own(cutout: Picture) -> NDArray[np.bool_]:
    """Which pixels (h, w) of a cut-out are the object's own."""
    alpha = cutout[..., 3]
    own: NDArray[np.bool_] = alpha >= object_level(alpha)
    return own


def read_props(textures: Path | None, cutouts: Path | None) -> Props:
    """What scenes and pastes may use, from the user's folders; InputError where one is missing."""
    for name, folder in (("--textures", textures), ("--cutouts", cutouts)):
        if folder is not None and not folder.is_dir():
            raise InputError(
                f"{name} {folder}",
                expected="a folder of pictures",
                found="no folder",
                remedy="name one, or leave it out",
            )
    return Props(
        photographs=read_photographs(textures) if textures else (),
        cutouts=read_cutouts(cutouts) if cutouts else (),
    )


def stock_scene(rng: Rng, props: Props) -> Scene:
    """A random drawn scene to make examples from."""
    styles = {**STYLES, **CLOSE_UPS}
    view = draw_scene(rng, height=_SCENE_SIDE, width=_SCENE_SIDE, props=props, styles=styles)
    return (view.colour * 255).astype(np.uint8), nearness(view.depth).astype(np.float16)


def _crop(rng: Rng, picture: Picture, near: Map, side: int) -> tuple[Picture, Map]:
    """A random square part, mirrored half the time, at `side` pixels."""
    height, width = picture.shape[:2]
    edge = int(min(height, width) * rng.uniform(0.6, 1))
    top, left = int(rng.integers(height - edge + 1)), int(rng.integers(width - edge + 1))
    window = (slice(top, top + edge), slice(left, left + edge))
    part = Image.fromarray(picture[window]).resize((side, side), Image.Resampling.BILINEAR)
    pixels = np.asarray(part)
    values = np.asarray(
        Image.fromarray(near[window]).resize((side, side), Image.Resampling.BILINEAR)
    )
    if rng.random() < 0.5:
        pixels, values = pixels[:, ::-1], values[:, ::-1]
    return pixels.copy(), values.copy()


def _fit(rng: Rng, cutout: Picture, side: int) -> tuple[Picture, slice, slice]:
    """A cut-out scaled to a composite's usual size, and where it goes."""
    longest = side * rng.uniform(0.25, 0.75)
    scale = longest / max(cutout.shape[:2])
    height, width = (max(4, int(edge * scale)) for edge in cutout.shape[:2])
    height, width = min(height, side), min(width, side)
    small = Image.fromarray(cutout).convert("RGBa").resize((width, height)).convert("RGBA")
    if rng.random() < 0.5:
        small = small.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    top, left = int(rng.integers(side - height + 1)), int(rng.integers(side - width + 1))
    return np.asarray(small), slice(top, top + height), slice(left, left + width)


def paste(rng: Rng, example: Example, cutout: Picture) -> Example:
    """The example with a cut-out over it, a little nearer than everything that it hides."""
    small, rows, columns = _fit(rng, cutout, len(example.picture))
    alpha = small[..., 3:].astype(np.float32) / 255
    picture = example.picture.copy()
    light = rng.uniform(0.7, 1.1)
    colour = np.clip(small[..., :3] * light, 0, 255)
    picture[rows, columns] = picture[rows, columns] * (1 - alpha) + colour * alpha
    solid = _own(small)
    near, covered = example.nearness.copy(), example.covered.copy()
    hidden = near[rows, columns][solid]
    if hidden.size:
        behind = float(np.percentile(hidden, 97))
        near[rows, columns][solid] = behind + rng.uniform(0.04, 0.2) * (1.1 - behind)
        covered[rows, columns][solid] = 1
    return Example(picture, np.clip(near, 0, 1), covered)


def _cutout(rng: Rng, props: Props) -> Picture:
    if props.cutouts and rng.random() < 0.8:
        return props.cutouts[int(rng.integers(len(props.cutouts)))]
    return draw_car(rng, length=int(rng.integers(60, 160)))


def drawn_example(rng: Rng, scene: Scene, props: Props, side: int) -> Example:
    """A drawn scene at `side` pixels, with up to two cut-outs pasted in."""
    picture, near = _crop(rng, scene[0], scene[1].astype(np.float32), side)
    example = Example(picture, spread(near), np.zeros((side, side), np.float32))
    return _paste_some(rng, example, props, (0.35, 0.5, 0.15))


def photographed_example(rng: Rng, props: Props, side: int) -> Example:
    """A part of a pseudo-labelled photograph, with up to three cut-outs."""
    which = int(rng.integers(len(props.labels)))
    label = props.labels[which].astype(np.float32)
    picture, near = _crop(rng, props.photographs[which], label, side)
    example = Example(picture, spread(near), np.zeros((side, side), np.float32))
    return _paste_some(rng, example, props, (0.15, 0.55, 0.2, 0.1))


def _paste_some(rng: Rng, example: Example, props: Props, shares: tuple[float, ...]) -> Example:
    """The example with n cut-outs pasted in, each nearer than those before, by the share of n."""
    for _ in range(int(rng.choice(len(shares), p=shares))):
        example = paste(rng, example, _cutout(rng, props))
    return example


def disturb(rng: Rng, picture: Picture) -> Picture:
    """The picture in another light, through another camera: colour, blur, noise, grey."""
    pixels = picture.astype(np.float32) / 255
    if rng.random() < 0.3:
        pixels = pixels[..., rng.permutation(3)]
    if rng.random() < 0.15:
        pixels = np.repeat(pixels.mean(-1, keepdims=True), 3, -1)
    gain = rng.uniform(0.6, 1.3) * rng.uniform(0.85, 1.15, 3).astype(np.float32)
    pixels = np.clip(pixels * gain + rng.uniform(-0.08, 0.08), 0, 1) ** rng.uniform(0.7, 1.5)
    if rng.random() < 0.25:
        side = len(pixels)
        small = int(side * rng.uniform(0.4, 0.9))
        coarse = Image.fromarray((pixels * 255).astype(np.uint8)).resize((small, small))
        pixels = np.asarray(coarse.resize((side, side), Image.Resampling.BILINEAR)) / 255
    if rng.random() < 0.4:
        pixels = pixels + rng.normal(0, rng.uniform(0.005, 0.04), pixels.shape)
    return (np.clip(pixels, 0, 1) * 255).astype(np.uint8)
