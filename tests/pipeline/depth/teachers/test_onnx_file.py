"""pipeline/depth/teachers/onnx_file.py, onnx_check.py and onnx_settings.py"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from onnx_files import KERNEL, convolution
from small import small_options
from torch import nn

from pipeline.build import build_dataset
from pipeline.depth.teachers.card import Choice
from pipeline.depth.teachers.onnx_file import load
from pipeline.depth.teachers.onnx_settings import read_settings
from pipeline.depth.teachers.table import load_teacher
from shards.base.errors import InputError
from shards.records.manifest import read_plan

onnx = pytest.importorskip("onnx", reason="needs the extra `onnx`")


pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")

RGB = np.random.default_rng(1).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)


def expected_of(rgb: np.ndarray, mean: float = 0, std: float = 1) -> np.ndarray:
    pixels = torch.from_numpy(rgb).permute(0, 3, 1, 2).float() / 255
    seen = (pixels - mean) / std
    return nn.functional.conv2d(seen, torch.from_numpy(KERNEL), padding=1)[:, 0].numpy()


@pytest.mark.parametrize(
    ("shape", "last"),
    [
        (("b", 3, "h", "w"), False),
        ((1, 3, 32, 32), False),
        (("b", 32, 32, 3), True),
        ((1, "h", "w", 3), True),
    ],
)
def test_layouts_and_batches_are_read_from_the_file(
    shape: tuple[Any, ...], last: bool, tmp_path: Path
) -> None:
    path = convolution(tmp_path / "m.onnx", shape=shape, last=last)
    teacher = load_teacher(str(path), canvas=32, kind="inverse", input_size=(32, 32))
    assert np.abs(teacher.predict(RGB) - expected_of(RGB)).max() < 1e-5
    assert (teacher.kind, teacher.unit, teacher.card.range) == ("inverse", "relative", None)
    assert teacher.card.name == "m.onnx"


def test_settings_beside_the_file_say_the_rest(tmp_path: Path) -> None:
    settings = {
        "kind": "metric",
        "unit": "m",
        "range": [0.5, 20],
        "input": {
            "layout": "NCHW",
            "height": 32,
            "width": 32,
            "mean": [0.5] * 3,
            "std": [0.25] * 3,
        },
        "output": "depth",
    }
    path = convolution(tmp_path / "m.onnx", settings=settings)
    teacher = load_teacher(str(path), canvas=32)
    assert np.abs(teacher.predict(RGB) - expected_of(RGB, 0.5, 0.25)).max() < 1e-4
    assert (teacher.kind, teacher.unit, teacher.card.range) == ("metric", "m", (0.5, 20))
    declared = load_teacher(str(path), canvas=32, kind="inverse", value_range=(0, 1)).card
    assert (declared.kind, declared.range) == ("inverse", (0, 1))


def test_an_exported_network_answers_as_it_did_in_torch(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript", reason="torch exports with it")
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(8, 1, 3, padding=1)
    ).eval()
    path = tmp_path / "small.onnx"
    torch.onnx.export(network, (torch.zeros(1, 3, 64, 64),), path, verbose=False)
    teacher = load_teacher(str(path), canvas=64, kind="metric")
    rgb = np.random.default_rng(2).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    with torch.inference_mode():
        expected = network(torch.from_numpy(rgb).permute(0, 3, 1, 2).float() / 255)[:, 0].numpy()
    assert teacher.card.output_size == (32, 32)
    assert np.abs(teacher.predict(rgb) - expected).max() < 1e-5


def test_a_data_set_is_built_with_one_and_holds_no_path(sources: Path, tmp_path: Path) -> None:
    path = convolution(tmp_path / "m.onnx", settings={"kind": "inverse"})
    options = small_options(
        sources, tmp_path / "out", samples=32, depth_model=str(path), depth_input=(48, 32)
    )
    build_dataset(options)
    plan = read_plan(tmp_path / "out")
    assert plan["options"]["depth_model"] == plan["teacher"]["name"] == "m.onnx"
    assert plan["teacher"]["input_size"] == [32, 48]
    assert str(tmp_path) not in json.dumps(plan)
    assert plan["depth"]["kind"] == "inverse"
    assert "onnxruntime" in plan["versions"]


@pytest.mark.parametrize(
    ("changes", "asked", "found"),
    [
        ({}, {}, "--depth-kind"),
        ({}, {"kind": "metric"}, "--depth-input"),
        ({"shape": ("b", 3, 64, 3)}, {"kind": "metric"}, r'"layout"'),
        ({"shape": (4, 3, 32, 32)}, {"kind": "metric"}, "batches of 4"),
        ({"shape": (1, 4, 32, 32)}, {"kind": "metric"}, '"layout"'),
        ({"shape": (3, 32, 32)}, {"kind": "metric"}, "that onnxruntime can run"),
        (
            {"shape": (1, 3, 32, 32)},
            {"kind": "metric", "input_size": (64, 64)},
            "size 32, found 64",
        ),
        ({"domain": "evil.ops"}, {"kind": "metric"}, r"found evil\.ops\.Conv"),
        ({"location": "../secret"}, {"kind": "metric"}, r"own folder, found \.\./secret"),
        ({"location": "/etc/hostname"}, {"kind": "metric"}, "own folder, found /etc/hostname"),
        ({"location": "link"}, {"kind": "metric"}, "own folder, found link"),
        ({"location": "absent"}, {"kind": "metric"}, "the file absent"),
        ({"location": "x" * 5000}, {"kind": "metric"}, "the file xxx"),
        ({"location": "a\0b"}, {"kind": "metric"}, r"own folder, found 'a\\x00b'"),
    ],
)
def test_what_cannot_be_used_is_named(
    changes: dict[str, Any], asked: dict[str, Any], found: str, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    path = convolution(tmp_path / "m.onnx", **changes)
    with pytest.raises(InputError, match=found):
        load_teacher(str(path), canvas=32, **asked)


def test_a_network_without_an_output_is_refused(tmp_path: Path) -> None:
    path = convolution(tmp_path / "m.onnx", shape=(1, 3, 32, 32), settings={"kind": "inverse"})
    model = onnx.load(path)
    del model.graph.output[:]
    path.write_bytes(model.SerializeToString())
    with pytest.raises(InputError, match="expected an output, found none"):
        load_teacher(str(path), canvas=32)


def test_a_place_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Protobuf gives bytes where they are no UTF-8: found by the fuzzer."""
    path = convolution(tmp_path / "m.onnx", location="weights")
    path.write_bytes(path.read_bytes().replace(b"weights", b"wei\xffhts"))
    with pytest.raises(InputError, match=r"own folder, found b'wei\\xffhts'"):
        load_teacher(str(path), canvas=32, kind="metric")


@pytest.mark.parametrize("name", [b"seen", b"depth"])
def test_a_name_that_is_no_text_is_refused(name: bytes, tmp_path: Path) -> None:
    """onnxruntime takes any bytes and fails to give them as text: found by the fuzzer."""
    path = convolution(tmp_path / "m.onnx")
    path.write_bytes(path.read_bytes().replace(name, b"\xe2" * len(name)))
    with pytest.raises(InputError, match=r"in UTF-8, found b'\\xe2"):
        load_teacher(str(path), canvas=32, kind="metric")


def test_data_in_the_files_own_folder_is_used(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(KERNEL.tobytes())
    path = convolution(tmp_path / "m.onnx", shape=(1, 3, 32, 32), location="weights.bin")
    teacher = load_teacher(str(path), canvas=32, kind="inverse")
    assert np.abs(teacher.predict(RGB) - expected_of(RGB)).max() < 1e-5
    before = teacher.card.weights_sha256
    (tmp_path / "weights.bin").write_bytes((2 * KERNEL).tobytes())
    assert load_teacher(str(path), canvas=32, kind="inverse").card.weights_sha256 != before


@pytest.mark.parametrize("data", [b"", b"text", bytes(100), b"\x80\x04K\x01."])
def test_what_is_no_onnx_file_gets_a_sentence(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(data)
    with pytest.raises(InputError, match=r"--depth-model .*m\.onnx: expected"):
        load_teacher(str(tmp_path / "m.onnx"), canvas=32, kind="inverse", input_size=(32, 32))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{", "settings in JSON"),
        ("[]", "all of it: expected a table"),
        ('{"kind": "depth"}', "kind: expected one of metric, inverse"),
        ('{"range": [3, 1]}', "the smaller number first"),
        ('{"range": [0, NaN]}', "range"),
        ('{"kinds": "metric"}', "kinds: expected one of kind, unit"),
        ('{"input": {"mean": [0, 0]}}', r"input\.mean: expected a list of 3"),
        ('{"input": {"height": 1e9}}', r"input\.height"),
        ('{"input": {"scale": 255}}', "scale: expected one of layout"),
        ("[" * 100_000, "65536 bytes"),
        ("[" * 60_000, "settings in JSON"),
    ],
)
def test_settings_are_checked_entry_by_entry(text: str, found: str, tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(text)
    with pytest.raises(InputError, match=found):
        read_settings(tmp_path / "m.json")


def test_no_settings_are_no_mistake(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "m.json") == {}


def test_a_device_that_onnxruntime_does_not_run_on_is_refused(tmp_path: Path) -> None:
    path = convolution(tmp_path / "m.onnx")
    with pytest.raises(InputError, match=r"--device meta: expected cpu or cuda, .* found meta"):
        load(Choice(name="m.onnx", weights=path, device="meta", kind="inverse"))
