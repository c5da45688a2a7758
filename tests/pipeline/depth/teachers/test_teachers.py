"""pipeline/depth/teachers/ (lite.py, seam.py), depthmask/inference/depth.py,
depthmask/teaching/examples.py and teacher_training.py
"""

import dataclasses
import io
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from safetensors.torch import load_file, save_file

from depthmask.drawing.scenes import draw_scene, nearness, spread
from depthmask.inference.depth import limits_of, predict_depth, write_depth
from depthmask.teaching.examples import Example, paste
from depthmask.teaching.teacher_options import TeacherOptions
from depthmask.teaching.teacher_training import train_teacher
from pipeline.depth.teachers.lite import SHIPPED_WEIGHTS
from pipeline.depth.teachers.seam import Teacher
from pipeline.depth.teachers.table import describe_teacher, load_teacher
from shards.base.errors import InputError
from shards.base.size import Size

METADATA = {
    "name": "densedepth-lite",
    "kind": "inverse",
    "unit": "relative",
    "low": "0.0",
    "high": "1.0",
}


@pytest.fixture(scope="module")
def teacher() -> Teacher:
    return load_teacher("densedepth-lite", canvas=128)


def depthmask(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "depthmask", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def ranks(values: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(values.ravel())).astype(float)


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


def test_the_shipped_teacher_beats_gradient_and_luminance_on_scenes_it_never_saw(
    teacher: Teacher,
) -> None:
    found: dict[str, list[float]] = {"teacher": [], "gradient": [], "luminance": []}
    for number in range(30):
        view = draw_scene(np.random.default_rng((987_654, number)), height=128, width=128)
        picture = Image.fromarray((view.colour * 255).astype(np.uint8))
        truth = nearness(view.depth)[::2, ::2]
        answer = teacher.predict(np.asarray(picture)[None])[0]
        small = picture.convert("L").filter(ImageFilter.GaussianBlur(4)).resize((64, 64))
        guesses = {
            "teacher": answer,
            "gradient": np.repeat(np.arange(64.0)[:, None], 64, axis=1),
            "luminance": np.asarray(small),
        }
        for name, guess in guesses.items():
            found[name].append(spearman(guess, truth))
    means = {name: np.mean(values) for name, values in found.items()}
    assert means["teacher"] > means["gradient"] > means["luminance"]
    assert means["teacher"] > 0.8


def test_maps_lie_in_the_declared_range_and_use_it(teacher: Teacher) -> None:
    views = [draw_scene(np.random.default_rng(n), height=128, width=128) for n in range(8)]
    pictures = np.stack([(view.colour * 255).astype(np.uint8) for view in views])
    maps = teacher.predict(pictures)
    assert maps.shape == (8, 64, 64)
    assert maps.dtype == np.float32
    assert teacher.card.low <= maps.min() < maps.max() <= teacher.card.high
    assert np.ptp(maps) > 0.5 * (teacher.card.high - teacher.card.low)


def test_a_picture_does_not_depend_on_its_batch(teacher: Teacher) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (5, 128, 128, 3), dtype=np.uint8)
    together = teacher.predict(pictures)
    alone = teacher.predict(pictures[3:4])[0]
    assert np.abs(together[3] - alone).max() < 1e-4


def test_opened_pictures_are_seen_as_their_files_are_read(teacher: Teacher) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    lying = Image.Exif()
    lying[0x0112] = 6
    turned, deep = io.BytesIO(), io.BytesIO()
    Image.fromarray(pixels).save(turned, "PNG", exif=lying)
    Image.fromarray(pixels[..., 0].T.astype(np.uint16) * 257).save(deep, "PNG")
    upright = np.rot90(pixels, -1)
    grey = np.repeat(pixels[..., 0].T[..., None], 3, axis=2)
    expected = teacher.predict(np.stack([upright, grey]))
    found = teacher.predict([Image.open(turned), Image.open(deep)])
    assert np.array_equal(found, expected)
    assert predict_depth(teacher, Image.open(turned)).shape == (128, 96)
    with pytest.raises(InputError, match="pictures of one size, found 96 x 128 and 128 x 96"):
        teacher.predict([Image.open(turned), Image.fromarray(pixels)])


def test_equal_batches_give_equal_bits(teacher: Teacher) -> None:
    pictures = np.random.default_rng(1).integers(0, 256, (4, 128, 128, 3), dtype=np.uint8)
    assert np.array_equal(teacher.predict(pictures), teacher.predict(pictures.copy()))


@pytest.mark.parametrize(
    ("canvas", "side"), [(16, 96), (64, 96), (128, 128), (224, 224), (230, 224), (2048, 448)]
)
def test_the_card_says_what_the_network_sees(canvas: int, side: int) -> None:
    card = describe_teacher("densedepth-lite", canvas=canvas)
    assert card.input_size == (side, side)
    assert card.output_size == (side // 2, side // 2)
    assert (card.kind, card.low, card.high) == ("inverse", 0.0, 1.0)
    assert len(card.weights_sha256) == 64


@pytest.mark.parametrize(
    ("canvas", "seen"),
    [
        ((320, 240), (256, 320)),
        ((240, 320), (320, 256)),
        ((96, 48), (96, 192)),
        ((640, 480), (320, 448)),
        ((16, 4096), (448, 96)),
    ],
)
def test_the_built_in_network_sees_a_canvas_near_its_own_shape(
    canvas: Size, seen: tuple[int, int]
) -> None:
    card = describe_teacher("densedepth-lite", canvas=canvas)
    assert card.input_size == seen
    assert card.output_size == (seen[0] // 2, seen[1] // 2)


def test_the_shipped_weights_are_small_and_sixteen_bit() -> None:
    assert SHIPPED_WEIGHTS.stat().st_size < 12e6
    kinds = {tensor.dtype for tensor in load_file(SHIPPED_WEIGHTS).values()}
    assert kinds <= {torch.float16, torch.int64}


def test_unknown_names_get_near_matches() -> None:
    with pytest.raises(InputError, match=r"did you mean densedepth\?"):
        describe_teacher("densdepth", canvas=64)
    with pytest.raises(InputError, match=r"did you mean densedepth-lite\?"):
        describe_teacher("densedepth-light", canvas=64)


class Payload:
    """A pickle that would run code."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (eval, ("open('/tmp/depthmask-was-here', 'w')",))


def test_what_are_no_weights_gets_a_sentence_and_runs_nothing(tmp_path: Path) -> None:
    contents = {
        "text": b"not weights",
        "empty": b"",
        "pickle": pickle.dumps(Payload()),
        "huge": b"\xff" * 64,
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    for name in (*contents, "absent"):
        with pytest.raises(InputError, match="--depth-weights"):
            load_teacher("densedepth-lite", weights=tmp_path / name)
    assert not Path("/tmp/depthmask-was-here").exists()


def test_other_weights_are_refused_by_the_first_difference(tmp_path: Path) -> None:
    tensors = load_file(SHIPPED_WEIGHTS)
    path = tmp_path / "weights.safetensors"
    save_file({k: v for k, v in tensors.items() if k != "head.bias"}, path, metadata=METADATA)
    with pytest.raises(InputError, match=r"found no head\.bias in the file"):
        load_teacher("densedepth-lite", weights=path)
    save_file(tensors | {"head.bias": torch.zeros(3)}, path, metadata=METADATA)
    with pytest.raises(InputError, match=r"head\.bias of \(3,\) instead of \(1,\)"):
        load_teacher("densedepth-lite", weights=path)


def test_depth_of_a_picture_comes_at_its_own_size(teacher: Teacher, tmp_path: Path) -> None:
    Image.effect_noise((90, 50), 60).convert("RGB").save(tmp_path / "a picture.jpg")
    path = tmp_path / "a picture.jpg"
    limits = limits_of(teacher, [path])
    assert limits == (0, 1)
    codes, colours = write_depth(teacher, path, tmp_path / "out", limits)
    with Image.open(codes) as picture:
        assert (picture.size, picture.mode) == ((90, 50), "I;16")
    with Image.open(colours) as picture:
        assert (picture.size, picture.mode) == ((90, 50), "RGB")
    with pytest.raises(InputError, match=r"nowhere\.jpg: expected a picture"):
        write_depth(teacher, tmp_path / "nowhere.jpg", tmp_path / "out", limits)


def test_the_command_keeps_folders_apart_and_goes_on_past_what_it_cannot_read(
    tmp_path: Path,
) -> None:
    for name in ("a/x.jpg", "b/x.jpg"):
        (tmp_path / "in" / name).parent.mkdir(parents=True)
        Image.effect_noise((40, 30), 60).convert("RGB").save(tmp_path / "in" / name)
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    out = tmp_path / "out"
    call = ["depth", "--out", out, "--size", "64"]
    files = [tmp_path / "in" / name for name in ("a/x.jpg", "b/x.jpg")]
    refused = depthmask(*call, *files)
    assert refused.returncode == 2
    assert "expected one picture called x" in refused.stderr
    assert not out.exists()
    done = depthmask(*call, tmp_path / "in")
    assert done.returncode == 0, done.stderr
    assert "left out" in done.stderr
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.png")) == [
        "a/x.colour.png",
        "a/x.depth.png",
        "b/x.colour.png",
        "b/x.depth.png",
    ]


def test_a_pasted_cutout_is_nearer_than_all_it_hides() -> None:
    rng = np.random.default_rng(3)
    ramp = np.repeat(np.linspace(0, 0.8, 64, dtype=np.float32)[:, None], 64, axis=1)
    example = Example(np.zeros((64, 64, 3), np.uint8), ramp, np.zeros((64, 64), np.float32))
    cutout = np.full((30, 40, 4), 255, np.uint8)
    for _ in range(20):
        pasted = paste(rng, example, cutout)
        inside = pasted.covered > 0
        assert inside.any()
        assert (pasted.nearness[inside] >= ramp[inside] - 0.03).all()
        assert np.array_equal(pasted.nearness[~inside], ramp[~inside])
        assert (pasted.picture[inside] > 0).all()


def test_nearness_is_spread_over_the_declared_range() -> None:
    values = spread(np.linspace(0, 40, 10_000, dtype=np.float32).reshape(100, 100))
    assert np.percentile(values, (2, 98)) == pytest.approx([0.05, 0.95], abs=1e-3)
    assert values.min() >= 0
    assert values.max() <= 1


def test_a_training_keeps_a_share_of_the_weights_it_began_with(tmp_path: Path) -> None:
    given = {"minutes": 0.01, "size": 64, "batch_size": 4, "depth_weights": SHIPPED_WEIGHTS}
    kept = load_file(train_teacher(TeacherOptions(out=tmp_path / "kept", keep=0.999, **given)))
    new = load_file(train_teacher(TeacherOptions(out=tmp_path / "new", **given)))
    for name, before in load_file(SHIPPED_WEIGHTS).items():
        if before.is_floating_point():
            moved, free = ((one[name].float() - before.float()).abs().max() for one in (kept, new))
            assert moved <= 0.01 * free + 2e-3 * before.float().abs().max()
    with pytest.raises(InputError, match="--depth-weights to keep it of"):
        TeacherOptions(keep=0.5)


def test_a_training_goes_on_from_its_state_and_leaves_loadable_weights(tmp_path: Path) -> None:
    options = TeacherOptions(out=tmp_path / "run", minutes=0.02, size=64, batch_size=4)
    path = train_teacher(options)
    first = torch.load(options.out / "state.pt", weights_only=True)
    assert first["step"] >= 1
    with pytest.raises(InputError, match="add --resume"):
        train_teacher(options)
    longer = first["seconds"] / 60 + 0.01  # a loaded machine may have overrun its minutes
    train_teacher(dataclasses.replace(options, minutes=longer, resume=True))
    assert torch.load(options.out / "state.pt", weights_only=True)["step"] > first["step"]
    answer = load_teacher("densedepth-lite", canvas=96, weights=path).predict(
        np.zeros((1, 96, 96, 3), np.uint8)
    )
    assert np.isfinite(answer).all()


@pytest.mark.parametrize(("held", "found"), [(None, "no state.pt"), (b"x" * 99, "Unpickling")])
def test_a_training_that_never_was_gets_a_sentence(
    held: bytes | None, found: str, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    if held is not None:
        out.mkdir()
        (out / "state.pt").write_bytes(held)
    before = files_below(tmp_path)
    with pytest.raises(InputError, match=f"expected a training of train-teacher .*{found}"):
        train_teacher(TeacherOptions(out=out, resume=True))
    with pytest.raises(InputError, match=r"--textures .*: expected a folder of pictures"):
        train_teacher(TeacherOptions(out=tmp_path / "new", textures=tmp_path / "nowhere"))
    assert files_below(tmp_path) == before


def files_below(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))
