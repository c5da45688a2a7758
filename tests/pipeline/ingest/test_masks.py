"""pipeline/ingest/masks.py: what the values of others' masks mean, decided over a whole folder"""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small import draw_background

from pipeline.convert import convert_dataset
from shards.base.errors import InputError
from shards.reading.open import open_dataset

SIZE = 32
CASES = Path(__file__).parents[4] / "shared" / "cases" / "masks_01"
Masks = list[Image.Image]


def shape(number: int) -> np.ndarray:
    """A disc, true inside, at a place of its own."""
    y, x = np.mgrid[:SIZE, :SIZE]
    return np.hypot(x - 10 - number, y - 14) < 8


def grey(number: int, value: int, dtype: type = np.uint8) -> Image.Image:
    return Image.fromarray((shape(number) * value).astype(dtype))


def soft(number: int, largest: int) -> Image.Image:
    y, x = np.mgrid[:SIZE, :SIZE]
    ramp = np.clip((12 - np.hypot(x - 10 - number, y - 14)) / 12, 0, 1)
    return Image.fromarray(np.rint(ramp * largest).astype(np.uint8))


def palette(number: int, *colours: tuple[int, int, int]) -> Image.Image:
    picture = Image.fromarray(shape(number).astype(np.uint8) * (len(colours) - 1)).convert("P")
    picture.putpalette([channel for colour in colours for channel in colour])
    return picture


def labels(number: int, *, void: bool = False) -> Image.Image:
    values = shape(number).astype(np.uint8) * (1 + number % 3)
    if void:
        values[0, 0] = 255
    return Image.fromarray(values)


def with_void(number: int) -> Image.Image:
    """0 and 1, and some pixels of 255 that nobody has labelled."""
    picture = grey(number, 1)
    picture.paste(255, (0, 0, 5, 5))
    return picture


def in_alpha(number: int) -> Image.Image:
    picture = Image.new("RGBA", (SIZE, SIZE), (0, 0, 0, 0))
    picture.putalpha(grey(number, 255))
    return picture


def folders_of(root: Path, masks: Masks, ending: str = "png") -> Path:
    """Composites with these masks."""
    for place in ("image", "background", "mask"):
        (root / place).mkdir(parents=True)
    for number, mask in enumerate(masks):
        picture = draw_background(number).resize((SIZE, SIZE))
        picture.save(root / "image" / f"{number}.png")
        picture.save(root / "background" / f"{number}.png")
        mask.save(root / "mask" / f"{number}.{ending}")
    return root


def stored(root: Path, out: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    """Masks of the data set by name, and what was said while it was made."""
    said: list[str] = []
    convert_dataset(root, out, "tar", val_fraction=0, workers=1, remark=said.append)
    return {sample.info["name"]: sample.mask for sample in open_dataset(out)}, said


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda n: grey(n, 255), ""),
        (lambda n: grey(n, 1), "0 and 1 become 0 and 255"),
        (lambda n: grey(n, 7), "0 and 7 become 0 and 255"),
        (lambda n: grey(n, 1, np.uint16), "0 and 1 become 0 and 255"),
        (lambda n: grey(n, 255, np.uint16), "0 and 255 become 0 and 255"),
        (lambda n: grey(n, 65535, np.uint16), ""),
        (lambda n: grey(n, 255).convert("1"), ""),
        (lambda n: grey(n, 255).convert("RGB"), ""),
        (lambda n: grey(n, 255).convert("RGBA"), ""),
        (lambda n: palette(n, (0, 0, 0), (255, 255, 255)), ""),
        (lambda n: palette(n, (0, 0, 0), (1, 1, 1)), "0 and 1 become 0 and 255"),
        (lambda n: grey(n, 0 if n else 1), "0 and 1 become 0 and 255"),
    ],
)
def test_masks_of_two_values_are_stored_as_nothing_and_the_object(
    make: Callable[[int], Image.Image], said: str, tmp_path: Path
) -> None:
    masks = [make(number) for number in range(4)]
    found, words = stored(folders_of(tmp_path / "in", masks), tmp_path / "out")
    for number, mask in enumerate(masks):
        empty = not np.asarray(mask.convert("RGB") if mask.mode == "P" else mask).any()
        assert np.array_equal(found[str(number)], 0 * shape(0) if empty else shape(number) * 255)
    assert [line.rpartition(": ")[2] for line in words] == ([said] if said else [])


@pytest.mark.parametrize(
    "masks",
    [
        [grey(0, 255), grey(1, 1), grey(2, 0), grey(3, 255)],
        [soft(number, 255) for number in range(4)],
        [soft(0, 3), soft(1, 20), soft(2, 200)],
        [grey(0, 255), soft(1, 3)],
        [grey(0, 200), grey(1, 200)],
        [grey(0, 0), grey(1, 0)],
    ],
)
def test_one_picture_decides_nothing_and_soft_masks_stay_as_they_are(
    masks: Masks, tmp_path: Path
) -> None:
    found, words = stored(folders_of(tmp_path / "in", masks), tmp_path / "out")
    assert not words
    for name, mask in found.items():
        assert np.array_equal(mask, np.asarray(masks[int(name)]))


def test_soft_masks_of_sixteen_bits_are_rounded_to_eight(tmp_path: Path) -> None:
    values = np.linspace(0, 65535, SIZE * SIZE).astype(np.uint16).reshape(SIZE, SIZE)
    found, _ = stored(folders_of(tmp_path / "in", [Image.fromarray(values)]), tmp_path / "out")
    assert np.array_equal(found["0"], np.rint(values / 257))


@pytest.mark.parametrize(
    ("masks", "found"),
    [
        ([palette(n, (0, 0, 0), (128, 0, 0)) for n in range(3)], "a palette of 2 colours"),
        ([labels(n) for n in range(3)], "the values 0, 1, 2 and 3: labels of several objects"),
        ([labels(n, void=True) for n in range(3)], "the values 0, 1, 2, ... 255: labels"),
        ([in_alpha(n) for n in range(3)], r"a mask in the alpha channel \(of RGBA\)"),
        ([grey(0, 255), in_alpha(1)], "a mask in the alpha channel"),
        ([with_void(n) for n in range(3)], "the values 0, 1 and 255: labels"),
        ([Image.merge("RGB", [grey(0, 255), *[grey(0, 0)] * 2])], r"colours \(RGB\)"),
        ([soft(number, 60) for number in range(3)], ".*, or too faint everywhere"),
        ([labels(n).convert("I;16") for n in range(3)], "the values 0, 1, 2 and 3: labels"),
    ],
)
def test_what_is_no_mask_is_said_and_nothing_is_written(
    masks: Masks, found: str, tmp_path: Path
) -> None:
    folders_of(tmp_path / "in", masks)
    with pytest.raises(InputError, match=f"mask.*: expected masks of grey values.*found {found}"):
        convert_dataset(tmp_path / "in", tmp_path / "out", "tar", workers=1)
    assert not (tmp_path / "out").exists()


def test_a_conversion_that_reads_masks_otherwise_is_another_one(tmp_path: Path) -> None:
    root = folders_of(tmp_path / "in", [grey(n, 1) for n in range(3)], "bmp")
    stored(root, tmp_path / "out")
    for number in range(3):
        grey(number, 255).save(root / "mask" / f"{number}.bmp")  # files of the same size
    with pytest.raises(InputError, match="this conversion begun before, found another"):
        convert_dataset(root, tmp_path / "out", "tar", val_fraction=0, workers=1)


@pytest.mark.skipif(not CASES.is_dir(), reason="the inputs that went wrong are not here")
def test_masks_of_0_and_1_that_were_stored_as_nothing(tmp_path: Path) -> None:
    root = tmp_path / "masks_01"
    shutil.copytree(CASES, root)
    said: list[str] = []
    convert_dataset(
        root, tmp_path / "out", "tar", depth_kind="inverse", workers=1, remark=said.append
    )
    dataset = open_dataset(tmp_path / "out")
    assert len(dataset) == 12
    assert "0 and 1 become 0 and 255" in said[0]
    for sample in dataset:
        with Image.open(root / sample.split / "mask" / f"{sample.info['name']}.png") as mask:
            assert np.array_equal(sample.mask, np.asarray(mask) * 255)
