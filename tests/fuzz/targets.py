"""What is damaged without a network: manifests, shards, pictures, plain folders, runs."""

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mutations import (
    change_json,
    change_json_line,
    change_lmdb,
    change_picture,
    change_tar,
    change_toml,
    flip_bytes,
)
from PIL import Image
from small import draw_background, draw_foreground, small_options
from trial import Reader, Target

from depthmask.reports.report import write_report
from depthmask.reports.stats import dataset_stats
from depthmask.terminal.stats_tables import stats_tables
from pipeline.build import build_dataset
from pipeline.checking.findings import Findings
from pipeline.convert import convert_dataset
from pipeline.ingest import export_folders as plain_folders
from pipeline.planning.options import BuildOptions
from pipeline.render import render_scene, write_scene
from pipeline.rendering.shard_maker import renderer_of
from pipeline.rendering.site import find_site
from pipeline.repair import repair_dataset
from pipeline.sources.check import check_sources
from pipeline.sources.decode import decode_picture
from pipeline.sources.headers import decoding_cost
from pipeline.verify import verify_dataset
from shards.reading.open import open_dataset
from shards.records.manifest import LOG, MANIFEST, PLAN

SOURCES = "sources"


def read_all(folder: Path) -> None:
    """Everything that a reader may ask of a data set."""
    _forget()
    with_all = open_dataset(folder / "shards")
    for sample in with_all:
        for name in ("image", "mask", "background", "info"):
            getattr(sample, name)
        if with_all.depth is not None:
            _ = sample.depth, sample.depth_unit
    with_all.close()


def show_stats(folder: Path) -> None:
    """`stats`, with and without reading every pixel."""
    stats_tables(dataset_stats(folder / "shards"))
    dataset_stats(folder / "shards", recompute=True, workers=1)


def verify(folder: Path) -> None:
    """`verify` and `verify --deep` without the sources."""
    verify_dataset(folder / "shards", workers=1)
    "\n".join(verify_dataset(folder / "shards", deep=True, workers=1).lines())


def verify_against_sources(folder: Path) -> None:
    """`verify --deep` with a share drawn again."""
    site = find_site(folder / "shards")
    verify_dataset(folder / "shards", deep=True, site=site, workers=1)


def join(folder: Path) -> None:
    """Two data sets read as one."""
    joined = open_dataset([folder / "shards", folder / "other"])
    _ = joined[0].image, joined.stats
    joined.close()


def repair(folder: Path) -> None:
    """`verify --repair --accept-changed`, after which the data set is sound or says why not."""
    _forget()
    _mend(folder, verify_dataset(folder / "shards", workers=1))


def _mend(folder: Path, verdict: Findings) -> None:
    shards = folder / "shards"
    site = find_site(shards, fg=folder / SOURCES / "fg", bg=folder / SOURCES / "bg")
    after = repair_dataset(site, verdict, accept_changed=True, workers=1)
    if after.sound:
        _require_sound(shards)


def resume(format: str, changes: dict[str, object], folder: Path) -> None:
    """The same build again: it goes on, or refuses; what it finishes is whole, or can be mended.

    It goes by the sizes of finished shards; their bytes are what `verify` looks at.
    """
    _forget()
    build_dataset(tiny_options(folder, format, **changes))
    verdict = verify_dataset(folder / "shards", workers=1)
    if not verdict.sound:
        _mend(folder, verdict)


def _require_sound(shards: Path) -> None:
    verdict = verify_dataset(shards, workers=1)
    if not verdict.sound:
        raise AssertionError(f"not sound after all: {verdict.lines()}")


def render(folder: Path) -> None:
    """One sample drawn again, from folders given and from those of the log."""
    for given in ({"fg": folder / SOURCES / "fg", "bg": folder / SOURCES / "bg"}, {}):
        write_scene(render_scene(folder / "shards", "train", 0, **given), folder / "sample")


def report(folder: Path) -> None:
    """`report` of a data set."""
    write_report(folder / "shards", folder / "report.html")


def convert(format: str, folder: Path) -> None:
    """To another store or plain folders, and back."""
    _forget()
    convert_dataset(folder / "shards", folder / "there", format, workers=1)  # type: ignore[arg-type]
    convert_dataset(folder / "there", folder / "back", "tar", workers=1)


def take_over(folder: Path) -> None:
    """Plain folders to a data set."""
    convert_dataset(folder / "folders", folder / "there", "tar", workers=1)
    _require_sound(folder / "there")


def _forget() -> None:
    """Drop what this process keeps of data sets by their path: every input has the same one."""
    renderer_of.cache_clear()
    plain_folders._opened.cache_clear()


def tiny_options(folder: Path, format: str, **changes: object) -> BuildOptions:
    """A build of 8 samples of 16 pixels in `folder`/shards, from `folder`/sources."""
    tiny: dict[str, object] = {"size": 16, "samples": 8, "samples_per_shard": 3, "placements": 3}
    stored = {"format": format, "inline_backgrounds": format == "lmdb", "out": folder / "shards"}
    return small_options(folder / SOURCES, **(tiny | stored | changes))


def draw_sources(root: Path) -> None:
    """Three foregrounds and three backgrounds below `root`/sources."""
    for role, draw in (("fg", draw_foreground), ("bg", draw_background)):
        (root / SOURCES / role).mkdir(parents=True)
        for seed in range(3):
            draw(seed).resize((40, 30)).save(root / SOURCES / role / f"{seed}.png")


def dataset_targets(work: Path, format: str, **changes: object) -> list[Target]:
    """The files of one small data set, each with every command that reads it."""
    root = work / f"{format}{len(changes)}"
    draw_sources(root)
    build_dataset(tiny_options(root, format, **changes))
    other = changes | {"seed": 1, "samples": 3, "out": root / "other"}
    build_dataset(tiny_options(root, format, **other))
    change_shard = change_tar if format == "tar" else change_lmdb
    shards = root / "shards"
    store = "lmdb" if format == "tar" else "tar"
    readers: tuple[Reader, ...] = (
        read_all, show_stats, verify, verify_against_sources, join, read_all, verify,
    )  # fmt: skip
    writers: tuple[Reader, ...] = (
        repair, partial(resume, format, changes), render, report, partial(convert, store),
        partial(convert, "folders"),
    )  # fmt: skip

    def target(name: str, file: Path, change: Callable[[bytes, random.Random], bytes]) -> Target:
        return Target(
            name=name, folder=root, file=str(file.relative_to(root)), change=change,
            readers=readers * 3, writers=writers,
        )  # fmt: skip

    return [
        target("manifest", shards / MANIFEST, change_json),
        target("plan.json", shards / PLAN, change_json),
        target("build log", shards / LOG, change_json_line),
        target("commit record", shards / "train-000000.json", change_json),
        *(
            target(f"{format} shard", path, change_shard)
            for path in sorted(shards.glob(f"*-000000.{format}"))
        ),
    ]


def takeover_targets(work: Path) -> list[Target]:
    """Plain folders as `convert` writes them: folders.json and each kind of picture."""
    root = work / "plain"
    draw_sources(root)
    build_dataset(tiny_options(root, "tar", depth_model="densedepth-lite"))
    convert_dataset(root / "shards", root / "folders", "folders", workers=1)
    names = ["folders.json"]
    for place in ("image", "mask", "depth", "background"):
        names.append(str(next((root / "folders" / "train" / place).iterdir()).relative_to(root)))
    names[0] = "folders/folders.json"
    return [
        Target(
            name="folders.json" if file.endswith("folders.json") else "taken-over pictures",
            folder=root, file=file, writers=(take_over,),
            change=change_json if file.endswith("folders.json") else change_picture,
        )
        for file in names
    ]  # fmt: skip


def pictures() -> list[bytes]:
    """One picture of each kind that docs/input.md lists as used."""
    from input_kinds import KINDS

    found = []
    for kind in KINDS:
        cells = getattr(kind.make, "__closure__", None) or ()
        content = [cell.cell_contents for cell in cells if isinstance(cell.cell_contents, bytes)]
        if kind.outcome == "used" and content and len(content[0]) < 40_000:
            found.append(content[0])
    return sorted(set(found))


def picture_targets(work: Path) -> list[Target]:
    """Every kind of picture as a source: decoded, checked in both roles, built with."""
    found = []
    for index, data in enumerate(pictures()):
        root = work / "pictures" / str(index)
        draw_sources(root)
        (root / SOURCES / "picture").write_bytes(data)
        for role in ("fg", "bg"):
            (root / SOURCES / role / "damaged").symlink_to("../picture")
        found.append(
            Target(name="picture", folder=root, file=f"{SOURCES}/picture", change=change_picture,
                   readers=(decode,) * 12 + (check,) * 3, writers=(build,), weight=0.5)
        )  # fmt: skip
    return found


def decode(folder: Path) -> None:
    """A picture as the source check reads it."""
    path = folder / SOURCES / "picture"
    decoding_cost(path)
    picture = decode_picture(path.read_bytes())
    if picture.mode not in ("RGB", "RGBA") or not min(picture.size):
        raise AssertionError(f"decoded to {picture.mode} {picture.size}")
    picture.tobytes()


def check(folder: Path) -> None:
    """A folder of sources with one damaged picture, as foregrounds and as backgrounds."""
    for role in ("fg", "bg"):
        used, left_out = check_sources(
            folder / SOURCES / role,
            role,
            lambda done, total: None,  # type: ignore[arg-type]
        )
        if len(used) + len(left_out) != 4 or len(used) < 3:
            raise AssertionError(f"{len(used)} used and {len(left_out)} left out, of 4")


def build(folder: Path) -> None:
    """A data set from sources among which one picture is damaged: sound in any case."""
    _forget()
    build_dataset(tiny_options(folder, "tar"))
    site = find_site(folder / "shards")
    verdict = verify_dataset(folder / "shards", deep=True, site=site, share=1.0, workers=1)
    if not verdict.sound:
        raise AssertionError(f"not sound: {verdict.lines()}")


def run_targets(work: Path) -> list[Target]:
    """A folder of a training run, as far as `report` reads it."""
    root = work / "run"
    root.mkdir()
    (root / "metrics.csv").write_text(
        "epoch,step,train_loss,mask_iou\n1,10,0.9,0.5\n2,20,0.4,0.75\n3,30,0.3,0.7\n"
    )
    (root / "config.toml").write_text('backbone = "resnet50"\nbatch_size = 16\nlr = 2e-3\n')
    Image.effect_noise((40, 30), 60).save(root / "curves.png")

    def show(folder: Path) -> None:
        write_report(folder, folder.parent / "report.html")

    return [
        Target(name="run folder", folder=root, file=file, change=change, writers=(show,), weight=w)
        for file, change, w in (
            ("metrics.csv", flip_bytes, 0.3), ("config.toml", change_toml, 0.3),
            ("curves.png", change_picture, 0.3),
        )
    ]  # fmt: skip


def file_targets(work: Path) -> list[Target]:
    """All of them, made below `work`."""
    return [
        *dataset_targets(work, "tar"),
        *dataset_targets(work, "lmdb"),
        *dataset_targets(work, "tar", depth_model="densedepth-lite", samples=4),
        *takeover_targets(work),
        *picture_targets(work),
        *run_targets(work),
    ]
