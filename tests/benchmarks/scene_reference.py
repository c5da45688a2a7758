"""Hold a data set with every option against a slow reference: boxes, areas, visible shares, masks.

    python tests/benchmarks/scene_reference.py --samples 10000

Draws cars, people and signs, builds them with everything that a scene may have, and computes
each sample again by reference_scenes.py. Prints every disagreement and ends with 1 if there is one.
"""

import argparse
import io
import json
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from reference_rules import Alpha, Expected, Painted, own_pixels, tight, too_much_hidden
from reference_scenes import Reference

from depthmask.drawing.sample_data import SampleDataOptions, draw_sample_data
from pipeline.build import build_dataset
from pipeline.planning.options import BuildOptions

EVERYTHING: dict[str, Any] = {
    "size": (160, 112),
    "objects": (0, 4),
    "balance": "category",
    "max_overlap": 0.25,
    "rotate": 25.0,
    "truncate": 0.3,
    "bg_crop": 0.5,
    "bg_flip": True,
    "blend": "mix" if find_spec("cv2") else "soft",
    "distractor_count": (0, 2),
    "fg_scale": (0.2, 0.7),
    "val_fraction": 0.25,
    "test_fraction": 0.15,
}


def samples_of(shards: Path) -> Iterator[dict[str, bytes]]:
    """The fields of every sample of a tar data set, by their endings."""
    for path in sorted(shards.glob("*.tar")):
        if path.name.startswith("background"):
            continue
        fields: dict[str, dict[str, bytes]] = {}
        with tarfile.open(path) as tar:
            for member in tar:
                key, _, ending = member.name.partition(".")
                data = tar.extractfile(member)
                fields.setdefault(key, {})[ending] = data.read() if data else b""
        yield from fields.values()


def grey(data: bytes) -> Alpha:
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("L"))


def disagreements(reference: Reference, sample: dict[str, bytes]) -> Iterator[str]:
    """What of a sample is not as the reference has it, a line each."""
    info = json.loads(sample["json"])
    split, sources = info["split"], reference.sources
    expected = reference.expect(split, info["position"])
    yield from _backgrounds(reference, expected, info)
    if info["omitted"] != expected.omitted:
        yield f"omitted {info['omitted']}, expected {expected.omitted}"
    if len(info["objects"]) != len(expected.objects):
        yield f"{len(info['objects'])} objects, expected {len(expected.objects)}"
        return
    kept = reference.options["objects"][1] > 1
    if ("instances.png" in sample) != kept:
        yield "instances.png is kept where there is at most one object, or missing"
    elif kept:
        apart = grey(sample["instances.png"]) != expected.instances
        if apart.any():
            yield f"{int(apart.sum())} pixels of instances.png differ"
    off = np.abs(grey(sample["mask.png"]).astype(int) - expected.mask)
    if off.any():
        yield f"{int((off > 0).sum())} pixels of mask.png differ, by up to {int(off.max())}"
    for number, (entry, each) in enumerate(zip(info["objects"], expected.objects, strict=True)):
        source = sources["fg"][each.foreground]
        if source["split"] not in (split, "both"):
            yield f"objects[{number}] is of split {source['split']}"
        wanted = _facts(number, each, expected, reference.canvas) | {
            "foreground": source["name"],
            "category": source["category"],
            "blend": each.blend,
        }
        for key, value in wanted.items():
            found = entry[key]
            near = isinstance(value, float) and abs(found - value) <= 1e-6
            if found != value and not near:
                yield f"objects[{number}].{key}: {found}, expected {value}"
    if too_much_hidden([each.own for each in expected.objects], reference.options["max_overlap"]):
        yield "an object is hidden by more than --max-overlap"


def _facts(
    number: int, each: Painted, expected: Expected, canvas: tuple[int, int]
) -> dict[str, Any]:
    later = np.zeros_like(each.own)
    for other in expected.objects[number + 1 :]:
        later |= other.own
    inside, everything = int(each.own.sum()), int(own_pixels(each.cut.alpha).sum())
    return {
        "flip": each.flip,
        "placement": each.placement,
        "rotation": each.rotation,
        "layer": number,
        "box": tight(each.own),
        "visible_box": tight(expected.instances == number + 1),
        "area": int((expected.instances == number + 1).sum()),
        "visible": int((each.own & ~later).sum()) / inside,
        "truncation": (everything - inside) / everything,
    }


def _backgrounds(reference: Reference, expected: Expected, info: dict[str, Any]) -> Iterator[str]:
    options, sources, split = reference.options, reference.sources, info["split"]
    entry = sources["bg"][expected.background]
    if info["background"] != entry["name"] or entry["split"] not in (split, "both"):
        yield f"background {info['background']}, expected {entry['name']} of {entry['split']}"
    if info["background_flip"] != expected.background_flip:
        yield f"background_flip {info['background_flip']}"
    if info["crop"] != expected.crop:
        yield f"crop {info['crop']}, expected {expected.crop}"
    found = [(d["source"], d["flip"], d["box"]) for d in info["distractors"]]
    named = [(sources["distractors"][i]["name"], *rest) for i, *rest in expected.distractors]
    if found != named:
        yield f"distractors {found}, expected {named}"
    used = (sources["distractors"][i]["split"] for i, *_ in expected.distractors)
    if any(each not in (split, "both") for each in used):
        yield "a distractor of another split"
    if options["objects"][1] > 1 and len(info["objects"]) + info["omitted"] > options["objects"][1]:
        yield "more objects than --objects allows"


def build_everything(folder: Path, samples: int, seed: int = 0, **changes: object) -> Reference:
    """Draw sources below `folder`, build FOLDER/shards with every option, and its reference."""
    pictures, others = folder / "pictures", folder / "others"
    if not pictures.exists():
        few = {"cars": 10, "people": 12, "signs": 11, "scenes": 10}
        draw_sample_data(SampleDataOptions(out=pictures, seed=seed, **few))
        draw_sample_data(SampleDataOptions(out=others, seed=seed + 1, **(few | {"scenes": 1})))
    options = EVERYTHING | {"seed": seed, "samples": samples} | changes
    roots = {
        "fg": pictures / "objects",
        "bg": pictures / "scenes",
        "distractors": others / "objects" / "cars",
    }
    build_dataset(BuildOptions(out=folder / "shards", depth_model="none", **roots, **options))
    return Reference(folder / "shards", roots)


def main() -> None:
    """Build, compare, and say how many samples and objects agreed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="depthmask-reference-") as folder:
        reference = build_everything(Path(folder), given.samples, given.seed)
        wrong, seen = 0, Counter[str]()
        for number, sample in enumerate(samples_of(Path(folder) / "shards"), 1):
            info = json.loads(sample["json"])
            seen.update(samples=1, objects=len(info["objects"]), omitted=info["omitted"])
            seen.update(crossing=sum(each["truncation"] > 0 for each in info["objects"]))
            seen.update(hidden=sum(each["visible"] < 1 for each in info["objects"]))
            for line in disagreements(reference, sample):
                wrong += 1
                print(f"{info['split']}-{info['position']:09d}: {line}")
            if number % 1000 == 0:
                print(f"{number:,} samples, {wrong} disagreements", file=sys.stderr)
    print(f"{dict(seen)}: {wrong} disagreements")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
