"""`depth`: a teacher on single pictures of any size."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.headers import read_file
from pipeline.pictures import UnusablePictureError, decode_picture
from pipeline.teachers import Teacher
from shards.codecs import encode_png
from shards.errors import InputError


def predict_depth(teacher: Teacher, picture: Image.Image) -> NDArray[np.float32]:
    """Values float32 (H, W) in the teacher's kind and unit for an "RGB" picture of any size.

    The picture is squeezed to the teacher's square and the map is brought back to its size.
    """
    side = teacher.card.input_size
    squeezed = picture.convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
    values = teacher.predict(np.asarray(squeezed)[None])[0]
    grown = Image.fromarray(values).resize(picture.size, Image.Resampling.BILINEAR)
    return np.asarray(grown)


def write_depth(teacher: Teacher, path: Path, out: Path) -> tuple[Path, Path]:
    """Write NAME.depth.png (16 bits over the declared range) and NAME.colour.png; their paths."""
    import matplotlib

    try:
        picture = decode_picture(read_file(path))
    except (UnusablePictureError, OSError) as error:
        raise InputError(
            str(path), expected="a picture", found=str(error), remedy="give a picture file"
        ) from None
    values = predict_depth(teacher, picture)
    unit = np.clip((values - teacher.card.low) / (teacher.card.high - teacher.card.low), 0, 1)
    out.mkdir(parents=True, exist_ok=True)
    codes, colours = out / f"{path.stem}.depth.png", out / f"{path.stem}.colour.png"
    codes.write_bytes(encode_png(np.rint(unit * 65535).astype(np.uint16), "up"))
    colour = matplotlib.colormaps["inferno"](unit, bytes=True)[..., :3]  # (H, W, 4) -> (H, W, 3)
    Image.fromarray(np.ascontiguousarray(colour)).save(colours)
    return codes, colours
