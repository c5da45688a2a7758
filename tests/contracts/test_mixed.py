"""--allow-mixed: a data set that goes on under other versions says so, shard by shard"""

import dataclasses
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from small import files_of, small_options

import pipeline.rendering.versions
from depthmask.commands.cli import cli
from pipeline.build import BuildResult, build_dataset
from pipeline.convert import convert_dataset
from pipeline.execution import ray_cluster as cluster
from pipeline.execution.job import Failure, Job
from pipeline.planning.plan import Plan
from pipeline.rendering.site import find_site, site_of
from pipeline.repair import repair_dataset
from pipeline.verify import verify_dataset
from shards.base.errors import InputError
from shards.places.local_folder import LocalFolder
from shards.records.card import CARD
from shards.records.manifest import MANIFEST, PLAN, Record, read_manifest, read_plan, read_record
from shards.records.mixture import describe_mixture, mixed_shards

SAMPLES = 75
"""More samples than `begun` has: two more shards, and the short ones made again."""


def others(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on this process is one of another depthmask."""
    monkeypatch.setattr(pipeline.rendering.versions, "__version__", "9.9")


@pytest.fixture
def begun(sources: Path, tmp_path: Path) -> Path:
    """30 samples, 22 train in one shard and 8 val in another, and one shard of backgrounds."""
    out = tmp_path / "mixed"
    build_dataset(small_options(sources, out, samples=30))
    return out


@pytest.fixture
def mixed(begun: Path, sources: Path, monkeypatch: pytest.MonkeyPatch) -> BuildResult:
    """The same, gone on under another version: train and val are new, backgrounds are not."""
    with monkeypatch.context() as patched:
        others(patched)
        return build_dataset(small_options(sources, begun, samples=SAMPLES, allow_mixed=True))


def test_other_versions_stop_a_build_and_name_the_way_on(
    begun: Path, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files_of(begun)
    others(monkeypatch)
    words = r"version of depthmask \(0.1.0 there, 9.9 here\); .* add --allow-mixed"
    with pytest.raises(InputError, match=words):
        build_dataset(small_options(sources, begun, samples=SAMPLES))
    assert files_of(begun) == before


def test_other_options_are_refused_for_all_that(
    begun: Path, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others(monkeypatch)
    with pytest.raises(InputError, match=r"--seed \(0 there, 1 here\); give the same options"):
        build_dataset(small_options(sources, begun, seed=1, allow_mixed=True))


def test_shards_name_the_versions_that_made_them(begun: Path, mixed: BuildResult) -> None:
    new = {"train-000000.tar", "train-000001.tar", "train-000002.tar", "val-000000.tar"}
    assert mixed.mixed == {name: {"depthmask": "9.9"} for name in new}
    assert json.loads((begun / PLAN).read_text())["versions"]["depthmask"] == "0.1.0"
    for name in ("background-000000.tar", *new):
        record = read_record(begun, name)
        assert record is not None
        assert record.versions == mixed.mixed.get(name, {})
    manifest = read_manifest(begun)
    assert mixed_shards(manifest["shards"] + manifest["backgrounds"]) == mixed.mixed
    assert "made under other versions: depthmask 9.9" in (begun / CARD).read_text()


def test_without_other_versions_the_option_changes_no_byte(
    begun: Path, sources: Path, tmp_path: Path
) -> None:
    grown = build_dataset(small_options(sources, begun, samples=SAMPLES, allow_mixed=True))
    plain = build_dataset(small_options(sources, tmp_path / "plain", samples=SAMPLES))
    assert grown.mixed == plain.mixed == {}
    assert files_of(begun) == files_of(plain.out)


def test_a_mixed_data_set_converts_and_says_what_it_is(
    begun: Path, mixed: BuildResult, tmp_path: Path
) -> None:
    convert_dataset(begun, tmp_path / "lmdb", "lmdb", workers=1)
    convert_dataset(tmp_path / "lmdb", tmp_path / "tar", "tar", workers=1)
    assert files_of(tmp_path / "tar") == files_of(begun)


def test_only_shards_of_the_versions_here_are_drawn_again(begun: Path, mixed: BuildResult) -> None:
    verdict = verify_dataset(begun, deep=True, site=find_site(begun), workers=1)
    assert verdict.sound
    assert verdict.lines() == [
        "4 shards not drawn again: made under other versions",
        "5 shards are as their records say",
    ]


def test_versions_of_a_shard_that_comes_out_the_same_stay(begun: Path, mixed: BuildResult) -> None:
    before = files_of(begun)
    for name in ("train-000001.tar", "train-000001.json", "background-000000.tar"):
        (begun / name).unlink()
    verdict = verify_dataset(begun, workers=1)
    assert repair_dataset(find_site(begun), verdict, workers=1).sound
    assert files_of(begun) == before


def test_a_shard_of_which_nothing_is_known_names_the_versions_of_its_repair(
    begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (begun / MANIFEST).unlink()
    (begun / "train-000000.json").write_text("damaged")
    others(monkeypatch)
    verdict = verify_dataset(begun, workers=1)
    assert repair_dataset(find_site(begun), verdict, workers=1).sound
    record = read_record(begun, "train-000000.tar")
    assert record is not None
    assert record.versions == {"depthmask": "9.9"}
    assert verify_dataset(begun, workers=1).sound


def test_a_ray_node_of_other_versions_is_let_in_only_then(
    begun: Path, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (begun / "train-000000.json").unlink()
    options = small_options(sources, begun, samples=30)
    plan = Plan(read_plan(begun))
    task = next(task for task in plan.tasks() if task.name == "train-000000.tar")
    others(monkeypatch)
    outcomes = []
    for allowed in (False, True):
        cluster._other_versions.cache_clear()
        site = site_of(dataclasses.replace(options, allow_mixed=allowed))
        job = Job(place=LocalFolder(begun), site=site, build=plan.build)
        outcomes.append(cluster._make_on_node(job, task))
    cluster._other_versions.cache_clear()
    refused, made = outcomes
    assert isinstance(refused, Failure)
    assert "other versions on node" in refused.reason
    assert refused.reason.endswith(": depthmask 9.9")
    assert isinstance(made, Record)
    assert made.versions == {"depthmask": "9.9"}


def test_stats_and_the_build_list_the_shards(
    begun: Path, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others(monkeypatch)
    command = ["build-dataset", "--fg", str(sources / "fg"), "--bg", str(sources / "bg")]
    command += ["--out", str(begun), "--size", "64", "--samples-per-shard", "25"]
    command += ["--val-fraction", ".25", "--depth-model", "none", "--workers", "1"]
    built = CliRunner().invoke(cli, [*command, "--samples", str(SAMPLES), "--allow-mixed"])
    assert built.exit_code == 0, built.output
    line = "depthmask 9.9 (plan.json: 0.1.0): 4 shards, train-000000.tar, train-000001.tar"
    assert f"made under other versions: {line}" in built.stdout
    assert line in CliRunner().invoke(cli, ["stats", str(begun)]).stdout


def test_many_shards_are_counted_and_the_first_ones_named() -> None:
    mixed = {f"train-{number:06}.tar": {"Pillow": "1"} for number in range(7)}
    mixed["val-000000.tar"] = {"Pillow": "2"}
    one, other = describe_mixture({"Pillow": "3"}, mixed)
    assert one.startswith("Pillow 1 (plan.json: 3): 7 shards, train-000000.tar, ")
    assert one.endswith("train-000004.tar and 2 more")
    assert other == "Pillow 2 (plan.json: 3): 1 shard, val-000000.tar"
