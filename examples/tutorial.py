"""depthmask from Python, from drawn pictures to a cut-out.

    python examples/tutorial.py OUT [MINUTES]

Everything that the commands do is a function that takes an options dataclass.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

import depthmask


def main(out: Path, minutes: float) -> None:
    """Draw, build, look, train, evaluate and predict below `out`."""
    # Pictures to begin with: cars with alpha, scenes without.
    pictures = depthmask.SampleDataOptions(out=out / "pictures", cars=12, scenes=12)
    depthmask.draw_sample_data(pictures)

    # A data set. The same options again resume a stopped build.
    result = depthmask.build_dataset(
        depthmask.BuildOptions(
            fg=pictures.out / "cars",
            bg=pictures.out / "scenes",
            out=out / "shards",
            size=96,
            samples=240,
            val_fraction=0.25,
        )
    )
    print(result.samples, "digest", result.digest)

    # A data set is a sequence of samples, train, val, test; fields are decoded when asked for.
    samples = depthmask.open_dataset(out / "shards")
    sample = samples.split("val")[0]
    print(sample.objects[0].foreground, "on", sample.background_name, sample.objects[0].box)
    print(sample.image.shape, sample.mask.shape, sample.background.shape)  # uint8
    print(sample.depth.shape, sample.depth.dtype, samples.depth.kind, samples.depth.unit)
    print("train mean", samples.stats["splits"]["train"]["image"]["mean"])

    # The teacher alone: float32 (B, h, w) of uint8 (B, H, W, 3).
    teacher = depthmask.load_teacher("densedepth-lite", canvas=96)
    nearness = teacher.predict(sample.image[None])[0]
    print(teacher.kind, teacher.unit, nearness.shape, float(nearness.min()), float(nearness.max()))

    # A network. Give it ten minutes or more for masks that are worth something.
    best = depthmask.train(
        depthmask.TrainOptions(
            shards=out / "shards", out=out / "run", minutes=minutes, batch_size=8
        )
    )
    print("best epoch", best)
    scores = depthmask.evaluate(
        depthmask.EvaluateOptions(checkpoint=out / "run" / "best.pt", shards=out / "shards")
    )
    print("val IoU", scores["val"]["mask"]["iou"])

    # A prediction, on arrays or PIL pictures of any size.
    network = depthmask.load(out / "run" / "best.pt")
    found = network.predict(sample.image, sample.background)
    Image.fromarray(np.rint(found.mask * 255).astype(np.uint8)).save(out / "mask.png")
    Image.fromarray(found.cutout).save(out / "cutout.png")
    print(depthmask.write_report(out / "run", out / "run.html"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 2)
