"""pipeline/depth/layer_cache.py, and data sets with layered depth"""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
from small import draw_foreground, files_of, small_options

from pipeline.build import BuildResult, build_dataset
from pipeline.depth.layer_cache import FOLDER
from pipeline.planning.options import BuildOptions
from pipeline.render import render_scene
from pipeline.rendering.site import find_site
from pipeline.verify import verify_dataset
from shards.base.errors import InputError
from shards.reading.open import open_dataset
from shards.records.manifest import PLAN


def layered(sources: Path, out: Path, **changes: object) -> BuildOptions:
    wanted = {"depth_model": "densedepth-lite", "depth_mode": "layered", "samples": 100}
    return small_options(sources, out, **(wanted | changes))


@pytest.fixture(scope="module")
def built(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    return build_dataset(layered(sources, tmp_path_factory.mktemp("layered") / "shards"))


def test_bytes_do_not_depend_on_workers(built: BuildResult, sources: Path, tmp_path: Path) -> None:
    again = build_dataset(layered(sources, tmp_path / "out", workers=2))
    assert again.digest == built.digest
    assert files_of(tmp_path / "out") == files_of(built.out)


def test_parts_share_maps_and_damaged_ones_are_made_again(
    built: BuildResult, sources: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    build_dataset(layered(sources, out, part="1/3"))
    maps = sorted(path for path in (out / FOLDER).rglob("*") if path.is_file())
    assert len(maps) == 9  # five foregrounds and four backgrounds, each once
    maps[0].write_bytes(maps[0].read_bytes()[:1000])
    maps[1].write_bytes(b"")
    maps[2].write_bytes(bytes(len(maps[3].read_bytes())))
    maps[8].unlink()
    build_dataset(layered(sources, out, part="2/3"))
    result = build_dataset(layered(sources, out))
    assert result.digest == built.digest
    assert not (out / FOLDER).exists()


def test_maps_of_another_data_set_in_the_folder_have_no_say(
    built: BuildResult, sources: Path, tmp_path: Path
) -> None:
    """So it is in the cache of an address whose unfinished data set was deleted there."""
    for folder in ("fg", "bg"):  # each picture under another one's name
        (tmp_path / folder).mkdir()
        paths = sorted((sources / folder).iterdir())
        for path, other in zip(paths, paths[1:] + paths[:1], strict=True):
            shutil.copy(path, tmp_path / folder / other.with_suffix(path.suffix).name)
    out = tmp_path / "out"
    build_dataset(layered(tmp_path, out, part="1/3"))
    for path in filter(Path.is_file, out.iterdir()):
        path.unlink()
    assert any((out / FOLDER).iterdir())
    (out / PLAN).write_bytes((built.out / PLAN).read_bytes())
    assert build_dataset(layered(sources, out)).digest == built.digest


def test_a_grown_data_set_is_that_of_one_build(
    built: BuildResult, sources: Path, tmp_path: Path
) -> None:
    build_dataset(layered(sources, tmp_path / "out", samples=60))
    assert build_dataset(layered(sources, tmp_path / "out")).digest == built.digest


def test_samples_are_drawn_again_bit_for_bit(built: BuildResult, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(built.out, tmp_path / "copy"))
    verdict = verify_dataset(copy, deep=True, site=find_site(copy), share=0.2, workers=1)
    assert not verdict.broken
    assert not (copy / FOLDER).exists()
    for split, position in (("train", 31), ("val", 3)):
        again = render_scene(copy, split, position).sample
        assert again.depth_codes is not None
        stored = open_dataset(copy).sample(split, position)
        assert np.array_equal(again.depth_codes, stored.depth_codes)


def test_the_plan_says_how_depth_was_made_and_other_modes_are_refused(
    built: BuildResult, sources: Path
) -> None:
    assert open_dataset(built.out).manifest["options"]["depth_mode"] == "layered"
    with pytest.raises(InputError, match=r"--depth-mode \(layered there, composite here\)"):
        build_dataset(layered(sources, built.out, depth_mode="composite"))
    with pytest.raises(InputError, match="--depth-mode layered: expected a depth teacher"):
        layered(sources, built.out, depth_model="none")


@pytest.mark.parametrize(
    "changes",
    [{"depth_size": "full", "size": 50}, {"depth_format": "jpeg8", "depth_bits": 8}],
    ids=["full size", "jpeg8"],
)
def test_every_way_of_storing_depth_works(
    changes: dict[str, object], sources: Path, tmp_path: Path
) -> None:
    build_dataset(layered(sources, tmp_path / "out", samples=10, **changes))
    sample = open_dataset(tmp_path / "out").sample("train", 0)
    side = changes.get("size", 48)
    assert sample.depth_codes.shape == (side, side)
    assert np.ptp(sample.depth_codes) > 0


def test_objects_stand_before_what_they_hide(built: BuildResult) -> None:
    dataset = open_dataset(built.out)
    for position in range(20):
        sample = dataset.sample("train", position)
        inside, outside = sample.mask > 230, sample.mask == 0
        assert sample.depth_unit[inside].mean() > np.quantile(sample.depth_unit[outside], 0.05)


def test_scenes_of_many_objects_do_not_depend_on_workers_and_are_drawn_again(
    sources: Path, tmp_path: Path
) -> None:
    """Each source is shown to the teacher whole, once, whatever a scene shows of it."""
    changes = {
        "samples": 60,
        "size": (64, 48),
        "objects": (0, 3),
        "rotate": 25.0,
        "truncate": 0.3,
        "bg_crop": 0.6,
        "bg_flip": True,
        "distractors": tmp_path / "signs",
        "split_by": "sample",
    }
    (tmp_path / "signs").mkdir(exist_ok=True)
    for number in range(2):
        draw_foreground(30 + number).save(tmp_path / "signs" / f"{number}.png")
    one, two = (layered(sources, tmp_path / name, **changes) for name in ("one", "two"))
    assert build_dataset(one).digest == build_dataset(dataclasses.replace(two, workers=2)).digest
    dataset = open_dataset(tmp_path / "one")
    counts = set()
    for position in range(0, 40, 3):
        sample = dataset.sample("train", position)
        again = render_scene(tmp_path / "one", "train", position).sample
        assert again.depth_codes is not None
        assert np.array_equal(again.depth_codes, sample.depth_codes)
        counts.add(len(sample.info["objects"]))
    assert counts >= {0, 1, 2}
