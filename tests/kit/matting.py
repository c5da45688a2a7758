"""Foregrounds as matting sets have them: colours in one file, alpha in another."""

from pathlib import Path

from PIL import Image
from small import draw_background, draw_foreground

COUNT = 5


def draw_cut_outs(folder: Path) -> Path:
    """Five PNGs with alpha, two of them in a folder `b`."""
    (folder / "b").mkdir(parents=True)
    for seed in range(COUNT):
        draw_foreground(seed).save(folder / name_of(seed))
    return folder


def name_of(seed: int) -> str:
    return f"{'b/' if seed > 2 else ''}{seed}.png"


def draw_backgrounds(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for seed in range(4):
        draw_background(seed).save(folder / f"{seed}.png")
    return folder


def part_alpha(cut_outs: Path, colours: Path, alphas: Path, ending: str = ".png") -> None:
    """The same pictures in two folders, or side by side where they are one."""
    for seed in range(COUNT):
        name = name_of(seed)
        with Image.open(cut_outs / name) as file:
            picture = file.copy()
        for folder in (colours, alphas):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        picture.convert("RGB").save(colours / name)
        picture.getchannel("A").save(alphas / name.replace(".png", ending))
