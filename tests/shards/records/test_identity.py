"""shards/records/manifest.py, pipeline/output/folder.py: what makes two data sets one, and
what does not
"""

import json
import shutil
from pathlib import Path

import pytest
from ready_folders import draw_folders
from small import files_of, small_options

import pipeline.rendering.versions
from pipeline.build import BuildResult, build_dataset
from pipeline.convert import convert_dataset
from pipeline.verify import verify_dataset
from shards.base.errors import InputError
from shards.reading.concat import ConcatDataset
from shards.reading.open import open_dataset
from shards.records.manifest import MANIFEST, PLAN, build_id, digest_of, read_manifest, read_plan

PLAIN = {
    "format": 2,
    "options": {"seed": 0, "samples": 8},
    "sources": {"fg": [], "bg": []},
    "skipped": [],
    "teacher": None,
    "depth": {"kind": "metric", "unit": "m"},
    "versions": {"numpy": "2.0"},
}
SHARDS = [
    {"name": "val-000000.tar", "sha256": "b" * 64},
    {"name": "train-000000.tar", "sha256": "a"},
]


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    return draw_folders(tmp_path / "folders")


def test_build_id_and_digest_are_the_known_ones() -> None:
    assert build_id(PLAIN) == BUILD_ID
    assert digest_of(PLAIN, SHARDS) == digest_of(PLAIN, SHARDS[::-1]) == DIGEST


BUILD_ID = "41eb3184f09350800d3317b4a6d0584ddbe24e09358a3595fcde453bf8d03be5"
DIGEST = "ce3f13723b2c3c50528a6014fd32deb004fba37e2d48cf8b4609fbb74aa691ee"


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"options": {"seed": 0, "samples": 16}}, True),
        ({"skipped": [{"path": "fg/Thumbs.db", "reason": "not a picture"}]}, True),
        ({"versions": {"numpy": "2.1"}}, True),
        ({"options": {"seed": 1, "samples": 8}}, False),
        ({"depth": {"kind": "inverse", "unit": "m"}}, False),
        ({"depth": {"kind": "metric", "unit": "cm"}}, False),
        ({"teacher": {"name": "x", "weights_sha256": "y"}}, False),
    ],
)
def test_identity_changes_with_what_samples_mean_and_with_nothing_else(
    change: dict[str, object], same: bool
) -> None:
    assert (build_id(PLAIN | change) == build_id(PLAIN)) is same
    assert (digest_of(PLAIN | change, SHARDS) == digest_of(PLAIN, SHARDS)) is same


def test_equal_bytes_of_another_meaning_have_another_digest(folders: Path, tmp_path: Path) -> None:
    near, far = (tmp_path / kind for kind in ("inverse", "metric"))
    made = [
        convert_dataset(folders, near, "tar", depth_kind="inverse", workers=1),
        convert_dataset(folders, far, "tar", depth_kind="metric", workers=1),
    ]
    ours, theirs = read_manifest(near), read_manifest(far)
    assert ours["shards"] == theirs["shards"]
    assert ours["backgrounds"] == theirs["backgrounds"]
    assert made[0].digest != made[1].digest
    assert verify_dataset(near).sound
    (far / MANIFEST).unlink()
    for name in ("train-000000", "val-000000", "background-000000"):
        shutil.copy(near / f"{name}.json", far)  # shards of one are not taken for the other's
    again = convert_dataset(folders, far, "tar", depth_kind="metric", workers=1)
    assert (again.kept, again.digest) == (0, made[1].digest)


def test_equal_builds_under_other_versions_have_one_digest(
    plain_build: BuildResult, sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline.rendering.versions, "__version__", "9.9")
    other = build_dataset(small_options(sources, tmp_path / "shards"))
    assert other.versions["depthmask"] == "9.9"
    assert other.digest == plain_build.digest
    joined = ConcatDataset([open_dataset(plain_build.out)])
    assert joined.digest == open_dataset(other.out).digest
    with pytest.raises(InputError, match="the same one twice"):
        open_dataset([plain_build.out, other.out])


def test_a_conversion_begun_under_other_versions_names_them(
    folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert_dataset(folders, tmp_path / "shards", "tar", depth_kind="inverse", workers=1)
    (tmp_path / "shards" / MANIFEST).unlink()
    monkeypatch.setattr(pipeline.rendering.versions, "__version__", "9.9")
    with pytest.raises(InputError, match=r"version of depthmask \(0.1.0 there, 9.9 here\)"):
        convert_dataset(folders, tmp_path / "shards", "tar", depth_kind="inverse", workers=1)


def test_a_folder_of_format_1_gets_a_sentence_and_no_verdict(
    plain_build: BuildResult, sources: Path, tmp_path: Path
) -> None:
    old = tmp_path / "old"
    shutil.copytree(plain_build.out, old)
    for name in (PLAN, MANIFEST):
        values = json.loads((old / name).read_bytes())
        (old / name).write_text(json.dumps(values | {"format": 1}))
    before = files_of(old)
    for use in (
        open_dataset,
        verify_dataset,
        lambda place: convert_dataset(place, tmp_path / "new", "lmdb"),
        lambda place: build_dataset(small_options(sources, place)),
    ):
        with pytest.raises(InputError, match=r"found format 1; build it again .*never released"):
            use(old)
    assert files_of(old) == before
    assert build_dataset(small_options(sources, old, overwrite=True)).digest == plain_build.digest


@pytest.fixture
def own_sources(sources: Path, tmp_path: Path) -> Path:
    """Sources of the plain build that a test may change, with a damaged picture among them."""
    own = tmp_path / "sources"
    shutil.copytree(sources, own)
    (own / "fg" / "cut.png").write_bytes((own / "fg" / "fg0.png").read_bytes()[:100])
    return own


def test_a_resume_bears_with_files_that_are_no_sources_and_keeps_the_first_list(
    plain_build: BuildResult, own_sources: Path, tmp_path: Path
) -> None:
    out = tmp_path / "shards"
    first = build_dataset(small_options(own_sources, out))
    assert first.digest == plain_build.digest
    whole = files_of(out)
    for name in (MANIFEST, "train-000001.json"):
        (out / name).unlink()
    (own_sources / "fg" / "cut.png").unlink()
    (own_sources / "bg" / "notes.txt").write_text("mine")
    again = build_dataset(small_options(own_sources, out))
    assert [entry.path for entry in again.skipped] == ["bg/notes.txt"]
    assert (again.shards_made, again.digest) == (1, first.digest)
    assert files_of(out) == whole
    assert [entry["path"] for entry in read_plan(out)["skipped"]] == ["fg/cut.png"]
    assert verify_dataset(out).sound


def test_a_build_below_its_own_sources_goes_on_and_grows(
    plain_build: BuildResult, own_sources: Path
) -> None:
    out = own_sources / "bg" / "shards"
    small = build_dataset(small_options(own_sources, out, samples=40))
    assert [entry.path for entry in small.skipped] == ["fg/cut.png"]
    whole = build_dataset(small_options(own_sources, out))
    assert [entry.path for entry in whole.skipped] == ["fg/cut.png"]
    assert whole.digest == plain_build.digest


def test_a_new_folder_that_a_system_has_looked_into_is_new(sources: Path, tmp_path: Path) -> None:
    out = tmp_path / "shards"
    out.mkdir()
    for name in (".DS_Store", "desktop.ini"):
        (out / name).write_bytes(b"x")
    assert build_dataset(small_options(sources, out, samples=8)).digest


def test_a_growth_keeps_the_first_list_too(own_sources: Path, tmp_path: Path) -> None:
    out = tmp_path / "shards"
    build_dataset(small_options(own_sources, out, samples=40))
    (own_sources / "fg" / "cut.png").unlink()
    grown = build_dataset(small_options(own_sources, out, samples=60))
    fresh = build_dataset(small_options(own_sources, tmp_path / "fresh", samples=60))
    assert grown.digest == fresh.digest
    assert [entry["path"] for entry in read_plan(out)["skipped"]] == ["fg/cut.png"]
    assert verify_dataset(out).sound


def test_a_conversion_goes_on_from_an_equal_set_with_another_list(
    plain_build: BuildResult, own_sources: Path, tmp_path: Path
) -> None:
    other = build_dataset(small_options(own_sources, tmp_path / "other"))
    out = tmp_path / "lmdb"
    first = convert_dataset(plain_build.out, out, "lmdb", workers=1)
    again = convert_dataset(other.out, out, "lmdb", workers=1)
    assert (again.made, again.digest) == (0, first.digest)
    assert verify_dataset(out).sound
