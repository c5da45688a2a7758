"""A data set as the notebooks of the earlier systems made it: one process, one sample at a time.

Pictures are opened once and scaled down once. Every sample is put together on a transparent canvas
of full size, saved as files, and at the end everything is zipped. With a network, it sees
one composite after the other in float32, as PyTorch runs it without further care.
"""

import random
import shutil
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from pipeline.depth.networks.lite_net import DenseDepthLite
from pipeline.depth.teachers.lite import SHIPPED_WEIGHTS, read_lite_weights

_LONGEST = 200


class NotebookScript:
    """The pictures of the script, in memory, and its network if it has one."""

    def __init__(self, fg: Path, bg: Path, size: int, *, depth: bool = False) -> None:
        self._size, self._network = size, _network() if depth else None
        self._backgrounds = [_square(path, size) for path in sorted(bg.iterdir())]
        self._foregrounds = [_cut_out(path) for path in sorted(fg.iterdir())]

    def rate(self, out: Path, count: int) -> float:
        """Samples a second, from the first file to the end of the archive; leaves nothing."""
        for name in ("image", "mask", "depth", "background"):
            (out / name).mkdir(parents=True)
        begin = time.perf_counter()
        for number in range(count):
            self._make(out, number)
        shutil.make_archive(str(out), "zip", out)
        seconds = time.perf_counter() - begin
        out.with_suffix(".zip").unlink()
        shutil.rmtree(out)
        return count / seconds

    def _make(self, out: Path, number: int) -> None:
        rng = random.Random(number)
        background = rng.choice(self._backgrounds)
        foreground = rng.choice(self._foregrounds)
        scale = rng.uniform(0.4, 0.72) * self._size / max(foreground.size)
        placed = foreground.resize([max(1, int(s * scale)) for s in foreground.size])
        if rng.random() < 0.5:
            placed = placed.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        canvas = Image.new("RGBA", (self._size, self._size))
        x, y = (rng.randint(0, self._size - side) for side in placed.size)
        canvas.paste(placed, (x, y))
        image = Image.alpha_composite(background, canvas).convert("RGB")
        image.save(out / "image" / f"{number}.jpg", quality=90)
        canvas.getchannel("A").save(out / "mask" / f"{number}.jpg", quality=90)
        if self._network is not None:
            pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None] / 255  # (1, 3, H, W)
            with torch.inference_mode():
                values = self._network(pixels)[0].numpy()  # (h, w)
            levels = np.clip(values * 255, 0, 255).astype(np.uint8)
            depth = Image.fromarray(levels).resize((self._size, self._size))
            depth.save(out / "depth" / f"{number}.jpg", quality=90)


def _network() -> DenseDepthLite:
    network = DenseDepthLite()
    read_lite_weights(network, SHIPPED_WEIGHTS)
    return network.eval()


def _square(path: Path, size: int) -> Image.Image:
    return Image.open(path).convert("RGB").resize((size, size)).convert("RGBA")


def _cut_out(path: Path) -> Image.Image:
    picture = Image.open(path).convert("RGBA")
    cut = picture.crop(picture.getchannel("A").getbbox())
    cut.thumbnail((_LONGEST, _LONGEST))
    return cut
