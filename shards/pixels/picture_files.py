"""Picture files that appear whole or not at all."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shards.base.files import write_atomic, write_whole


def save_picture(picture: Image.Image, path: Path, **settings: Any) -> None:
    """Write a picture as its path's ending says, whole or not at all."""
    stream = io.BytesIO()
    picture.save(stream, Image.registered_extensions()[path.suffix], **settings)
    write_whole(path, stream.getvalue())


def write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write uint8 (H, W, 3) as a PNG, whole or not at all."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    write_atomic(path, stream.getvalue())
