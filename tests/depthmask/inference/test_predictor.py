"""depthmask/inference: predictor.py and prediction.py: files, folders, pictures of any size"""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image
from small import small_training

import depthmask
from depthmask.inference.options import PredictOptions
from depthmask.inference.prediction import predict
from depthmask.inference.predictor import Predictor, cut_out, load, working_size
from depthmask.losses.metrics import image_iou
from depthmask.models.checkpoint import Checkpoint, read_checkpoint
from depthmask.models.device import autocast
from depthmask.models.initial_weights import BUILT_IN, begin_from
from depthmask.models.network import MaskDepthNet
from depthmask.models.network_spec import NetworkSpec
from depthmask.reports.report import write_report
from depthmask.training.loop import train
from shards.base.errors import InputError
from shards.reading.open import open_dataset

SIDE = 384
sides = st.integers(16, 1000)
CASES = Path(__file__).parents[4] / "shared" / "cases"


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    """A network with the built-in start, as after a training at 96 px."""
    half, quarter = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
    spec = NetworkSpec(
        backbone="tf_efficientnet_lite0",
        heads="mask",
        image_mean=half,
        image_std=quarter,
        background_mean=half,
        background_std=quarter,
    )
    network = MaskDepthNet(spec, pretrained=True)
    begin_from(network, BUILT_IN)
    weights = network.state_dict()
    return Predictor(
        Checkpoint(
            spec=spec,
            size=(96, 96),
            coding=None,
            weights=weights,
            options={},
            scores={},
            training=None,
        ),
        "cpu",
    )


def pictures() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A dark lattice of bars of 4 pixels over a smooth background: uint8, uint8, and its mask."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(1, 3, 6, 6, generator=generator)
    background = F.interpolate(coarse, size=(SIDE, SIDE), mode="bicubic").clamp(0, 1)[0]
    mask = torch.zeros(SIDE, SIDE)
    mask[100:280, 120:300:12] = 1
    for shift in range(1, 4):
        mask[100:280, 120 + shift : 300 : 12] = 1
    image = mask * 0.08 + (1 - mask) * (0.3 + 0.7 * background)
    behind = 0.3 + 0.7 * background
    as_bytes = [(each.permute(1, 2, 0) * 255).round().byte().numpy() for each in (image, behind)]
    return as_bytes[0], as_bytes[1], mask.numpy()


def test_thin_parts_of_a_large_picture_are_found_that_no_small_one_shows(
    predictor: Predictor,
) -> None:
    image, background, mask = pictures()
    found = predictor.predict(image, background)
    assert found.mask is not None
    assert found.mask.shape == (SIDE, SIDE)
    assert image_iou(found.mask[None], mask[None])[0] > 0.8


def test_a_picture_of_the_trainings_size_is_seen_as_it_is(predictor: Predictor) -> None:
    image, background, _ = pictures()
    small, behind = image[100:196, 100:196], background[100:196, 100:196]
    found = predictor.predict(small, behind)
    planes = [
        torch.from_numpy(each.copy()).permute(2, 0, 1)[None] / 255 for each in (small, behind)
    ]
    with torch.inference_mode(), autocast(torch.device("cpu")):
        output = predictor._network(*planes)
    assert found.mask is not None
    assert output.mask is not None
    expected = torch.sigmoid(output.mask.float())[0, 0].numpy()
    assert np.abs(found.mask - expected).max() < 1e-5


@pytest.mark.parametrize(("trained", "seen"), [((120, 80), (240, 160)), ((213, 160), (320, 240))])
def test_a_picture_of_the_trainings_proportions_is_seen_at_its_size(
    trained: tuple[int, int], seen: tuple[int, int]
) -> None:
    """Whatever the network's stride is: it pads such pictures as it did in training."""
    assert working_size(trained, seen) == working_size(trained, trained) == trained
    assert working_size(trained, (seen[1], seen[0])) != trained


@given(st.tuples(sides, sides), sides, sides)
def test_other_pictures_are_seen_at_about_the_trainings_area(
    trained: tuple[int, int], width: int, height: int
) -> None:
    """In proportion, at sides that every stride divides; very long ones at most as long."""
    wide, high = working_size(trained, (width, height))
    root = math.sqrt(trained[0] * trained[1])
    assert max(wide, high) <= max(2 * root, *trained) + 16
    assert (wide, high) == trained or (wide % 32, high % 32) == (0, 0)
    if max(width / height, height / width) <= 4:
        scale = root / math.sqrt(width * height)
        assert abs(wide - width * scale) <= 17 or wide == 32
        assert abs(high - height * scale) <= 17 or high == 32


def test_a_picture_in_memory_is_turned_as_its_tags_say(predictor: Predictor) -> None:
    image, background, _ = pictures()
    lying, behind = (Image.fromarray(each[:40, :60]) for each in (image, background))
    for each in (lying, behind):
        each.getexif()[ExifTags.Base.Orientation] = 6
    found = predictor.predict(lying, behind)
    assert found.mask is not None
    assert found.mask.shape == (60, 40)


@pytest.mark.parametrize(("width", "height"), [(61, 40), (300, 33), (17, 90)])
def test_predict_answers_at_the_pictures_size(
    run: Path, tmp_path: Path, width: int, height: int
) -> None:
    rng = np.random.default_rng(0)
    for name in ("image", "background"):
        pixels = rng.integers(0, 255, (height, width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    options = PredictOptions(
        checkpoint=run / "best.pt",
        image=tmp_path / "image.png",
        background=tmp_path / "background.png",
        out=tmp_path / "out",
        device="cpu",
    )
    names = {path.name for path in predict(options)}
    assert names == {"mask.png", "depth.png", "depth-colour.png", "cutout.png"}
    for name, mode in (("mask.png", "L"), ("cutout.png", "RGBA"), ("depth.png", "I;16")):
        with Image.open(tmp_path / "out" / name) as picture:
            assert (picture.size, picture.mode) == ((width, height), mode)


def test_a_folder_is_predicted_one_by_one_and_what_is_no_picture_is_left_out(
    run: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    (tmp_path / "shots" / "day").mkdir(parents=True)
    for name in ("shots/a.png", "shots/day/b.jpg", "empty.png"):
        Image.fromarray(rng.integers(0, 255, (40, 50, 3), dtype=np.uint8)).save(tmp_path / name)
    (tmp_path / "shots" / "notes.txt").write_text("no picture")
    left_out = []
    written = predict(
        PredictOptions(
            checkpoint=run / "best.pt",
            image=tmp_path / "shots",
            background=tmp_path / "empty.png",
            out=tmp_path / "out",
            device="cpu",
        ),
        lambda path, reason: left_out.append(path.name),
    )
    assert left_out == ["notes.txt"]
    names = {str(path.relative_to(tmp_path / "out")) for path in written}
    kinds = ("mask", "cutout", "depth", "depth-colour")
    assert names == {f"{name}.{kind}.png" for name in ("a", "day/b") for kind in kinds}


def test_a_network_of_single_pictures_is_trained_and_used_without_backgrounds(
    tiny_dataset: Path, tmp_path: Path
) -> None:
    train(small_training(tiny_dataset, tmp_path / "run", epochs=1, input="single"))
    checkpoint = tmp_path / "run" / "best.pt"
    assert read_checkpoint(checkpoint).spec.input == "single"
    sample = open_dataset(tiny_dataset)[0]
    Image.fromarray(sample.image).save(tmp_path / "shot.png")
    out = tmp_path / "out"
    written = predict(
        PredictOptions(checkpoint=checkpoint, image=tmp_path / "shot.png", out=out, device="cpu")
    )
    assert len(written) == 4
    found = load(checkpoint, device="cpu").predict(sample.image)
    assert found.cutout is not None
    assert np.array_equal(found.cutout[..., :3], sample.image)


def test_a_network_that_compares_asks_for_the_background(run: Path, tmp_path: Path) -> None:
    options = PredictOptions(checkpoint=run / "best.pt", image=tmp_path / "shot.png")
    with pytest.raises(InputError, match=r"--background: .*found none; .*--input single"):
        predict(options)
    with pytest.raises(InputError, match="found None"):
        load(run / "best.pt", device="cpu").predict(np.zeros((32, 32, 3), np.uint8))


def test_the_python_call_gives_the_same(run: Path, tiny_dataset: Path) -> None:
    sample = open_dataset(tiny_dataset)[0]
    predictor = depthmask.load(run / "best.pt", device="cpu")
    found = predictor.predict(sample.image, sample.background)
    again = load(run / "best.pt", device="cpu").predict(
        Image.fromarray(sample.image), Image.fromarray(sample.background)
    )
    assert found.mask is not None
    assert again.mask is not None
    assert found.depth is not None
    assert np.array_equal(found.mask, again.mask)
    assert found.mask.shape == found.depth.shape == (64, 64)
    with pytest.raises(InputError, match=r"found float64 \(64, 64\)"):
        predictor.predict(np.zeros((64, 64)), sample.background)


def turned_pair(folder: Path) -> tuple[Path, Path]:
    """A picture and its background that lie on their side, and say so in their EXIF."""
    lying = Image.Exif()
    lying[0x0112] = 6
    image, background, _ = pictures()
    for name, pixels in (("shot", image), ("bg", background)):
        Image.fromarray(pixels[100:228, 100:196]).save(folder / f"{name}.jpg", exif=lying)
    return folder / "shot.jpg", folder / "bg.jpg"


def deep_pair(folder: Path) -> tuple[Path, Path]:
    """A picture and its background in 16 bits of grey."""
    image, background, _ = pictures()
    for name, pixels in (("shot", image), ("bg", background)):
        grey = pixels[100:228, 100:196, 0].astype(np.uint16) * 257
        Image.fromarray(grey).save(folder / f"{name}.png")
    return folder / "shot.png", folder / "bg.png"


def case_pair(names: str) -> Callable[[Path], tuple[Path, Path]]:
    def make(folder: Path) -> tuple[Path, Path]:
        shot, background = (CASES / name for name in names.split())
        if not shot.is_file():
            pytest.skip("the inputs that went wrong are not here")
        return shot, background

    return make


@pytest.mark.parametrize(
    "pair",
    [turned_pair, deep_pair, case_pair("shot.jpg bg.jpg"), case_pair("shot16.png bg16.png")],
)
def test_opened_pictures_are_seen_as_the_command_line_sees_their_files(
    run: Path, tmp_path: Path, pair: Callable[[Path], tuple[Path, Path]]
) -> None:
    shot, background = pair(tmp_path)
    out = tmp_path / "out"
    checkpoint = run / "best.pt"
    predict(
        PredictOptions(
            checkpoint=checkpoint, image=shot, background=background, out=out, device="cpu"
        )
    )
    with Image.open(shot) as image, Image.open(background) as behind:
        found = load(checkpoint, device="cpu").predict(image, behind)
    assert found.mask is not None
    assert found.depth_unit is not None
    with Image.open(out / "mask.png") as mask, Image.open(out / "depth.png") as depth:
        assert np.array_equal(np.asarray(mask), np.rint(found.mask * 255))
        assert np.array_equal(np.asarray(depth), np.rint(found.depth_unit * 65535))


def test_cut_outs_have_no_background_left_in_soft_parts() -> None:
    colour, back = np.array([200.0, 40.0, 90.0]), np.array([10.0, 220.0, 30.0])
    mask = np.linspace(0, 1, 11, dtype=np.float32)[None]  # (1, 11)
    image = mask[..., None] * colour + (1 - mask[..., None]) * back
    background = np.broadcast_to(back, image.shape)
    found = cut_out(np.rint(image).astype(np.uint8), background.astype(np.uint8), mask)
    assert np.abs(found[0, 2:, :3] - colour).max() <= 4
    assert found[0, :, 3].tolist() == np.rint(mask[0] * 255).tolist()


def test_a_runs_folder_stands_for_its_best_network(
    run: Path, tiny_dataset: Path, tmp_path: Path
) -> None:
    sample = open_dataset(tiny_dataset)[0]
    best = load(run / "best.pt", device="cpu").predict(sample.image, sample.background)
    found = load(run, device="cpu").predict(sample.image, sample.background)
    assert found.mask is not None
    assert np.array_equal(found.mask, best.mask)  # type: ignore[arg-type]
    page = write_report(run / "best.pt", tmp_path / "page.html").read_text()
    assert page == write_report(run, tmp_path / "again.html").read_text()
    with pytest.raises(InputError, match=r"best\.pt: expected .*, found no such file; give"):
        load(tmp_path, device="cpu")
