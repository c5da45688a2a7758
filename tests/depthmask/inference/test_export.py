"""depthmask/inference/exporting.py, exported_net.py, onnx_program.py: files that answer as the
network does
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from depthmask.commands.cli import cli
from depthmask.inference import exported_net as exported
from depthmask.inference import exporting
from depthmask.inference.exported_net import ExportedNet
from depthmask.inference.exporting import FACTS, TOLERANCE, export
from depthmask.inference.options import ExportOptions
from depthmask.models.build import build_network
from depthmask.models.catalogue import SYSTEMS
from depthmask.models.checkpoint import Checkpoint, read_checkpoint, save_checkpoint
from depthmask.models.network_spec import NetworkSpec
from shards.base.errors import InputError, RunError
from shards.pixels.depth_coding import DepthCoding

CODING = DepthCoding.over_range(0.5, 8.0, kind="metric", unit="m", bits=12, size=(32, 32))
FAMILIES = ("tf_efficientnet_lite0", "resnet18", "convnext_atto")


def checkpoint(path: Path, **changes: object) -> Path:
    """A checkpoint of a network with weights of seed 0, trained at 32 px as it says."""
    half = (0.5, 0.5, 0.5)
    spec = NetworkSpec(
        backbone="mobilenetv3_small_050",
        heads="both",
        image_mean=half,
        image_std=half,
        background_mean=half,
        background_std=half,
    )
    spec = dataclasses.replace(spec, **changes)  # type: ignore[arg-type]
    torch.manual_seed(0)
    network = build_network(spec)
    save_checkpoint(
        path,
        Checkpoint(
            spec=spec,
            size=(32, 32),
            coding=None if spec.heads == "mask" else CODING,
            weights=network.state_dict(),
            options={},
            scores={},
            training=None,
        ),
    )
    return path


def pictures(count: int, height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    image, background = torch.rand(
        2, count, 3, height, width, generator=torch.Generator().manual_seed(5)
    )
    return image, background


def expected(path: Path, image: torch.Tensor, background: torch.Tensor) -> list[np.ndarray]:
    """Mask in [0, 1] and depth in metres by the network itself."""
    with torch.inference_mode():
        output = read_checkpoint(path).build()(image, background)
    found = []
    if output.mask is not None:
        found.append(torch.sigmoid(output.mask).numpy())
    if output.depth is not None:
        found.append((0.5 + 7.5 * output.depth).numpy())
    return found


def run_file(path: Path, *given: torch.Tensor) -> list[np.ndarray]:
    """What onnxruntime gives for pictures by their names in the file."""
    session = pytest.importorskip("onnxruntime", reason="needs the extra `onnx`").InferenceSession(
        path, providers=["CPUExecutionProvider"]
    )
    names = [each.name for each in session.get_inputs()]
    found: list[np.ndarray] = session.run(
        None, {name: each.numpy() for name, each in zip(names, given, strict=True)}
    )
    return found


@pytest.mark.slow
def test_an_onnx_file_answers_at_other_sizes_and_says_what_it_is(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="needs the extra `onnx`")
    pytest.importorskip("onnxscript", reason="needs the extra `onnx`")
    source = checkpoint(tmp_path / "best.pt")
    out = tmp_path / "network.onnx"
    found = export(ExportOptions(checkpoint=source, out=out))
    assert found.inputs == ("image", "background")
    assert max(found.differences.values()) <= TOLERANCE
    for shape in ((1, 32, 32), (3, 71, 50), (2, 33, 128)):
        given = pictures(*shape)
        pairs = zip(run_file(out, *given), expected(source, *given), strict=True)
        for (theirs, ours), span in zip(pairs, (1.0, 7.5), strict=True):
            assert theirs.shape == ours.shape == (shape[0], 1, *shape[1:])
            assert np.abs(theirs - ours).max() <= 1e-4 * span
    model = onnx.load(out)
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(facts["depth"]) == CODING.to_json()
    assert json.loads(facts["network"])["backbone"] == "mobilenetv3_small_050"
    assert facts["trained_size"] == "32 x 32"
    assert [each.name for each in model.graph.output] == ["mask", "depth"]
    assert b"site-packages" not in out.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"best.pt", "network.onnx"}


def test_a_torch_export_file_answers_as_the_network_does(tmp_path: Path) -> None:
    source = checkpoint(tmp_path / "best.pt", heads="mask")
    out = tmp_path / "network.pt2"
    export(ExportOptions(checkpoint=source, out=out))
    extra = {FACTS: ""}
    module = torch.export.load(out, extra_files=extra).module()
    given = pictures(2, 40, 59)
    (mask,) = module(*given)
    assert np.abs(mask.detach().numpy() - expected(source, *given)[0]).max() <= 1e-4
    assert json.loads(extra[FACTS])["depth"] == "null"


def test_a_file_is_held_against_the_network_of_the_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not against the one that was changed for the file, which is what the file answers as."""

    def pad_unevenly(network: ExportedNet) -> None:
        exported.pad_evenly(network)
        with torch.no_grad():
            network.network.mask_head.weight.mul_(3)

    monkeypatch.setattr(exporting, "pad_evenly", pad_unevenly)
    source = checkpoint(tmp_path / "best.pt", heads="mask")
    out = tmp_path / "network.pt2"
    with pytest.raises(RunError, match=r"expected mask within 0\.001 of the network's"):
        export(ExportOptions(checkpoint=source, out=out, size=32))
    assert not out.exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("size", [None, (48, 32)])
def test_every_earlier_system_can_be_exported(
    name: str, size: tuple[int, int] | None, tmp_path: Path
) -> None:
    pytest.importorskip("onnxscript", reason="needs the extra `onnx`")
    source = checkpoint(tmp_path / "best.pt", network=name, backbone="", heads=SYSTEMS[name].heads)
    found = export(ExportOptions(checkpoint=source, out=tmp_path / "a.onnx", size=size))
    assert len(found.inputs) == (1 if name.startswith("D") else 2)
    width, height = size or (32, 32)
    given = pictures(1, height, width)
    theirs = run_file(found.path, *given[: len(found.inputs)])
    for one, other in zip(theirs, expected(source, *given), strict=True):
        assert np.abs(one - other).max() <= 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("backbone", FAMILIES)
def test_networks_of_many_families_can_be_exported(backbone: str, tmp_path: Path) -> None:
    pytest.importorskip("onnxscript", reason="needs the extra `onnx`")
    source = checkpoint(tmp_path / "best.pt", backbone=backbone)
    found = export(ExportOptions(checkpoint=source, out=tmp_path / "a.onnx"))
    assert max(found.differences.values()) <= TOLERANCE


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"out": "network.tflite"}, "expected a file that ends in .onnx or .pt2, found .tflite"),
        ({"size": 8}, "--size: expected 16 to 4096 pixels a side, found 8"),
        ({"checkpoint": "absent.pt"}, "found no such file"),
    ],
)
def test_what_cannot_be_exported_gets_a_sentence(
    changes: dict[str, object], sentence: str, tmp_path: Path
) -> None:
    options: dict[str, object] = {"checkpoint": tmp_path / "absent.pt", "out": "network.onnx"}
    with pytest.raises(InputError, match=sentence):
        export(ExportOptions(**(options | changes)))  # type: ignore[arg-type]


def test_the_command_says_how_far_the_file_is_from_the_network(tmp_path: Path) -> None:
    source = checkpoint(tmp_path / "best.pt", network="A-mask", backbone="", heads="mask")
    out = tmp_path / "sub" / "fixed.pt2"
    arguments = ["export", str(source), str(out), "--size", "32", "--json"]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["path"] == str(out)
    assert found["inputs"] == ["image", "background"]
    assert found["differences"].keys() == {"mask"}
    given = pictures(1, 32, 32)
    (mask,) = torch.export.load(out).module()(*given)
    assert np.abs(mask.detach().numpy() - expected(source, *given)[0]).max() <= 1e-5
