"""shards/records/card.py: the README.md beside the shards"""

import shutil
from pathlib import Path

import yaml
from huggingface_hub import DatasetCard
from small import files_of, small_options

from pipeline.build import BuildResult, build_dataset
from pipeline.convert import convert_dataset
from pipeline.verify import verify_dataset
from shards.records.card import CARD, MARK, card_of, write_card
from shards.records.manifest import read_manifest


def front_matter(text: str) -> dict[str, object]:
    _, block, _ = text.split("---\n", 2)
    found: dict[str, object] = yaml.safe_load(block)
    return found


def test_a_build_leaves_a_card_that_is_no_part_of_the_digest(
    sources: Path, plain_build: BuildResult, tmp_path: Path
) -> None:
    text = (plain_build.out / CARD).read_text()
    assert "90 train and 30 val samples of 64 x 64 pixels" in text
    assert plain_build.digest is not None
    assert plain_build.digest in text
    assert front_matter(text)["configs"] == [
        {
            "config_name": "default",
            "data_files": [
                {"split": "train", "path": "train-*.tar"},
                {"split": "val", "path": "val-*.tar"},
            ],
        }
    ]
    assert front_matter(text)["task_categories"] == ["image-segmentation", "object-detection"]
    assert "Categories of objects, by id: 1 object." in text
    assert verify_dataset(plain_build.out).sound
    again = build_dataset(small_options(sources, tmp_path / "again", workers=2))
    assert files_of(again.out) == files_of(plain_build.out)


def test_depth_and_its_meaning_stand_in_the_card(tiny_dataset: Path) -> None:
    text = (tiny_dataset / CARD).read_text()
    assert "larger is nearer" in text
    assert "`depth.png16`" in text
    assert front_matter(text)["task_categories"] == [
        "image-segmentation", "object-detection", "depth-estimation",
    ]  # fmt: skip


def test_the_hubs_own_code_reads_the_card(tiny_dataset: Path) -> None:
    card = DatasetCard.load(tiny_dataset / CARD)
    assert card.data.size_categories == ["n<1K"]
    assert [part["split"] for part in card.data.configs[0]["data_files"]] == ["train", "val"]


def test_a_card_grows_with_its_data_set_and_somebody_elses_is_never_touched(
    sources: Path, tmp_path: Path
) -> None:
    out = tmp_path / "shards"
    build_dataset(small_options(sources, out, samples=40))
    build_dataset(small_options(sources, out, samples=80))
    assert "60 train and 20 val" in (out / CARD).read_text()
    mine = "# My cars\n\nDo not share.\n"
    (out / CARD).write_text(mine)
    build_dataset(small_options(sources, out, samples=120))
    assert (out / CARD).read_text() == mine
    build_dataset(small_options(sources, out, samples=40, overwrite=True))
    assert (out / CARD).read_text() == mine
    assert verify_dataset(out).sound


def test_a_build_may_begin_beside_a_readme(sources: Path, tmp_path: Path) -> None:
    out = tmp_path / "shards"
    out.mkdir()
    (out / CARD).write_text("planned\n")
    build_dataset(small_options(sources, out, samples=40))
    assert (out / CARD).read_text() == "planned\n"


def test_the_card_of_lmdb_shards_promises_no_more_than_holds(
    plain_build: BuildResult, tmp_path: Path
) -> None:
    convert_dataset(plain_build.out, tmp_path / "lmdb", "lmdb", workers=1)
    text = (tmp_path / "lmdb" / CARD).read_text()
    assert "load_dataset" not in text
    assert "configs" not in front_matter(text)
    assert MARK in text


def test_a_strangers_words_stay_words(tiny_dataset: Path, tmp_path: Path) -> None:
    manifest = read_manifest(tiny_dataset)
    manifest["teacher"] = {"name": "</p><script>|\n---\n`"}
    text = card_of(manifest)
    assert "<script>" not in text
    assert "&lt;script>\\|\\n---\\n'" in text
    folder = Path(shutil.copytree(tiny_dataset, tmp_path / "copy"))
    write_card(folder, manifest)
    assert front_matter((folder / CARD).read_text())["pretty_name"] == "Composites with masks"
