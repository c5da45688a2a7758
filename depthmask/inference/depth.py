"""`depth`: a teacher on single pictures of any size."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from depthmask.inference.input_pictures import find_pictures, open_picture, refuse_overwriting
from depthmask.inference.options import DepthOptions
from pipeline.depth.teachers.seam import Teacher
from pipeline.depth.teachers.table import load_teacher
from pipeline.rendering.calibration import SAMPLES, range_of
from pipeline.sources.decode import as_rgb
from shards.base.errors import InputError
from shards.base.files import write_whole
from shards.pixels.codecs import encode_png
from shards.pixels.picture_files import save_picture
from shards.places.outputs import require_folder, writing


def depth(
    options: DepthOptions,
    tick: Callable[[int, int], None] = lambda done, total: None,
    remark: Callable[[str], None] = lambda words: None,
) -> list[Path]:
    """The files written: NAME.depth.png (16 bits) and NAME.colour.png for each picture.

    All maps span one range (`limits_of`, or `options.depth_range`). Pictures that cannot be read
    are left out, with a remark; InputError where none can be read. `tick` is called with the
    pictures done, and with all there are.
    """
    require_folder(options.out)
    found = find_pictures(options.pictures, options.out)
    places = [place for name, _ in found for place in depth_places(options.out, name)]
    refuse_overwriting([path for _, path in found], places)
    size = options.depth_input
    teacher = load_teacher(
        options.depth_model,
        canvas=options.size,
        weights=options.depth_weights,
        device=options.device,
        kind=options.depth_kind,
        value_range=options.depth_range,
        input_size=size and (size[1], size[0]),
    )
    low, high = limits = limits_of(teacher, [path for _, path in found])
    remark(f"{teacher.kind} depth, {low:g} to {high:g} {teacher.unit}")
    written: list[Path] = []
    for done, (name, path) in enumerate(found):
        tick(done, len(found))
        try:
            written += write_depth(teacher, path, options.out, limits, name)
        except InputError as error:
            if len(found) == 1:
                raise
            remark(f"left out {path}: {error}")
    tick(len(found), len(found))
    if not written:
        raise InputError(
            " ".join(map(str, options.pictures)),
            expected="a picture that can be read",
            found=f"none among {len(found)}",
            remedy="give pictures of their kinds: docs/input.md",
        )
    return written


def predict_depth(teacher: Teacher, picture: Image.Image) -> NDArray[np.float32]:
    """Values float32 (H, W) in the teacher's kind and unit for a picture of any size.

    The picture is squeezed to what the network sees, and the map is brought back to its size.
    """
    height, width = teacher.card.input_size
    seen = as_rgb(picture, "picture")
    squeezed = seen.resize((width, height), Image.Resampling.BICUBIC)
    values = teacher.predict(np.asarray(squeezed)[None])[0]
    grown = Image.fromarray(values).resize(seen.size, Image.Resampling.BILINEAR)
    return np.array(grown)  # Pillow's own memory is read-only


def limits_of(teacher: Teacher, paths: Iterable[Path]) -> tuple[float, float]:
    """(low, high) that maps are written over: what the teacher declares, else one of `paths`.

    One range for all of them, found as a build finds it (`calibration.range_of`) over the first
    that can be read; InputError where none can.
    """
    declared = teacher.card.range
    if declared is not None:
        return declared
    maps: list[NDArray[np.float32]] = []
    fault: InputError | None = None
    for path in paths:
        try:
            maps.append(predict_depth(teacher, open_picture(path)))
        except InputError as error:
            fault = fault or error
        if len(maps) == SAMPLES:
            break
    if not maps and fault is not None:
        raise fault
    return range_of(maps)


def depth_places(out: Path, name: str) -> tuple[Path, Path]:
    """Where the depth of a picture goes: NAME.depth.png and NAME.colour.png."""
    return out / f"{name}.depth.png", out / f"{name}.colour.png"


def write_depth(
    teacher: Teacher, path: Path, out: Path, limits: tuple[float, float], name: str | None = None
) -> tuple[Path, Path]:
    """Write NAME.depth.png (16 bits over `limits`) and NAME.colour.png; their paths.

    The name is the picture's own, unless it is given; it may begin with folders.
    """
    import matplotlib

    low, high = limits
    unit = np.clip((predict_depth(teacher, open_picture(path)) - low) / (high - low), 0, 1)
    codes, colours = depth_places(out, path.stem if name is None else name)
    colour = matplotlib.colormaps["inferno"](unit, bytes=True)[..., :3]  # (H, W, 4) -> (H, W, 3)
    with writing(out, "the pictures before it are kept"):
        codes.parent.mkdir(parents=True, exist_ok=True)
        write_whole(codes, encode_png(np.rint(unit * 65535).astype(np.uint16), "up"))
        save_picture(Image.fromarray(np.ascontiguousarray(colour)), colours)
    return codes, colours
