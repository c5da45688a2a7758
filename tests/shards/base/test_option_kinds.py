"""shards/base/option_kinds.py: every option of every command is held against its annotation"""

import dataclasses
import importlib
import pkgutil
import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import depthmask
import pipeline
from pipeline.planning.options import BuildOptions
from shards.base.errors import InputError
from shards.base.option_kinds import require_choice, require_kind
from shards.base.options import flag_of, hints_of, identity_of
from shards.base.size import Size

NEEDED: dict[str, dict[str, Any]] = {
    "BuildOptions": {"fg": "fg", "bg": "bg"},
    "DepthOptions": {"pictures": ("a.jpg",), "out": "out"},
    "EvaluateOptions": {"checkpoint": "best.pt", "shards": "shards"},
    "ExportOptions": {"checkpoint": "best.pt", "out": "network.onnx"},
    "PredictOptions": {"checkpoint": "best.pt", "image": "shot.jpg"},
    "SampleDataOptions": {"out": "out"},
    "TakeoverOptions": {},
    "TeacherOptions": {},
    "TrainOptions": {"shards": "shards"},
}
"""Every options class by name, with the options that it cannot be without."""


def options_classes() -> dict[str, type]:
    found = {}
    for package in (depthmask, pipeline):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                members = vars(importlib.import_module(module.name)).values()
                found |= {
                    each.__name__: each
                    for each in members
                    if isinstance(each, type)
                    and dataclasses.is_dataclass(each)
                    and each.__name__.endswith("Options")
                    and each.__module__.startswith(("depthmask.", "pipeline."))
                }
    return found


CLASSES = options_classes()
FIELDS = [(name, field) for name, each in CLASSES.items() for field in dataclasses.fields(each)]
ODD = st.one_of(
    st.sampled_from(
        ["", "zip", "5", "auto", "true", "a\0b", b"tar", True, False, (), [], {}, object(), int]
    ),
    st.integers(),
    st.floats(),
    st.tuples(st.integers(), st.floats(), st.text(max_size=2)),
    st.lists(st.booleans(), max_size=3),
)


def fits(value: Any, kind: Any) -> bool:
    """Whether a value is one that the annotation allows: what the checker must agree with."""
    if get_origin(kind) in (Union, types.UnionType):
        return any(fits(value, part) for part in get_args(kind))
    if get_origin(kind) is Literal:
        return isinstance(value, str) and value in get_args(kind)
    if get_origin(kind) is tuple:
        parts = get_args(kind)
        if not isinstance(value, list | tuple):
            return False
        if parts[-1] is Ellipsis:
            return all(fits(each, parts[0]) for each in value)
        return len(value) == len(parts) and all(map(fits, value, parts))
    if kind is Path:
        return isinstance(value, str | Path) and str(value) != "" and "\0" not in str(value)
    if kind is float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and abs(value) < float("inf")
    if kind == Size:
        sides = value if isinstance(value, list | tuple) else (value, value)
        return len(sides) == 2 and all(fits(side, int) and 16 <= side <= 4096 for side in sides)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def test_every_options_class_is_known_to_this_test() -> None:
    assert CLASSES.keys() == NEEDED.keys()


@pytest.mark.parametrize("name", NEEDED)
def test_defaults_pass_and_are_of_their_kinds(name: str) -> None:
    options = CLASSES[name](**NEEDED[name])
    hints = hints_of(CLASSES[name])
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        assert fits(value, hints[field.name])
        assert not isinstance(value, str) or "Path" not in str(hints[field.name])


@pytest.mark.parametrize(
    ("name", "field"), FIELDS, ids=[f"{name}.{field.name}" for name, field in FIELDS]
)
@settings(max_examples=30)
@given(value=ODD)
def test_a_value_of_a_wrong_kind_is_refused_with_the_options_name(
    name: str, field: "dataclasses.Field[Any]", value: Any
) -> None:
    assume(not fits(value, hints_of(CLASSES[name])[field.name]))
    with pytest.raises(InputError) as caught:
        CLASSES[name](**{**NEEDED[name], field.name: value})
    assert caught.value.where == flag_of(field)


def test_numbers_of_numpy_and_text_become_what_the_command_line_gives() -> None:
    ours = BuildOptions(
        fg="fg",
        bg=Path("bg"),
        samples=np.int64(5),
        val_fraction=np.float64(0.25),
        flip=np.bool_(False),
        format=np.str_("lmdb"),
        fg_scale=[np.float32(0.5), 1],
        depth_range=(0, 10),
    )
    theirs = BuildOptions(
        fg=Path("fg"),
        bg=Path("bg"),
        samples=5,
        val_fraction=0.25,
        flip=False,
        format="lmdb",
        fg_scale=(0.5, 1.0),
        depth_range=(0.0, 10.0),
    )
    assert repr(ours) == repr(theirs)
    assert [type(value) for value in identity_of(ours).values()] == [
        type(value) for value in identity_of(theirs).values()
    ]


def test_a_tilde_is_the_home_folder_in_python_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    options = BuildOptions(fg="~/cars", bg=Path("~/scenes"), out="~")
    assert options.fg == Path("/home/me/cars")
    assert options.bg == Path("/home/me/scenes")
    assert options.out == Path("/home/me")
    with pytest.raises(InputError, match="--fg: expected ~nobody-of-that-name to be a home folder"):
        BuildOptions(fg="~nobody-of-that-name/cars", bg="bg")


def test_a_near_word_is_offered_whatever_its_case() -> None:
    with pytest.raises(InputError, match=r"found 'SGD'; did you mean sgd\?"):
        require_choice("--optimiser", "SGD", ["adamw", "sgd"])
    with pytest.raises(InputError, match="expected adamw or sgd, found 'lion'; choose one"):
        require_choice("--optimiser", "lion", ["adamw", "sgd"])


def test_a_number_that_is_too_large_for_a_float_is_refused() -> None:
    with pytest.raises(InputError, match="--lr: expected a number"):
        require_kind("--lr", 10**400, float)
