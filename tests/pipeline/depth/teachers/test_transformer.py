"""pipeline/depth/teachers/transformer.py, against transformers' own depth-estimation pipeline"""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file, save_file
from small import small_options
from transformer_folders import FAMILIES, depth_anything

from pipeline.build import build_dataset
from pipeline.depth.teachers.card import Choice
from pipeline.depth.teachers.table import load_teacher
from pipeline.depth.teachers.transformer import facts_of
from pipeline.output.event_log import log_event
from pipeline.planning.plan import Plan
from pipeline.rendering.renderer import Renderer
from pipeline.rendering.site import find_site
from shards.base.errors import InputError
from shards.base.size import Size
from shards.reading.open import open_dataset
from shards.records.manifest import read_plan, replace_plan

transformers = pytest.importorskip("transformers", reason="needs the extra `hf`")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A function that saves a small model of a family, with random weights, once; its folder."""
    root = tmp_path_factory.mktemp("models")

    def save(family: str) -> Path:
        folder = root / family
        if not folder.exists():
            torch.manual_seed(0)
            network, processor = FAMILIES[family]()
            with torch.no_grad():
                for parameter in network.parameters():
                    spread = 0.3 if family == "depth_anything" else 0.1
                    parameter += spread * torch.randn_like(parameter)
                if family == "depth_anything":
                    network.head.conv3.bias += 5  # above the last ReLU
            network.save_pretrained(folder)
            processor.save_pretrained(folder)
        return folder

    return save


def pictures(size: Size) -> np.ndarray:
    width, height = size
    noise = np.random.default_rng(0).integers(0, 100, (2, height, width, 3))
    return (noise + np.linspace(0, 155, width)[:, None]).astype(np.uint8)


def pipeline_answers(folder: Path, rgb: np.ndarray) -> np.ndarray:
    ask = transformers.pipeline("depth-estimation", model=str(folder), device="cpu")
    maps = [ask(Image.fromarray(picture))["predicted_depth"] for picture in rgb]
    return np.stack([np.asarray(each).reshape(rgb.shape[1:3]) for each in maps])


@pytest.mark.parametrize("canvas", [(64, 64), (96, 96), (96, 64), (64, 128)])
@pytest.mark.parametrize("family", FAMILIES)
def test_maps_are_those_of_the_librarys_own_pipeline(
    family: str, canvas: Size, models: Callable[..., Path]
) -> None:
    rgb = pictures(canvas)
    expected = pipeline_answers(models(family), rgb)
    teacher = load_teacher(f"hf:{models(family)}", canvas=canvas)
    maps = torch.from_numpy(teacher.predict(rgb))
    assert tuple(maps.shape[1:]) == teacher.card.output_size
    grown = F.interpolate(maps[:, None], size=canvas[::-1], mode="bicubic")[:, 0].numpy()
    assert np.ptp(expected) > 1e-4
    tolerance = 1e-4 * np.ptp(expected) + 1e-6 * np.abs(expected).max()
    assert np.abs(grown - expected).max() < tolerance


@pytest.mark.parametrize(
    ("family", "kind", "limits"),
    [
        ("depth_anything", "inverse", None),
        ("dpt", "inverse", None),
        ("glpn", "metric", (0, 10)),
        ("zoedepth", "metric", None),
    ],
)
def test_kind_and_range_are_known_by_family_and_can_be_declared(
    family: str, kind: str, limits: tuple[float, float] | None, models: Callable[..., Path]
) -> None:
    name = f"hf:{models(family)}"
    card = load_teacher(name, canvas=64).card
    assert (card.kind, card.range, card.name) == (kind, limits, f"hf:{family}")
    assert card.unit == {"metric": "m", "inverse": "relative"}[kind]
    other = load_teacher(name, canvas=64, kind="metric", value_range=(0.5, 4)).card
    assert (other.kind, other.unit, other.range) == ("metric", "m", (0.5, 4))


def test_a_metric_depth_anything_says_so_itself(tmp_path: Path) -> None:
    network, processor = depth_anything(depth_estimation_type="metric", max_depth=20)
    network.save_pretrained(tmp_path / "m")
    processor.save_pretrained(tmp_path / "m")
    card = load_teacher(f"hf:{tmp_path / 'm'}", canvas=64).card
    assert (card.kind, card.unit, card.range) == ("metric", "m", (0, 20))


def test_another_input_size_can_be_declared(models: Callable[..., Path]) -> None:
    teacher = load_teacher(f"hf:{models('depth_anything')}", canvas=64, input_size=(28, 42))
    assert teacher.card.input_size == (28, 42)
    assert teacher.predict(pictures((64, 64))).shape == (2, *teacher.card.output_size)
    with pytest.raises(InputError, match="a depth map at 7x28"):
        load_teacher(f"hf:{models('depth_anything')}", canvas=64, input_size=(28, 7))


def test_a_data_set_is_calibrated_once_and_goes_on_from_its_plan(
    models: Callable[..., Path], sources: Path, tmp_path: Path
) -> None:
    name = f"hf:{models('depth_anything')}"
    options = small_options(sources, tmp_path / "a", samples=32, depth_model=name)
    build_dataset(options)
    plan = read_plan(tmp_path / "a")
    assert plan["options"]["depth_model"] == "hf:depth_anything"
    assert str(tmp_path) not in json.dumps(plan)
    teacher = plan["teacher"]
    assert (teacher["range"], teacher["kind"]) == (None, "inverse")
    assert teacher["input_size"] == [56, 56]
    (tmp_path / "a" / "train-000000.tar").unlink()
    assert build_dataset(options).shards_made == 1
    more = small_options(sources, tmp_path / "b", samples=120, depth_model=name)
    build_dataset(more)
    assert read_plan(tmp_path / "b")["depth"] == plan["depth"]
    low = plan["depth"]["offset"]
    values = np.stack([sample.depth for sample in open_dataset(tmp_path / "a")])
    high = low + plan["depth"]["scale"] * 4095
    assert low < values.min() < values.max() <= high
    assert np.mean(values == high) < 0.001  # clipped: beyond the percentiles


def copy_without(folder: Path, to: Path, name: str) -> Path:
    to.mkdir()
    for file in folder.glob("*.json"):
        (to / file.name).write_bytes(file.read_bytes())
    tensors = load_file(folder / "model.safetensors")
    tensors = {key: value for key, value in tensors.items() if key != name}
    save_file(tensors, to / "model.safetensors", metadata={"format": "pt"})
    return to


def test_missing_tensors_are_refused_only_where_the_answer_needs_them(
    models: Callable[..., Path], tmp_path: Path
) -> None:
    folder = models("dpt")
    unread = "neck.fusion_stage.layers.0.residual_layer1.convolution1.weight"
    teacher = load_teacher(f"hf:{copy_without(folder, tmp_path / 'a', unread)}", canvas=64)
    assert np.array_equal(
        teacher.predict(pictures((64, 64))),
        load_teacher(f"hf:{folder}", canvas=64).predict(pictures((64, 64))),
    )
    read = "neck.fusion_stage.layers.1.residual_layer1.convolution1.weight"
    with pytest.raises(InputError, match=f"no {read}"):
        load_teacher(f"hf:{copy_without(folder, tmp_path / 'b', read)}", canvas=64)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"fusion_hidden_size": 12}, r"found \S+ of \(.*\) instead of \("),
        ({"num_hidden_layers": 2**63}, r"at most \d+ layers, one a tensor, found num_hidden"),
        ({"hidden_size": 2**16}, r"values in its files, found a configuration for \d"),  # 300 GB
    ],
    ids=["other shapes", "deeper", "wider"],
)
def test_a_configuration_that_does_not_fit_its_weights_is_refused_before_it_takes_memory(
    models: Callable[..., Path], tmp_path: Path, changed: dict[str, int], message: str
) -> None:
    folder = copy_without(models("dpt"), tmp_path / "w", "")
    config = json.loads((folder / "config.json").read_text()) | changed
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match=message):
        load_teacher(f"hf:{folder}", canvas=64)


def test_a_processor_of_huge_pictures_is_refused(
    models: Callable[..., Path], tmp_path: Path
) -> None:
    """Of 4,096 x 4,096 pixels a transformer compares 65,536 patches with each other."""
    folder = copy_without(models("dpt"), tmp_path / "w", "")
    path = folder / "preprocessor_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"size": 4096}))
    with pytest.raises(InputError, match=r"at most 2048 pixels a side, found (height|width) 4096"):
        load_teacher(f"hf:{folder}", canvas=64)


def test_code_that_comes_with_a_model_is_not_run(
    models: Callable[..., Path], tmp_path: Path
) -> None:
    folder = copy_without(models("dpt"), tmp_path / "w", "")
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'it ran')!r}, 'w')\n")
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": "evil",
        "auto_map": {"AutoConfig": "evil.C", "AutoModelForDepthEstimation": "evil.M"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="a depth network that transformers knows"):
        load_teacher(f"hf:{folder}", canvas=64)
    assert not (tmp_path / "it ran").exists()


def test_pickled_weights_are_refused(models: Callable[..., Path], tmp_path: Path) -> None:
    folder = copy_without(models("dpt"), tmp_path / "w", "")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(InputError, match=r"in \.safetensors, found pytorch_model\.bin"):
        load_teacher(f"hf:{folder}", canvas=64)


def test_an_unknown_family_must_say_what_it_gives() -> None:
    config = transformers.BeitConfig()
    with pytest.raises(InputError, match=r"found beit; say with --depth-kind"):
        facts_of(Choice(name="hf:beit"), config)
    assert facts_of(Choice(name="hf:beit", kind="inverse"), config) == ("inverse", "relative", None)


def test_a_folder_without_a_model_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no config\.json"):
        load_teacher(f"hf:{tmp_path}", canvas=64)
    with pytest.raises(InputError, match="no such folder"):
        load_teacher(f"hf:{tmp_path}/nowhere", canvas=64)


@pytest.mark.parametrize("file", [None, "pipe", "x" * 5000, "a\0b"])
def test_a_strangers_data_set_fetches_no_network(
    file: str | None, tiny_dataset: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(tiny_dataset, tmp_path / "copy"))
    plan = read_plan(copy)
    plan["options"]["depth_model"] = "hf:somebody/network"
    replace_plan(copy, plan)
    os.mkfifo(copy / "pipe")
    named = {"depth_weights": str(copy / file)} if file == "pipe" else {"depth_weights": file}
    log_event(copy, event="build", fg=str(copy), bg=str(copy), **named)
    with pytest.raises(InputError, match=r"somebody/network in the hub's cache.*if you trust"):
        _ = Renderer(Plan(plan), find_site(copy)).teacher


def test_the_hub_out_of_reach_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match=r"on the hub or in its cache.*hf:FOLDER"):
        load_teacher("hf:nobody/no-such-model", canvas=64)
