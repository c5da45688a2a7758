"""pipeline/sources/source.py"""

import hashlib
import json

import pytest

from pipeline.sources.source import AlphaFile, Source, categories_of, category_of, group_of

PICTURE, MASK = "1" * 64, "2" * 64
ALPHA = AlphaFile(name="a.png", sha256=MASK)


def source(**changes: object) -> Source:
    return Source(**({"name": "a.jpg", "sha256": PICTURE, "size": (4, 3)} | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"alpha": ALPHA}, f"{PICTURE}\n{MASK}\n"),
        ({"part": 0}, f"{PICTURE}\n\n0"),
        ({"alpha": ALPHA, "part": 12}, f"{PICTURE}\n{MASK}\n12"),
    ],
)
def test_an_identity_is_the_hash_of_files_and_part(changes: dict[str, object], lines: str) -> None:
    assert source(**changes).identity == hashlib.sha256(lines.encode()).hexdigest()


def test_the_identity_of_a_plain_picture_is_its_files() -> None:
    assert source().identity == PICTURE
    assert source(name="b/c.png", category="b", group="b", split="val").identity == PICTURE


def test_a_source_comes_back_from_its_json() -> None:
    whole = source(alpha=ALPHA, part=2, category="cars", group="cars/red", split="test")
    entry = json.loads(json.dumps(whole.to_json()))
    assert entry == {
        "name": "a.jpg",
        "sha256": PICTURE,
        "size": [4, 3],
        "alpha": {"name": "a.png", "sha256": MASK},
        "part": 2,
        "category": "cars",
        "group": "cars/red",
        "split": "test",
    }
    assert Source.from_json(entry) == whole
    assert Source.from_json(source().to_json()) == source()


def test_folders_give_category_and_group() -> None:
    assert [category_of(name, "car") for name in ("a.png", "b/a.png", "b/c/a.png")] == [
        "car",
        "b",
        "b",
    ]
    assert [group_of(name) for name in ("a.png", "b/a.png", "b/c/a.png")] == ["", "b", "b/c"]
    made = [source(category=name) for name in ("b", "ä", "a", "b", None)]
    assert categories_of(made) == ["a", "b", "ä"]


def test_an_alpha_file_lies_beside_where_its_name_says_more() -> None:
    assert not source(alpha=ALPHA).alpha_lies_beside
    assert source(alpha=AlphaFile(name="a_mask.png", sha256=MASK)).alpha_lies_beside
