"""Files from strangers that would run code, fill the memory, or leave their folder"""

import json
import pickle
import shutil
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from changed_fields import with_field
from made_files import chunk, resized_jpeg, scans
from small import draw_background, draw_foreground, small_options

from depthmask.models.checkpoint import read_checkpoint
from depthmask.reports.report import write_report
from pipeline.build import BuildResult, build_dataset
from pipeline.depth.teachers.table import load_teacher
from shards.base.errors import InputError, RunError
from shards.pixels.codecs import encode_png
from shards.reading.open import open_dataset


class Payload:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("save", [pickle.dumps, None])
def test_a_checkpoint_that_would_run_code_is_refused(save: Any, tmp_path: Path) -> None:
    file, proof = tmp_path / "best.pt", tmp_path / "it ran"
    state = {"kind": "depthmask checkpoint", "format": 1, "spec": Payload(proof)}
    if save is None:
        torch.save(state, file)
    else:
        file.write_bytes(save(state))
    with pytest.raises(InputError, match="expected a checkpoint"):
        read_checkpoint(file)
    assert not proof.exists()


@pytest.mark.parametrize("value", [torch.zeros(3), torch.zeros(0), None, "1", True, 2])
def test_a_checkpoint_of_no_known_format_is_refused(value: Any, tmp_path: Path) -> None:
    torch.save({"kind": "depthmask checkpoint", "format": value}, tmp_path / "best.pt")
    with pytest.raises(InputError, match="format"):
        read_checkpoint(tmp_path / "best.pt")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 4) + b"[[[[",
        pickle.dumps({"weights": [1, 2]}),
    ],
)
def test_weights_that_are_no_safetensors_are_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(data)
    with pytest.raises(InputError, match="--depth-weights"):
        load_teacher("densedepth-lite", canvas=64, weights=tmp_path / "weights")


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims gigabytes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def text_bomb() -> bytes:
    """A mask of 64 x 64 pixels with a note of 3 MB in 3 kB."""
    note = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(3_000_000)))
    whole = encode_png(np.zeros((64, 64), np.uint8), "none")
    return whole[:33] + note + whole[33:]


def facts(**changed: Any) -> bytes:
    """The json of a sample with some values changed."""
    whole: dict[str, Any] = {"split": "train", "position": 0, "background": "b", "objects": []}
    whole |= {"crop": [0, 0, 8, 8], "background_flip": False, "place": "anywhere", "omitted": 0}
    whole |= {"distractors": []}
    return json.dumps(whole | changed).encode()


def facts_of_object(**changed: Any) -> bytes:
    """The json of a sample of one object, with some of its values changed."""
    box = [0, 0, 8, 8]
    whole: dict[str, Any] = {"foreground": "f", "category": "c", "flip": False, "placement": 0}
    whole |= {"rotation": 0, "layer": 0, "box": box, "visible_box": box, "area": 64}
    whole |= {"visible": 1, "truncation": 0, "blend": "alpha"}
    return facts(objects=[whole | changed])


@pytest.mark.parametrize(
    ("field", "data", "found"),
    [
        ("mask.png", bomb(2**31 - 1, 2**31 - 1), "2147483647 x 2147483647 pixels"),
        ("mask.png", b"", "no PNG"),
        ("mask.png", b"\x89PNG\r\n\x1a\n" * 9, "pixels instead of 64 x 64"),
        ("image.jpg", b"\xff\xd8\xff", "expected what the build wrote"),
        ("image.jpg", b"GIF89a", "expected what the build wrote"),
        ("image.jpg", resized_jpeg(30_000, 20_000), "30000 x 20000 pixels instead of 64 x 64"),
        ("image.jpg", scans(64, 3000), "3,001 scans in one JPEG"),
        ("mask.png", text_bomb(), "Decompressed data too large"),
        ("json", b"[" * 100_000, "nested too deeply"),
        ("json", b"null", "no table"),
        ("json", facts(background="../../etc/passwd"), "none of that name"),
        ("json", facts(background=["a"]), "background: expected text"),
        ("json", facts(objects={}), "objects: expected a list"),
        ("json", facts(distractors=[{}]), r"distractors\[0\].source: expected this entry"),
        ("json", facts(objects=[[]]), r"objects\[0\]: expected a table"),
        ("json", facts_of_object(foreground={}), r"objects\[0\].foreground: expected text"),
        ("json", facts_of_object(box=[0, 0, 8]), r"objects\[0\].box: expected a list of 4"),
        ("json", facts_of_object(area=-1), r"objects\[0\].area: expected a whole number"),
        ("json", facts_of_object(visible=float("nan")), r"objects\[0\].visible: expected a num"),
        ("json", b"{}", "split: expected this entry"),
    ],
)
def test_a_hostile_field_costs_nothing_and_is_named(
    field: str, data: bytes, found: str, plain_build: BuildResult, tmp_path: Path
) -> None:
    folder = with_field(Path(shutil.copytree(plain_build.out, tmp_path / "copy")), field, data)
    dataset = open_dataset(folder)
    sample = dataset.split("train")[0]
    with pytest.raises(RunError, match=found):
        _ = (sample.mask, sample.image, sample.background)
    assert dataset.split("train")[1].mask.any()
    dataset.close()


def test_a_report_shows_hostile_names_as_text(tmp_path: Path) -> None:
    for role, draw in (("fg", draw_foreground), ("bg", draw_background)):
        (tmp_path / role).mkdir()
        for seed, name in enumerate((b"<img src=x onerror=alert(1)>.png", b"\xff.png")):
            with open(bytes(tmp_path / role) + b"/" + name, "wb") as file:
                draw(seed).save(file, "PNG")
    (tmp_path / "fg" / "<b>left out").write_text("no picture")
    options = small_options(tmp_path, tmp_path / "shards", size=32, samples=8)
    build_dataset(options)
    page = write_report(tmp_path / "shards", tmp_path / "report.html").read_text("utf-8")
    assert "&lt;img src=x" in page
    assert r"\udcff" in page
    assert "<img src=x" not in page
    assert "<b>left out" not in page
