"""Checkpoints: weights with what it takes to use them, written whole and loaded without pickles."""

import dataclasses
import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any, get_args

import torch

from depthmask.models.build import Network, build_network
from depthmask.models.catalogue import Precision
from depthmask.models.network_spec import NetworkSpec
from shards.base.checks import (
    WrongValueError,
    listing,
    mapping,
    one_of,
    or_none,
    real,
    table,
    text,
    whole,
)
from shards.base.errors import InputError, first_line
from shards.base.files import publish, temporary_beside
from shards.base.size import Size
from shards.pixels.depth_coding import DepthCoding
from shards.places.outputs import open_for_library
from shards.records.schema import check_depth

BEST = "best.pt"
"""The checkpoint of a run that is taken where its folder is given."""

_FORMAT = 1
_KIND = "depthmask checkpoint"
_side = whole(16, 4096)
_channels = {"mean": listing(real(0, 1), 3, 3), "std": listing(real(1e-6, 1), 3, 3)}


def _check_scores(value: Any, where: str) -> None:
    """Scores of an epoch by name, or none; a score that could not be taken is NaN."""
    table({})(value, where)
    if value:
        table({"epoch": whole(0, 10**12)})(value, where)
        mapping(_check_number)(value, where)


def _check_number(value: Any, where: str) -> None:
    if type(value) not in (int, float):
        raise WrongValueError(where, "a number", value)


def _check_options(value: Any, where: str) -> None:
    """Options as `to_json` gives them: by name, plain values or lists of these."""
    table({}, {"shards": listing(text(".+", "an address or a path"))})(value, where)
    for name, option in value.items():
        for each in option if isinstance(option, list) else [option]:
            if each is not None and type(each) not in (bool, int, float, str):
                raise WrongValueError(f"{where}.{name}", "a plain value or a list of these", each)


_state = table(
    {
        "spec": table(
            {
                "backbone": text("[A-Za-z0-9_.-]{0,100}", "the name of a network"),
                "heads": one_of("both", "mask", "depth"),
                "image_mean": _channels["mean"],
                "image_std": _channels["std"],
                "background_mean": _channels["mean"],
                "background_std": _channels["std"],
            },
            {
                "network": text("[A-Za-z0-9_.-]{1,100}", "the name of a network"),
                "input": one_of("siamese", "early", "single"),
            },
        ),
        "size": listing(_side, 2, 2),
        "coding": or_none(check_depth),
        "weights": table({}),
        "options": _check_options,
        "scores": _check_scores,
        "training": or_none(table({})),
    }
)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """What a checkpoint holds.

    `coding` says what depth means to this network (None without a depth head), `training` is what a
    run needs to resume (None in best.pt). `size` is that of its training pictures, (width, height):
    pictures of any shape are then seen at about the area that the network has learnt, which the
    shorter side alone would not say.
    """

    spec: NetworkSpec
    size: Size
    coding: DepthCoding | None
    weights: dict[str, torch.Tensor]
    options: dict[str, Any]
    scores: dict[str, Any]
    training: dict[str, Any] | None

    @property
    def precision(self) -> str:
        """What the network computed in while it was trained: it is used in the same."""
        found = str(self.options.get("precision"))
        return found if found in get_args(Precision) else "auto"

    def build(self) -> Network:
        """The network with these weights, ready to predict."""
        network = build_network(self.spec)
        network.load_state_dict(self.weights)
        return network.eval()


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, whole or not at all."""
    coding = checkpoint.coding
    state = {
        "kind": _KIND,
        "format": _FORMAT,
        "spec": dataclasses.asdict(checkpoint.spec),
        "size": list(checkpoint.size),
        "coding": None if coding is None else coding.to_json(),
        "weights": checkpoint.weights,
        "options": checkpoint.options,
        "scores": checkpoint.scores,
        "training": checkpoint.training,
    }
    temporary = temporary_beside(path)
    try:
        with open_for_library(temporary) as file:
            torch.save(state, file)
        publish(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _refuse(path: Path, found: str) -> InputError:
    return InputError(
        str(path),
        expected="a checkpoint written by `depthmask train`",
        found=found,
        remedy="give a run's folder, or best.pt or last.pt in one",
    )


def _require_plain_archive(path: Path) -> None:
    """ValueError unless the file is a ZIP as torch.save writes it: stored, no larger than itself.

    torch would unpack what is compressed, however much that is.
    """
    if path.exists() and not path.is_file():
        raise ValueError("no regular file")  # a pipe would be waited on for ever
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise ValueError("compressed entries, which torch does not write")
    if sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise ValueError("entries that are larger than the file")


def _require_stored(weights: dict[str, Any], size: int) -> None:
    """ValueError where weights come to more bytes than a file of `size` bytes can hold.

    One stored number may stand for a tensor of any shape. Twice is for weights that are shared.
    """
    tensors = [value for value in weights.values() if isinstance(value, torch.Tensor)]
    total = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    if total > 2 * size:
        raise ValueError(f"weights of {total:,} bytes in a file of {size:,}")


def _require_fitting(spec: NetworkSpec, weights: dict[str, torch.Tensor]) -> None:
    """ValueError unless the weights are those of the network, by name, shape and finite values.

    The network is drawn up without memory first: a name alone may ask for billions of weights.
    """
    with torch.device("meta"):
        expected = build_network(spec).state_dict()
    for name in sorted(expected.keys() | weights.keys(), key=str):
        found, wanted = weights.get(name), expected.get(name)
        if not isinstance(found, torch.Tensor) or wanted is None:
            raise ValueError(f"no weights {name}" if wanted is not None else f"weights {name!r}")
        if found.shape != wanted.shape or found.dtype != wanted.dtype:
            kinds = f"{tuple(found.shape)} instead of {tuple(wanted.shape)}"
            raise ValueError(f"weights {name} of {kinds} in {found.dtype}")
        if found.is_floating_point() and not bool(torch.isfinite(found).all()):
            raise ValueError(f"weights {name} that are no numbers")


def _checked(state: dict[str, Any], size: int) -> Checkpoint:
    """The checkpoint of a loaded file of `size` bytes; ValueError where a value cannot stand."""
    spec = state.get("spec")
    if isinstance(spec, dict):  # tuples are lists to the checks
        listed = {k: list(v) if isinstance(v, tuple) else v for k, v in spec.items()}
        _state(state | {"spec": listed}, "")
    else:
        _state(state, "")
    checkpoint = Checkpoint(
        spec=NetworkSpec(**state["spec"]),
        size=(state["size"][0], state["size"][1]),
        coding=None if state["coding"] is None else DepthCoding.from_json(state["coding"]),
        weights=state["weights"],
        options=state["options"],
        scores=state["scores"],
        training=state["training"],
    )
    _require_stored(checkpoint.weights, size)
    _require_fitting(checkpoint.spec, checkpoint.weights)
    return checkpoint


def checkpoint_file(path: Path) -> Path:
    """The file that a checkpoint's path stands for: of a run's folder its best.pt."""
    return path / BEST if path.is_dir() else path


def read_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in a file or a run's folder, on the CPU; InputError for anything else.

    Runs no code from it.
    """
    path = checkpoint_file(path)
    try:
        _require_plain_archive(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's own, on files that are refused below
            state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise _refuse(path, "no such file") from None
    except pickle.UnpicklingError:
        raise _refuse(path, "a file that is no checkpoint, or holds more than plain data") from None
    except zipfile.BadZipFile:
        raise _refuse(path, "a file that is no checkpoint") from None
    except (OSError, RuntimeError, ValueError, EOFError, LookupError, TypeError) as error:
        raise _refuse(path, first_line(error)) from None
    if not isinstance(state, dict) or state.get("kind") != _KIND:
        raise _refuse(path, "a file that holds something else")
    format = state.get("format")
    if type(format) is not int or format != _FORMAT:
        raise _refuse(path, f"format {format!r}".partition("\n")[0])
    try:
        return _checked(state, path.stat().st_size)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise _refuse(path, str(error).partition("\n")[0]) from None
