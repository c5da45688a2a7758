"""Pictures of three categories, some with holes and some in parts, and a build that shows them."""

from pathlib import Path

from PIL import ImageDraw
from small import draw_background, draw_foreground, small_options

from pipeline.planning.options import BuildOptions

CATEGORIES = {"cars": 1, "pairs": 2, "rings": 3}


def draw_labelled_sources(root: Path) -> Path:
    """fg/{cars,pairs,rings}/*.png, four each, and bg/*.png, four."""
    for category in CATEGORIES:
        (root / "fg" / category).mkdir(parents=True)
        for seed in range(4):
            picture = draw_foreground(10 * len(category) + seed)
            alpha = picture.getchannel("A")
            width, height = alpha.size
            cut = {
                "cars": [],
                "pairs": [(0.45 * width, 0, 0.6 * width, height)],
                "rings": [(0.35 * width, 0.35 * height, 0.65 * width, 0.65 * height)],
            }
            for box in cut[category]:
                ImageDraw.Draw(alpha).rectangle(box, fill=0)
            picture.putalpha(alpha)
            picture.save(root / "fg" / category / f"{seed}.png")
    (root / "bg").mkdir()
    for seed in range(4):
        draw_background(seed).save(root / "bg" / f"{seed}.png")
    return root


def labelled_options(sources: Path, out: Path, **changes: object) -> BuildOptions:
    """Up to five objects a sample, turned, cut off and overlapping; some samples with none."""
    scene: dict[str, object] = {
        "size": (96, 72),
        "samples": 100,
        "samples_per_shard": 30,
        "objects": (0, 5),
        "fg_scale": (0.3, 0.8),
        "max_overlap": 0.7,
        "rotate": 40.0,
        "truncate": 0.4,
        "bg_crop": 0.6,
        "bg_flip": True,
    }
    return small_options(sources, out, **(scene | changes))
