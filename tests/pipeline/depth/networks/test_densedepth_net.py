"""pipeline/depth/networks/densedepth_net.py, pipeline/depth/teachers/densedepth.py,
keras_file.py and tensors.py
"""

import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from keras_weights import GOLDEN, Layout, layout_of, write_keras
from safetensors.torch import save_file
from seeded_weights import seeded_pictures

from pipeline.depth.networks.densedepth_net import DenseDepth, empty_densedepth
from pipeline.depth.teachers import keras_file
from pipeline.depth.teachers.densedepth import load_network
from pipeline.depth.teachers.table import describe_teacher, load_teacher
from shards.base.errors import InputError, RunError

h5py = pytest.importorskip("h5py", reason="needs the extra `densedepth`")


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file like nyu.h5, with seeded weights."""
    return write_keras(tmp_path_factory.mktemp("keras") / "nyu.h5", layout_of("released"))


def answer_of(network: DenseDepth) -> np.ndarray:
    pixels = torch.from_numpy(seeded_pictures()).permute(0, 3, 1, 2).float() / 255
    with torch.inference_mode():
        return network.eval()(pixels).numpy()


def test_densedepth_has_its_published_number_of_parameters() -> None:
    full, half = (empty_densedepth(width=width, aligned=True) for width in (1664, 832))
    assert sum(p.numel() for p in full.parameters()) == 42_657_689
    assert sum(p.numel() for p in half.parameters()) == 21_365_405


def test_a_released_file_gives_what_keras_gave(released: Path) -> None:
    with np.load(GOLDEN) as golden:
        expected = golden["released_answer"]
    found = answer_of(load_network(released))
    assert np.abs(found - expected).max() < 1e-4
    assert np.ptp(expected) > 0.1


def test_a_file_of_a_later_keras_resizes_as_that_does(tmp_path: Path) -> None:
    with np.load(GOLDEN) as golden:
        expected, released = golden["later_answer"], golden["released_answer"]
    found = answer_of(load_network(write_keras(tmp_path / "later.h5", layout_of("later"))))
    assert np.abs(found - expected).max() < 1e-4
    assert np.abs(expected - released).max() > 1e-3


def test_the_teacher_gives_metres_as_the_authors_prediction_does(released: Path) -> None:
    teacher = load_teacher("densedepth", weights=released, input_size=(64, 96))
    raw = answer_of(load_network(released))
    clear = np.abs(raw) > 0.05  # beside 0, last bits decide between far and near
    distance = np.abs(teacher.predict(seeded_pictures()) - np.clip(10 / raw, 0.1, 10))
    assert distance[clear].max() < 1e-3
    assert clear.mean() > 0.8
    assert (teacher.kind, teacher.unit, teacher.card.range) == ("metric", "m", (0.1, 10))


def test_state_dicts_of_ours_and_of_the_port_give_the_same_network(
    released: Path, tmp_path: Path
) -> None:
    network = load_network(released)
    expected = answer_of(network)
    ours = network.state_dict()
    port = {port_name(name): value for name, value in ours.items()}
    torch.save(
        {"state_dict": {f"module.{name}": value for name, value in port.items()}},
        tmp_path / "port.pt",
    )
    assert np.array_equal(answer_of(load_network(tmp_path / "port.pt")), expected)
    save_file(ours, tmp_path / "ours.safetensors")
    centred = answer_of(load_network(tmp_path / "ours.safetensors"))
    network = DenseDepth()
    network.load_state_dict(ours)
    assert np.array_equal(centred, answer_of(network))


def port_name(name: str) -> str:
    """The name of a tensor in the common PyTorch port of DenseDepth."""
    for block in range(4):
        name = name.replace(f"decoder.blocks.{block}.first", f"decoder.up{block + 1}.convA")
        name = name.replace(f"decoder.blocks.{block}.second", f"decoder.up{block + 1}.convB")
    name = name.replace("decoder.bottom", "decoder.conv2").replace("head.", "decoder.conv3.")
    return name.replace("encoder.features", "encoder.original_model.features")


@pytest.mark.parametrize(
    ("name", "sides", "limits"),
    [("nyu.h5", (480, 640), (0.1, 10)), ("KITTI.h5", (384, 1280), (1, 80))],
)
def test_the_card_says_what_the_released_weights_were_trained_for(
    name: str, sides: tuple[int, int], limits: tuple[float, float], tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(b"not looked into yet")
    card = describe_teacher("densedepth", canvas=224, weights=tmp_path / name)
    assert (card.input_size, card.range, card.source) == (sides, limits, name)
    assert card.output_size == (sides[0] // 2, sides[1] // 2)


def test_without_weights_or_with_sizes_that_do_not_fit_a_sentence_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="its weights by --depth-weights"):
        load_teacher("densedepth")
    (tmp_path / "w.h5").touch()
    with pytest.raises(InputError, match="multiples of 32"):
        load_teacher("densedepth", weights=tmp_path / "w.h5", input_size=(224, 230))
    with pytest.raises(InputError, match="0 < LOW"):
        load_teacher("densedepth", weights=tmp_path / "w.h5", value_range=(0, 10))
    with pytest.raises(InputError, match="--depth-kind"):
        load_teacher("densedepth", weights=tmp_path / "w.h5", kind="inverse")


def rename(layout: Layout) -> None:
    layout["layers"] = [["up9_convA" if n == "up1_convA" else n, w] for n, w in layout["layers"]]


def narrow(layout: Layout) -> None:
    for layer, weights in layout["layers"]:
        if layer == "conv3_block2_1_conv":
            weights[0][1][3] = 64


def forget(layout: Layout) -> None:
    for layer, weights in layout["layers"]:
        if layer == "up2_convB":
            del weights[1:]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (rename, r"no layer up1_convA among 347 layers"),
        (narrow, r"kernel of layer conv3_block2_1_conv of \(1, 1, 160, 64\) instead of"),
        (forget, r"no bias of layer up2_convB"),
    ],
)
def test_another_network_in_keras_is_refused_by_the_first_difference(
    change: Callable[[Layout], None], found: str, tmp_path: Path
) -> None:
    layout = layout_of("released")
    change(layout)
    path = write_keras(tmp_path / "other.h5", layout, shapes_only=True)
    with pytest.raises(InputError, match=found):
        load_network(path)


def lead_out(file: Any, place: str) -> None:
    del file[place]
    file[place] = h5py.ExternalLink("/etc/hostname", "/")


def store_outside(file: Any, place: str) -> None:
    shape = file[place].shape
    del file[place]
    file.create_dataset(place, shape, np.float32, external=[("secret.bin", 0, h5py.h5f.UNLIMITED)])


def put_text(file: Any, place: str) -> None:
    shape = file[place].shape
    del file[place]
    file.create_dataset(place, shape, h5py.string_dtype(), chunks=True)


def store_in_large_pieces(file: Any, place: str) -> None:
    """A few values, of which a reader would unpack 2 GB."""
    shape = file[place].shape
    del file[place]
    options: dict[str, Any] = {"chunks": (7, 7, 3, 2**22), "compression": "gzip"}
    file.create_dataset(place, shape, np.float32, maxshape=(7, 7, 3, None), **options)


def link_to_a_pipe(file: Any, place: str) -> None:
    pipe = Path(file.filename).with_name("pipe")
    os.mkfifo(pipe)
    del file[place]
    file[place] = h5py.ExternalLink(str(pipe), "/")


@pytest.mark.parametrize(
    "change", [lead_out, store_outside, put_text, store_in_large_pieces, link_to_a_pipe]
)
def test_a_keras_file_that_leads_elsewhere_is_refused(
    change: Callable[[Any, str], None], tmp_path: Path
) -> None:
    path = write_keras(tmp_path / "w.h5", layout_of("released"), shapes_only=True)
    with h5py.File(path, "a") as file:
        change(file, "model_weights/conv1/conv/conv1/conv/kernel:0")
    with pytest.raises(InputError, match="conv1/conv/kernel:0"):
        load_network(path)


def write_looping(path: Path) -> Path:
    """A file whose heap of names has an entry of no length, on which HDF5's library never ends."""
    with h5py.File(path, "w") as file:
        file.create_group("model_weights").attrs["layer_names"] = [b"conv1"]
    data = bytearray(path.read_bytes())
    at = data.index(b"GCOL") + 16
    while True:
        index, _, _, size = struct.unpack_from("<HHIQ", data, at)
        if not index:
            break
        at += 16 + -(-size // 8) * 8
    struct.pack_into("<Q", data, at + 8, 0)
    path.write_bytes(data)
    return path


def test_a_file_on_which_the_library_never_ends_gets_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras_file, "_SECONDS", 1)
    words = "w.h5: .*HDF5's library died of, twice: it took over 1 seconds"
    with pytest.raises(RunError, match=words):
        load_network(write_looping(tmp_path / "w.h5"))


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("name", ["w.h5", "w.pt", "w.safetensors", "w"])
@pytest.mark.parametrize(
    "data",
    [b"", b"not weights", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + bytes(4096), b"PK\3\4" * 9],
    ids=["empty", "text", "signature", "cut", "zip"],
)
def test_what_are_no_weights_gets_a_sentence(name: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=f"--depth-weights .*{name}: expected"):
        load_teacher("densedepth", weights=tmp_path / name)


def test_a_pickle_that_would_run_code_is_refused_and_does_not(tmp_path: Path) -> None:
    proof = tmp_path / "it ran"
    torch.save({"head.bias": Payload(proof)}, tmp_path / "a.pt")
    (tmp_path / "b.pt").write_bytes(pickle.dumps({"head.bias": Payload(proof)}))
    for name in ("a.pt", "b.pt"):
        with pytest.raises(InputError, match="objects that would run code"):
            load_teacher("densedepth", weights=tmp_path / name)
    assert not proof.exists()


def test_state_dicts_of_other_networks_are_refused_by_the_first_difference(tmp_path: Path) -> None:
    tensors = {
        name: torch.zeros(value.shape)
        for name, value in empty_densedepth(width=1664, aligned=False).state_dict().items()
        if value.numel() < 1000
    }
    save_file(tensors, tmp_path / "part.safetensors")
    with pytest.raises(InputError, match=r"no encoder\.features\.conv0\.weight in the file"):
        load_network(tmp_path / "part.safetensors")
    torch.save({"encoder.features.conv0.weight": torch.zeros(64, 4, 7, 7)}, tmp_path / "wide.pt")
    with pytest.raises(InputError, match=r"conv0\.weight of \(64, 4, 7, 7\) instead of \(64, 3,"):
        load_network(tmp_path / "wide.pt")
    torch.save([torch.zeros(3)], tmp_path / "list.pt")
    with pytest.raises(InputError, match="a list without tensors"):
        load_network(tmp_path / "list.pt")
    torch.save({"head.bias": 3}, tmp_path / "number.pt")
    with pytest.raises(InputError, match=r"'head\.bias': int"):
        load_network(tmp_path / "number.pt")


def test_the_golden_file_is_small() -> None:
    assert GOLDEN.stat().st_size < 200_000
