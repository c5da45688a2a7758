"""pipeline/rendering/on_the_fly.py, depthmask/training/training_data.py: samples that are
drawn as a training goes on
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from small import small_options, small_training
from stopped_runs import same

from depthmask.commands.cli import cli
from depthmask.models.checkpoint import read_checkpoint
from depthmask.recipes.train_options import TrainOptions
from depthmask.training.loop import train
from pipeline.build import BuildResult
from pipeline.rendering.on_the_fly import OnTheFlyDataset, open_on_the_fly
from shards.base.errors import InputError
from shards.reading.open import open_dataset
from shards.reading.sample import Sample


def drawn(sources: Path, **changes: object) -> OnTheFlyDataset:
    return open_on_the_fly(small_options(sources, sources / "nothing", **changes))


def bytes_of(sample: Sample) -> dict[str, bytes]:
    return {field: sample.get(field) for field in sample.fields}


def test_drawn_samples_are_those_of_the_shards_byte_for_byte(
    sources: Path, plain_build: BuildResult
) -> None:
    stored, found = open_dataset(plain_build.out), drawn(sources)
    assert len(found) == len(stored) == 120
    for split in ("train", "val"):
        pairs = zip(stored.split(split), found.split(split), strict=True)
        for there, here in list(pairs)[:20]:
            assert here.key == there.key
            assert bytes_of(here) == bytes_of(there)
            assert np.array_equal(here.background, there.background)
    assert not (sources / "nothing").exists()


def test_so_are_their_moments(sources: Path, plain_build: BuildResult) -> None:
    stored, found = open_dataset(plain_build.out).stats, drawn(sources).stats
    for split in ("train", "val"):
        for field in ("image", "mask", "background"):
            assert found["splits"][split][field] == stored["splits"][split][field]


def test_depth_is_the_same_but_for_last_bits(sources: Path, tiny_dataset: Path) -> None:
    stored = open_dataset(tiny_dataset)
    found = drawn(sources, samples=48, depth_model="densedepth-lite")
    assert found.depth == stored.depth
    for position in (0, 17):
        ours, theirs = (
            each.split("train")[position].depth_codes.astype(int) for each in (found, stored)
        )
        assert np.abs(ours - theirs).max() <= 1


def run_of(sources: Path, out: Path, **changes: object) -> TrainOptions:
    build = out.with_suffix(".toml")
    build.write_text(
        'size = 64\nsamples = 120\nval_fraction = 0.25\ndepth_model = "none"\n'
        "samples_per_shard = 25\nfg_scale = [0.4, 0.72]\n"
    )
    given = {"fg": sources / "fg", "bg": sources / "bg", "build": build, "shards": ()}
    given |= {"epochs": 1, "batch_size": 40} | changes
    return small_training(given.pop("shards"), out, **given)


def test_a_training_on_drawn_samples_is_that_on_their_shards(
    sources: Path, plain_build: BuildResult, tmp_path: Path
) -> None:
    options = run_of(sources, tmp_path / "drawn", workers=2)
    train(options)
    train(small_training(plain_build.out, tmp_path / "stored", epochs=1, batch_size=40))
    first, second = (read_checkpoint(tmp_path / run / "last.pt") for run in ("drawn", "stored"))
    assert first.spec == second.spec
    assert same(first.weights, second.weights)
    plan = json.loads((options.out / "drawn.json").read_text())
    assert [source["name"] for source in plan["sources"]["bg"]] == [f"bg{i}.png" for i in range(4)]
    again = TrainOptions.from_table(options.to_table())
    assert again == options
    assert options.build is not None
    options.build.write_text(options.build.read_text().replace("120", "80"))
    with pytest.raises(InputError, match=r"drawn.json: expected sources, --build and versions"):
        train(dataclasses.replace(options, resume=True))


def test_either_shards_or_sources_are_given(sources: Path, tmp_path: Path) -> None:
    for wrong, found in (
        ({"fg": None, "bg": None, "build": None}, "neither"),
        ({"bg": None, "build": None}, "--fg"),
        ({"shards": (tmp_path,), "build": None}, "--shards and --fg and --bg"),
    ):
        with pytest.raises(InputError, match=f"--fg and --bg to draw one from, found {found};"):
            run_of(sources, tmp_path / "run", **wrong)
    (tmp_path / "kinds.toml").write_text('size = "large"\n')
    with pytest.raises(InputError, match=r"--build .*kinds\.toml: size: expected a whole number"):
        run_of(sources, tmp_path / "run", build=tmp_path / "kinds.toml")


def test_the_command_line_trains_on_sources(sources: Path, tmp_path: Path) -> None:
    options = run_of(sources, tmp_path / "run")
    places = ["--fg", options.fg, "--bg", options.bg, "--build", options.build]
    network = ["--backbone", options.backbone, "--no-pretrained", "--size", 32, "--epochs", 1]
    line = ["train", *places, *network, "--out", options.out, "--batch-size", 90, "--device", "cpu"]
    found = CliRunner().invoke(cli, list(map(str, line)))
    assert found.stdout.endswith("best.pt\n"), found.output
    assert "5 foregrounds x 4 backgrounds" in found.stderr
