"""The house: how many files a room has, what it gives to others, no circles, a picture that is true

import-linter holds the order of rooms (`make lint`); what it cannot say is here.
"""

import ast
import re
from collections import defaultdict

import pytest
from draw_house import PICTURE, draw_house
from house import PACKAGES, ROOT, circles, import_graph, rooms

MOST_FILES = 16
GRAPH = import_graph()
EDGES = [
    (importer, imported)
    for importer in sorted(GRAPH.modules)
    for imported in sorted(GRAPH.find_modules_directly_imported_by(importer))
]
FOLDERS = sorted(name for name in rooms() if "/" in name)


def says(folder: str) -> str:
    """What a room's `__init__.py` says."""
    return ast.get_docstring(ast.parse((ROOT / folder / "__init__.py").read_text())) or ""


def doors() -> dict[str, set[str]]:
    """By room, its modules that modules outside of it import."""
    found = defaultdict(set)
    for importer, imported in EDGES:
        folder, _, name = imported.rpartition(".")
        if not importer.startswith(f"{folder}.") and (ROOT / folder.replace(".", "/")).is_dir():
            found[folder.replace(".", "/")].add(name)
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_room_has_at_most_sixteen_files(folder: str) -> None:
    assert len(rooms()[folder]) <= MOST_FILES


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_room_says_what_it_is_for_and_which_of_its_files_others_use(folder: str) -> None:
    text = says(folder)
    assert len(text.split("\n\n")) >= 2
    named = re.search(r"^Other rooms use:? ([^.]+)\.$", text, re.MULTILINE)
    assert named is not None
    assert set(re.findall(r"`(\w+)`", named[1])) == doors().get(folder, set())


def test_a_rooms_init_holds_nothing_but_its_words() -> None:
    for folder in FOLDERS:
        assert len(ast.parse((ROOT / folder / "__init__.py").read_text()).body) == 1, folder


def test_no_room_bears_the_name_of_a_public_function() -> None:
    import depthmask

    assert not {folder.rpartition("/")[2] for folder in FOLDERS} & set(depthmask.__all__)


def test_files_import_each_other_in_no_circle() -> None:
    assert circles(GRAPH.modules, EDGES) == []


def test_the_picture_of_the_house_is_true() -> None:
    assert PICTURE.read_text() == draw_house(), "python tests/benchmarks/draw_house.py draws it"


def test_tests_stand_in_folders_that_rooms_have() -> None:
    for package in PACKAGES:
        for path in (ROOT / "tests" / package).rglob("test_*.py"):
            folder = path.parent.relative_to(ROOT / "tests")
            assert (ROOT / folder / "__init__.py").is_file(), path
