"""`convert`: a data set in another store, as plain folders or labels, or made of plain folders."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, cast

from joblib import delayed

from pipeline.ingest.export_folders import FolderCopy, take_folders
from pipeline.ingest.import_folders import TakeoverOptions, take_over
from pipeline.labels.formats import LABEL_FORMATS, LabelFormat
from pipeline.labels.label_folders import write_labels
from pipeline.machine.workers import results_of
from pipeline.output.target import Conversion, finish_shards, require_apart, take_target
from pipeline.output.upload import upload_dataset
from pipeline.planning.plan import tasks_of
from shards.base.errors import InputError
from shards.base.formats import FORMATS, Format
from shards.base.keys import BACKGROUND
from shards.base.option_kinds import require_kind
from shards.pixels.depth_coding import Kind
from shards.places.object_store import ObjectStore
from shards.places.outputs import writing
from shards.places.place import Place, place_of
from shards.reading.dataset import Dataset
from shards.records.manifest import PLAN, build_id, read_manifest, read_plan
from shards.writing.transfer import Transfer

Target = Format | Literal["folders"] | LabelFormat
"""What a data set can be converted to: a store, plain folders, or pictures with labels."""


def convert_dataset(
    source: Path,
    out: Path,
    format: Target,
    *,
    val_fraction: float | None = None,
    depth_kind: Kind | None = None,
    workers: int | None = None,
    tick: Callable[[int], None] = lambda samples: None,
    remark: Callable[[str], None] = lambda words: None,
) -> Conversion:
    """Write a finished data set to `out` in another format, or take over plain folders as one.

    Every sample is compared; the same call resumes a stopped one. A planned data set in
    "tar" or "lmdb" comes out byte for byte as a build in that format gives it. `val_fraction` and
    `depth_kind` are for plain folders (`TakeoverOptions`). `tick` is called with samples done,
    `remark` with what may not be what was meant.
    InputError where the source is neither or `out` holds something else; RunError for damage.
    """
    require_kind("--format", format, Target)
    origin = place_of(require_kind("source", source, Path))
    target = place_of(require_kind("out", out, Path))
    origin.fetch_manifest()
    source, out = origin.folder, target.folder
    if isinstance(target, ObjectStore):
        _require_uploadable(source, format, target)
        return upload_dataset(origin, target, workers=workers, tick=tick)
    target.require_writable("OUT")
    require_apart(source, out)
    if not (source / PLAN).exists():
        options = TakeoverOptions(
            format=_store(format),
            val_fraction=0.1 if val_fraction is None else val_fraction,
            depth_kind=depth_kind,
        )
        return take_over(source, out, options, workers=workers, tick=tick, remark=remark)
    for name, value in (("--val-fraction", val_fraction), ("--depth-kind", depth_kind)):
        if value is not None:
            raise InputError(
                name,
                expected="plain folders to take over",
                found=f"a data set in {source}, which says so itself",
                remedy="remove the option",
            )
    if format == "folders":
        return _to_folders(origin, out, workers, tick)
    if format in LABEL_FORMATS:
        return write_labels(origin, out, format, workers=workers, tick=tick, remark=remark)
    return _to_store(origin, out, cast(Format, format), workers, tick)


def _require_uploadable(source: Path, format: str, store: ObjectStore) -> None:
    if not (source / PLAN).exists():
        raise InputError(
            str(store),
            expected="a folder, where plain folders become a data set",
            found="an address",
            remedy="convert it to tar in a folder first, then put that there",
        )
    standing = read_manifest(source)["options"]["format"]
    if format != standing:
        raise InputError(
            str(store),
            expected=f"the format of {source}, {standing}, or a folder to convert to first",
            found=f"--format {format}",
            remedy=f"convert to {format} in a folder, then put that there",
        )


def _store(format: Target) -> Format:
    if format not in FORMATS:
        raise InputError(
            f"--format {format}",
            expected="a data set to unpack",
            found="plain folders, or nothing",
            remedy="give the folder of a data set, or --format tar",
        )
    return format


def _to_store(
    source: Place, out: Path, format: Format, workers: int | None, tick: Callable[[int], None]
) -> Conversion:
    standing = read_manifest(source.folder)["options"]
    plan = read_plan(source.folder)
    plan |= {"options": plan["options"] | {"format": format}}
    transfer = Transfer(
        source=source.resolve(),
        source_format=standing["format"],
        out=out.resolve(),
        format=format,
        build=build_id(plan),
        size=(standing["size"][0], standing["size"][1]),
    )
    with take_target(out, plan) as plan:
        return finish_shards(
            out, plan, lambda task: delayed(transfer.move)(task), workers=workers, tick=tick
        )


def _to_folders(
    source: Place, out: Path, workers: int | None, tick: Callable[[int], None]
) -> Conversion:
    dataset = Dataset(source)
    with writing(out):
        take_folders(out, dataset)
    copy = FolderCopy(source.resolve(), out.resolve(), dataset.digest)
    tasks = [task for task in tasks_of(read_plan(source.folder)) if task.split != BACKGROUND]
    made = kept = 0
    calls = (delayed(copy.write)(task) for task in tasks)
    with writing(out), results_of(calls, workers) as results:
        for task, new in zip(tasks, results, strict=True):
            made, kept = made + new, kept + task.samples - new
            tick(task.samples)
    return Conversion(out=out, digest=None, samples=len(dataset), made=made, kept=kept)
