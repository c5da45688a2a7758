"""Every teacher by name. A name may be a path (hf:FOLDER, FILE.onnx); plan.json holds none.

So `--depth-model` is split in two: the plain name, which is part of the data set's identity beside
the SHA-256 of the weights, and the place of the weights, which is not.
"""

import difflib
import importlib
import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from pipeline.depth.teachers.card import Choice, TeacherCard
from pipeline.depth.teachers.seam import Teacher
from pipeline.machine.devices import require_device
from pipeline.machine.threads import fit_threads
from shards.base.errors import InputError
from shards.base.option_kinds import expand_home, require_kind
from shards.base.retrying import retry_passing
from shards.base.size import Size
from shards.pixels.depth_coding import Kind

MODULES = {
    "densedepth-lite": "pipeline.depth.teachers.lite",
    "densedepth": "pipeline.depth.teachers.densedepth",
}
"""Teachers with a name of their own: where `describe` and `load` of each are."""
_HUB, _ONNX = "hf:", ".onnx"
_HUB_NAME = re.compile(r"[\w][\w.-]*(/[\w][\w.-]*)?", re.ASCII)


def _is_local(place: str) -> bool:
    path = Path(place)
    return retry_passing(path, path.is_dir) or not _HUB_NAME.fullmatch(place)


def plain_name(name: str) -> str:
    """A teacher's name without the folder of its files, as plan.json has it.

    InputError for a name that belongs to no teacher, with a near match.
    """
    if name.startswith(_HUB) and len(name) > len(_HUB):
        place = expand_home("--depth-model", name.removeprefix(_HUB))
        return _HUB + (Path(place).resolve().name if _is_local(place) else place)
    if name.endswith(_ONNX) and len(name) > len(_ONNX):
        return Path(name).name
    if name in MODULES:
        return name
    near = difflib.get_close_matches(name, [*MODULES, "none"], n=1, cutoff=0.3)
    raise InputError(
        "--depth-model",
        expected="one of " + ", ".join([*MODULES, "hf:NAME_OR_PATH", "FILE.onnx", "none"]),
        found=repr(name),
        remedy=f"did you mean {near[0]}?" if near else "choose one of these",
    )


def weights_place(name: str, weights: Path | None) -> Path | None:
    """Where a teacher's weights lie: `weights`, or the path within the name; None elsewhere."""
    if weights is not None:
        return weights.absolute()
    place = expand_home("--depth-model", name.removeprefix(_HUB))
    if name.startswith(_HUB) and _is_local(place):
        return Path(place).absolute()
    return Path(place).absolute() if name.endswith(_ONNX) else None


def _module_of(name: str) -> ModuleType:
    if name.startswith(_HUB):
        module = "pipeline.depth.teachers.transformer"
    elif name.endswith(_ONNX):
        module = "pipeline.depth.teachers.onnx_file"
    else:
        module = MODULES[name]
    return importlib.import_module(module)


def describe_choice(choice: Choice) -> TeacherCard:
    """The card of a choice with a plain name; InputError where its weights are not what it needs.

    Imports no torch for `densedepth-lite` and `densedepth`; others are loaded and asked.
    """
    card: TeacherCard = _module_of(choice.name).describe(choice)
    return card


def load_choice(choice: Choice) -> Teacher:
    """The teacher of a choice with a plain name, ready to use; InputError without its device."""
    require_device(choice.device)
    teacher: Teacher = _module_of(choice.name).load(choice)
    return teacher


def choose(name: str, weights: Path | None = None, **rest: Any) -> Choice:
    """A choice by any name that `--depth-model` takes; `rest` are further fields of Choice."""
    return Choice(name=plain_name(name), weights=weights_place(name, weights), **rest)


def planned_choice(
    options: Mapping[str, Any], weights: Path | None, device: str, *, fetch: bool = True
) -> Choice:
    """The choice that a build's options make, as plan.json holds them or as they were given."""
    limits, size = options["depth_range"], options["depth_input"]
    return choose(
        options["depth_model"],
        weights,
        canvas=require_kind("--size", options["size"], Size),
        device=device,
        fetch=fetch,
        kind=options["depth_kind"],
        value_range=limits and (limits[0], limits[1]),
        input_size=size and (size[1], size[0]),
    )


def describe_teacher(name: str, *, canvas: int | Size, weights: Path | None = None) -> TeacherCard:
    """The card of a teacher for pictures of `canvas`, (width, height) or one for both."""
    return describe_choice(choose(name, weights, canvas=require_kind("canvas", canvas, Size)))


def load_teacher(
    name: str,
    *,
    canvas: int | Size = 224,
    weights: Path | None = None,
    device: str = "cpu",
    kind: Kind | None = None,
    value_range: tuple[float, float] | None = None,
    input_size: tuple[int, int] | None = None,
) -> Teacher:
    """A teacher that is ready to use, for pictures of `canvas`, (width, height) or one for both.

    `name` is what `--depth-model` takes: densedepth-lite, densedepth (with `weights`),
    hf:NAME_OR_PATH, FILE.onnx. `kind`, `value_range` (low, high) and `input_size` (height, width)
    say what the teacher does not say itself, or other than it does. InputError where one of them
    is of another kind.
    """
    fit_threads()
    choice = choose(
        require_kind("name", name, str),
        require_kind("weights", weights, Path | None),
        canvas=require_kind("canvas", canvas, Size),
        device=device,
        kind=require_kind("kind", kind, Kind | None),
        value_range=require_kind("value_range", value_range, tuple[float, float] | None),
        input_size=require_kind("input_size", input_size, tuple[int, int] | None),
    )
    return load_choice(choice)
