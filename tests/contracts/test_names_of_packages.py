"""`import depthmask`: its names, whatever else of the packages has been imported"""

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path
from types import ModuleType

import pytest

import depthmask
import pipeline
import shards

PACKAGES = (depthmask, pipeline, shards)


def modules_within(package: ModuleType) -> list[str]:
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return [module.name for module in found if not module.name.endswith(".__main__")]


def names_given_by(package: ModuleType) -> set[str]:
    """What a package's `__init__.py` says that it has: names that are bound there, and __all__."""
    assert package.__file__ is not None
    names = set(getattr(package, "__all__", ()))
    for node in ast.walk(ast.parse(Path(package.__file__).read_text())):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def test_public_names_stay_what_they_are_when_every_module_is_imported() -> None:
    for package in PACKAGES:
        for name in modules_within(package):
            importlib.import_module(name)
    functions = {name for name in depthmask.__all__ if name.islower() and name != "__version__"}
    assert {"build_dataset", "evaluate", "export", "load", "open_dataset", "train"} <= functions
    for name in depthmask.__all__:
        found = getattr(depthmask, name)
        assert not isinstance(found, ModuleType), name
        assert inspect.isfunction(found) is (name in functions), name
        if name in functions or inspect.isclass(found):
            assert found.__name__ == name


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_has_the_name_of_something_that_its_package_gives(package: ModuleType) -> None:
    """An import of the module would put it in the place of what the package gives."""
    for name in (package.__name__, *modules_within(package)):
        module = importlib.import_module(name)
        if hasattr(module, "__path__"):
            below = {found.name for found in pkgutil.iter_modules(module.__path__)}
            assert not below & names_given_by(module), name
