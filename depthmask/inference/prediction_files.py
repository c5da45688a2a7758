"""Predictions on disk: pictures in, pictures out."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from depthmask.inference.sheets import depth_colours
from pipeline.sources.decode import UnusablePictureError, read_picture
from shards.base.errors import InputError
from shards.base.files import write_whole
from shards.pixels.codecs import encode_png
from shards.pixels.picture_files import save_picture, write_png

if TYPE_CHECKING:
    from depthmask.inference.prediction import Prediction


def open_picture(path: Path, name: str) -> Image.Image:
    """The picture in a file; InputError, which calls it `name`, where it cannot be used."""
    try:
        return read_picture(path)
    except UnusablePictureError as error:
        raise InputError(
            f"{name} {path}", expected="a picture", found=str(error), remedy="give a picture file"
        ) from None


KINDS = ("mask", "cutout", "depth", "depth-colour")


def prediction_place(folder: Path, name: str, kind: str) -> Path:
    """Where a prediction of a kind goes: KIND.png, or NAME.KIND.png."""
    return folder / (f"{name}.{kind}.png" if name else f"{kind}.png")


def write_prediction(found: "Prediction", folder: Path, name: str) -> list[Path]:
    """Write mask, cut-out, depth (16 bits) and depth in colours, as far as they are there.

    The files are mask.png and so on; with a name NAME.mask.png and so on. Returns their paths.
    """

    def place(kind: str) -> Path:
        path = prediction_place(folder, name, kind)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    written = []
    if found.mask is not None and found.cutout is not None:
        written += [place("mask"), place("cutout")]
        write_whole(written[0], encode_png(np.rint(found.mask * 255).astype(np.uint8), "none"))
        save_picture(Image.fromarray(found.cutout), written[1])
    if found.depth_unit is not None:
        codes, colours = place("depth"), place("depth-colour")
        write_whole(codes, encode_png(np.rint(found.depth_unit * 65535).astype(np.uint16), "up"))
        write_png(colours, depth_colours(found.depth_unit))
        written += [codes, colours]
    return written
