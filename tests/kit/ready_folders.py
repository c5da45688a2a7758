"""Plain folders of ready composites."""

from pathlib import Path

import numpy as np
from PIL import Image
from small import draw_background, draw_foreground

from shards.base.size import Size

SIZE = 48


def draw_folders(root: Path, size: Size = (SIZE, SIZE)) -> Path:
    """Twelve composites on three backgrounds, as earlier systems left them."""
    for place in ("image", "background", "mask", "depth"):
        (root / place).mkdir(parents=True)
    width, height = size
    ramp = np.linspace(0, 255, width)[None] * np.linspace(0.2, 1, height)[:, None]
    for number in range(12):
        background = draw_background(number % 3).resize(size)
        foreground = draw_foreground(number).resize((20, 30))
        image = background.copy()
        image.paste(foreground, (number, 5), foreground)
        mask = Image.new("L", size)
        mask.paste(foreground.getchannel("A"), (number, 5))
        name = f"fg{number:02d}_bg.{number % 3}"
        image.save(root / "image" / f"{name}.jpg", quality=85)
        background.save(root / "background" / f"{name}.png")
        mask.save(root / "mask" / f"{name}.png")
        Image.fromarray((ramp * (number + 1) / 12).astype(np.uint8)).save(
            root / "depth" / f"{name}.png"
        )
    return root
