"""pipeline/machine/devices.py: a device that is not here is refused before work begins"""

from pathlib import Path

import pytest
import torch
from small import small_options

from depthmask.commands.cli import main
from depthmask.models.device import choose_device
from pipeline.build import build_dataset
from pipeline.depth.teachers.table import load_teacher
from pipeline.machine.devices import require_device
from shards.base.errors import InputError

ABSENT = ["cuda:99", "gpu", "meta", "cuda:-7", "", "xla"]
if not torch.backends.mps.is_available():
    ABSENT.append("mps")
if not torch.cuda.is_available():
    ABSENT.append("cuda")


@pytest.mark.parametrize("name", ABSENT)
def test_a_device_that_is_not_here_is_told_in_a_sentence(name: str) -> None:
    for ask in (
        require_device,
        choose_device,
        lambda name: load_teacher("densedepth-lite", device=name),
    ):
        with pytest.raises(InputError) as refusal:
            ask(name)
        assert str(refusal.value).startswith("--device: expected a device that torch can use here")
        assert name in refusal.value.found
        assert "\n" not in str(refusal.value)


def test_the_processor_is_there() -> None:
    require_device("cpu")
    assert choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda:99", "gpu"])
def test_every_command_refuses_an_absent_device_before_it_writes(
    name: str,
    sources: Path,
    run: Path,
    tiny_dataset: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    fg, bg = sources / "fg", sources / "bg"
    scene = bg / "bg0.png"
    lines = {
        "build": f"build-dataset --fg {fg} --bg {bg} --out {out} --size 64 --samples 20",
        "estimate": f"build-dataset --fg {fg} --bg {bg} --out {out} --size 64 --dry-run",
        "verify": f"verify {tiny_dataset} --deep",
        "train": f"train --shards {tiny_dataset} --out {out} --epochs 1",
        "evaluate": f"evaluate {run / 'best.pt'} --shards {tiny_dataset} --out {out}",
        "predict": f"predict {run / 'best.pt'} --image {scene} --background {scene} --out {out}",
        "depth": f"depth {scene} --out {out}",
    }
    for line in lines.values():
        with pytest.raises(SystemExit) as ended:
            main([*line.split(), "--device", name])
        assert ended.value.code == 2, line
        assert "expected a device that torch can use here" in capsys.readouterr().err, line
        assert not out.exists(), line


def test_a_cluster_elsewhere_is_asked_for_its_own_devices(sources: Path, tmp_path: Path) -> None:
    require_device("cuda:99", here=False)
    with pytest.raises(InputError, match="found 'gpu'"):
        build_dataset(small_options(sources, tmp_path / "out", engine="ray", device="gpu"))
