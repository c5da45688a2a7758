"""`predict`: pictures in files, their masks, depth and cut-outs in files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from depthmask.inference.input_pictures import find_pairs, open_picture, refuse_overwriting
from depthmask.inference.options import PredictOptions
from depthmask.inference.predictor import Prediction, load
from depthmask.inference.sheets import depth_colours
from shards.base.errors import InputError
from shards.base.files import write_whole
from shards.pixels.codecs import encode_png
from shards.pixels.picture_files import save_picture, write_png
from shards.places.outputs import require_folder, writing

_KINDS = ("mask", "cutout", "depth", "depth-colour")


def predict(
    options: PredictOptions, skipped: Callable[[Path, str], None] = lambda path, reason: None
) -> list[Path]:
    """The files written: mask.png, depth.png (16 bits), depth-colour.png and cutout.png.

    For a folder or a pattern they are NAME.mask.png and so on, one after another; pictures that
    cannot be read are left out, and `skipped` is called for each. InputError if the network needs a
    background and none is given, and if nothing can be read.
    """
    require_folder(options.out)
    predictor = load(options.checkpoint, options.device)
    if predictor.needs_background and options.background is None:
        raise InputError(
            "--background",
            expected="the place without the object, which this network compares with",
            found="none",
            remedy="give a picture or a folder, or train a network with --input single",
        )
    pairs = find_pairs(options.image, options.background, options.out)
    results = [_place(options.out, pair.name, kind) for pair in pairs for kind in _KINDS]
    seen = [path for pair in pairs for path in (pair.image, pair.background) if path is not None]
    refuse_overwriting(seen, results)
    written: list[Path] = []
    for pair in pairs:
        try:
            image = open_picture(pair.image, f"--image {pair.image}")
            behind = pair.background and open_picture(
                pair.background, f"--background {pair.background}"
            )
        except InputError as error:
            if not pair.name:
                raise
            skipped(pair.image, str(error))
            continue
        found = predictor.predict(image, behind)
        with writing(options.out, "the pictures before it are kept"):
            written += _write(found, options.out, pair.name)
    if not written:
        raise InputError(
            f"--image {options.image}",
            expected="a picture that can be read",
            found=f"none among {len(pairs)}",
            remedy="give pictures of their kinds: docs/input.md",
        )
    return written


def _place(folder: Path, name: str, kind: str) -> Path:
    """Where a prediction of a kind goes: KIND.png, or NAME.KIND.png."""
    return folder / (f"{name}.{kind}.png" if name else f"{kind}.png")


def _write(found: Prediction, folder: Path, name: str) -> list[Path]:
    """Write mask, cut-out, depth (16 bits) and depth in colours, those that there are.

    The files are mask.png and so on; with a name NAME.mask.png and so on. Returns their paths.
    """

    def place(kind: str) -> Path:
        path = _place(folder, name, kind)
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
