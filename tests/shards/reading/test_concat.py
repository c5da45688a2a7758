"""shards/reading/concat.py: data sets read together as one"""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from labelled_sources import labelled_options
from small import draw_background, draw_foreground, small_options

from depthmask.commands.cli import cli
from depthmask.recipes.train_options import TrainOptions, read_config
from depthmask.reports.stats import dataset_stats
from pipeline.build import BuildResult, build_dataset
from shards.base.errors import InputError
from shards.base.keys import SPLITS
from shards.pixels.depth_coding import DepthCoding
from shards.reading.concat import ConcatDataset
from shards.reading.open import open_dataset
from shards.reading.sample import Sample
from shards.records.manifest import MANIFEST


def draw_sources(root: Path, seeds: range) -> Path:
    for role, draw in (("fg", draw_foreground), ("bg", draw_background)):
        (root / role).mkdir(parents=True)
        for seed in seeds:
            draw(seed).save(root / role / f"{role}{seed}.png")
    return root


@pytest.fixture(scope="module")
def strangers(
    plain_build: BuildResult, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """Two data sets without a common picture: 120 samples as tar, 60 as LMDB."""
    root = tmp_path_factory.mktemp("strangers")
    sources = draw_sources(root / "sources", range(50, 54))
    options = small_options(
        sources, root / "shards", samples=60, format="lmdb", samples_per_shard=7
    )
    return plain_build.out, build_dataset(options).out


@pytest.fixture(scope="module")
def relatives(
    plain_build: BuildResult, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """Two data sets with common pictures, of which each holds out some that the other trains on."""
    root = tmp_path_factory.mktemp("relatives")
    sources = draw_sources(root / "sources", range(3, 12))
    options = small_options(sources, root / "shards", samples=80, val_fraction=0.5)
    return plain_build.out, build_dataset(options).out


def shown(dataset: object, split: str) -> set[tuple[str, str]]:
    return set().union(*map(sources_of, dataset.split(split)))  # type: ignore[attr-defined]


def sources_of(sample: Sample) -> set[tuple[str, str]]:
    foregrounds = {("fg", each["foreground"]) for each in sample.info["objects"]}
    return foregrounds | {("bg", sample.info["background"])}


def test_samples_come_train_first_in_the_order_of_the_data_sets(
    strangers: tuple[Path, Path],
) -> None:
    joined = open_dataset(strangers)
    a, b = (open_dataset(path) for path in strangers)
    expected = [*a.split("train"), *b.split("train"), *a.split("val"), *b.split("val")]
    assert len(joined) == len(expected) == 180
    assert [(s.key, s.get("image.jpg")) for s in joined] == [
        (s.key, s.get("image.jpg")) for s in expected
    ]
    assert len(joined.split("val")) == len(a.split("val")) + len(b.split("val"))
    assert joined.split("val")[-1].get("json") == b.split("val")[-1].get("json")
    assert joined.sample("train", 95).key == b.sample("train", 95 - 90).key
    assert [s.key for s in joined[88:92]] == [s.key for s in expected[88:92]]
    assert (joined.size, joined.depth) == ((64, 64), None)
    for index in (180, -181):
        with pytest.raises(IndexError):
            joined[index]


def test_moments_of_strangers_are_merged_from_their_records(strangers: tuple[Path, Path]) -> None:
    joined = open_dataset(strangers)
    images = np.stack([sample.image for sample in joined.split("train")]) / 255
    written = joined.stats["splits"]["train"]["image"]
    assert written["mean"] == pytest.approx(images.mean((0, 1, 2)), abs=1e-12)
    assert written["std"] == pytest.approx(images.std((0, 1, 2)), abs=1e-12)
    facts = dataset_stats(strangers, recompute=True, workers=1)
    assert (facts["samples"], facts["left_out"]) == (180, 0)
    assert facts["sources"]["fg"]["count"] == 5 + 4


def test_what_one_holds_out_is_left_out_of_all_training(relatives: tuple[Path, Path]) -> None:
    joined = open_dataset(relatives)
    assert isinstance(joined, ConcatDataset)
    train, val = shown(joined, "train"), shown(joined, "val")
    assert not train & val
    members = [open_dataset(path) for path in relatives]
    held_out = set().union(*(shown(member, "val") for member in members))
    kept = [
        sample.get("json")
        for member in members
        for sample in member.split("train")
        if held_out.isdisjoint(sources_of(sample))
    ]
    assert [sample.get("json") for sample in joined.split("train")] == kept
    assert joined.left_out == sum(len(m.split("train")) for m in members) - len(kept) > 0
    assert len(joined.split("val")) == sum(len(m.split("val")) for m in members)


def test_test_beats_val_beats_train(
    relatives: tuple[Path, Path], plain_build: BuildResult, tmp_path: Path
) -> None:
    sources = draw_sources(tmp_path / "sources", range(9))
    shares = {"val_fraction": 0.3, "test_fraction": 0.3, "samples": 80}
    tested = build_dataset(small_options(sources, tmp_path / "tested", **shares)).out
    members = [open_dataset(path) for path in (*relatives, tested)]
    ranks: dict[tuple[str, str], int] = {}
    for member in members:
        for rank, split in enumerate(SPLITS):
            for source in shown(member, split):
                ranks[source] = max(rank, ranks.get(source, 0))
    joined = open_dataset([*relatives, tested])
    for rank, split in enumerate(SPLITS):
        kept = [
            sample.get("json")
            for member in members
            for sample in member.split(split)
            if max(ranks[one] for one in sources_of(sample)) == rank
        ]
        assert [sample.get("json") for sample in joined.split(split)] == kept
        assert kept
    val = [sample for member in members for sample in member.split("val")]
    assert len(joined.split("val")) < len(val)
    assert joined.left_out == sum(map(len, members)) - len(joined)


def test_moments_are_those_of_the_samples_that_are_left(relatives: tuple[Path, Path]) -> None:
    joined = open_dataset(relatives)
    masks = np.stack([sample.mask for sample in joined.split("train")]) / 255
    written = joined.stats["splits"]["train"]["mask"]
    assert written["mean"] == pytest.approx([masks.mean()], abs=1e-12)
    assert written["std"] == pytest.approx([masks.std()], abs=1e-12)
    facts = dataset_stats(relatives, recompute=True, workers=1)
    assert facts["left_out"] == joined.left_out  # type: ignore[union-attr]


def test_one_folder_is_that_data_set(plain_build: BuildResult) -> None:
    joined, alone = ConcatDataset([open_dataset(plain_build.out)]), open_dataset(plain_build.out)
    assert open_dataset([plain_build.out]).digest == joined.digest == alone.digest
    assert joined.stats == alone.stats
    assert [sample.key for sample in joined] == [sample.key for sample in alone]


def test_it_can_be_pickled(strangers: tuple[Path, Path]) -> None:
    joined = open_dataset(strangers).split("train")
    again = pickle.loads(pickle.dumps(joined))
    assert len(again) == len(joined)
    assert again[100].get("image.jpg") == joined[100].get("image.jpg")


def test_the_digest_names_all_data_sets(strangers: tuple[Path, Path]) -> None:
    digests = [open_dataset(path).digest for path in strangers]
    joined = open_dataset(strangers).digest
    assert joined not in digests
    assert joined == open_dataset(strangers).digest


def test_data_sets_that_do_not_fit_are_refused_with_the_difference(
    plain_build: BuildResult, sources: Path, tmp_path: Path
) -> None:
    larger = build_dataset(
        small_options(sources, tmp_path / "larger", size=(80, 48), samples=20)
    ).out
    expected = r"64 x 64 pixels without depth, as .* has, found 80 x 48 pixels without depth"
    with pytest.raises(InputError, match=expected):
        open_dataset([plain_build.out, larger])
    copy = shutil.copytree(plain_build.out, tmp_path / "copy")
    with pytest.raises(InputError, match="the same one twice"):
        open_dataset([plain_build.out, copy])


def test_other_depth_codes_are_refused_with_the_difference(
    plain_build: BuildResult, tmp_path: Path
) -> None:
    deep = Path(shutil.copytree(plain_build.out, tmp_path / "deep"))
    coding = DepthCoding.over_range(0, 2, kind="inverse", unit="1/m", bits=12, size=(32, 16))
    manifest = json.loads((deep / MANIFEST).read_text())
    manifest |= {"depth": coding.to_json(), "teacher": {"name": "somebody", "weights_sha256": "0"}}
    (deep / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(
        InputError,
        match=r"64 x 64 pixels without depth, as .* inverse depth in 1/m, 12 bits at 32 x 16",
    ):
        open_dataset([plain_build.out, deep])


@pytest.mark.slow
def test_training_and_evaluation_read_several(strangers: tuple[Path, Path], tmp_path: Path) -> None:
    shards = [part for path in strangers for part in ("--shards", str(path))]
    network = ["--backbone", "mobilenetv3_small_050", "--no-pretrained", "--size", "32"]
    run = tmp_path / "run"
    runner = CliRunner()
    once = ["--epochs", "1", "--device", "cpu", "--out", str(run)]
    trained = runner.invoke(cli, ["train", *shards, *network, *once])
    assert trained.stdout.endswith("best.pt\n"), trained.output
    assert read_config(run / "config.toml")["shards"] == tuple(strangers)
    scored = runner.invoke(cli, ["evaluate", str(run / "best.pt"), *shards, "--json"])
    val = sum(len(open_dataset(path).split("val")) for path in strangers)
    assert json.loads(scored.stdout)["val"]["samples"] == val


def test_options_name_one_data_set_or_several(tmp_path: Path) -> None:
    for shards, folders in ((Path("a"), ["a"]), ((Path("a"), Path("b")), ["a", "b"])):
        table = TrainOptions(shards=shards).to_table()
        assert table["shards"] == folders
        assert TrainOptions.from_table(table).to_table() == table
    (tmp_path / "old.toml").write_text('shards = "one folder"\n')
    assert read_config(tmp_path / "old.toml") == {"shards": (Path("one folder"),)}


def test_categories_are_those_of_all_sets_numbered_anew(
    labelled_build: BuildResult, tmp_path: Path
) -> None:
    more = tmp_path / "more"
    shutil.copytree(labelled_build.out.parent / "bg", more / "bg")
    shutil.copytree(labelled_build.out.parent / "fg" / "rings", more / "fg" / "lamps")
    shutil.copytree(labelled_build.out.parent / "fg" / "cars", more / "fg" / "cars")
    build_dataset(labelled_options(more, tmp_path / "shards", samples=8))
    both = open_dataset([labelled_build.out, tmp_path / "shards"])
    assert open_dataset(tmp_path / "shards").categories == {"cars": 1, "lamps": 2}
    assert both.categories == {"cars": 1, "lamps": 2, "pairs": 3, "rings": 4}
    assert both.split("val").categories == both.categories
