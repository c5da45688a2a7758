"""`report`: a data set or a training run as one HTML file that needs nothing else.

The page holds its pictures, style and script; its Content-Security-Policy allows no address but
`data:` and no script but the one whose hash it names. Every name on it is escaped.
"""

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from shards.base.errors import InputError
from shards.base.files import write_atomic
from shards.base.option_kinds import require_kind
from shards.base.version import __version__
from shards.places.outputs import require_file, writing
from shards.records.manifest import PLAN


def write_report(path: str | Path, out: str | Path | None = None) -> Path:
    """The file with the report of a data set's or a run's folder, written.

    A run's checkpoint stands for its folder. `out` defaults to NAME-report.html in the current
    folder. InputError for a path that is neither, or an `out` that cannot be.
    """
    folder: Path = require_kind("path", path, Path)
    if folder.suffix == ".pt" and folder.is_file():
        folder = folder.parent
    kind = report_kind(folder)
    target: Path = require_kind("--out", out or f"{folder.resolve().name}-report.html", Path)
    require_file(target)
    _require_apart(target, folder, kind)
    page = render_report(folder, kind).encode("utf-8", "backslashreplace")
    with writing(target, "nothing was written"):
        write_atomic(target, page)
    return target


def report_kind(path: Path) -> str:
    """What `path` is: "dataset" or "run"; InputError for anything else."""
    if (path / PLAN).is_file():
        return "dataset"
    if (path / "metrics.csv").is_file():
        return "run"
    raise InputError(
        str(path),
        expected="the folder of a data set (plan.json) or of a training run (metrics.csv)",
        found=_describe(path),
        remedy="give the --out folder of a build-dataset or of a train",
    )


def render_report(path: Path, kind: str) -> str:
    """The page itself, for a folder of this kind."""
    facts: dict[str, Any]
    if kind == "dataset":
        from depthmask.reports.dataset_report import dataset_facts

        facts = dataset_facts(path)
    else:
        from depthmask.reports.run_report import run_facts

        facts = run_facts(path)
    pages = Environment(
        loader=PackageLoader("depthmask.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["breakable"] = breakable
    script = _source(pages, "report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return pages.get_template(f"{kind}.html").render(
        facts,
        version=__version__,
        style=_source(pages, "report.css"),
        script=script,
        script_hash=f"sha256-{digest}",
    )


def breakable(name: object) -> Markup:
    """A name, escaped, that lines may be broken in where its words end."""
    text = escape(name)
    for mark in "_-/.":
        text = text.replace(mark, Markup(f"{mark}<wbr>"))
    return text


def _source(pages: Environment, name: str) -> Markup:
    """A file of ours, unescaped: it never holds a name of a user's."""
    if pages.loader is None:
        raise TypeError("an environment without a loader has no files")
    return Markup(pages.loader.get_source(pages, name)[0])


def _describe(path: Path) -> str:
    if not path.exists():
        return "nothing there"
    return "a folder with neither" if path.is_dir() else "a file"


def _require_apart(target: Path, path: Path, kind: str) -> None:
    found = None
    if not target.parent.is_dir():
        found = f"no folder {target.parent}"
    elif kind == "dataset" and target.resolve().is_relative_to(path.resolve()):
        found = "a place inside the data set"
    if found is not None:
        raise InputError(
            f"--out {target}",
            expected="a file to write in a folder that exists",
            found=found,
            remedy="name a file elsewhere, such as report.html",
        )
