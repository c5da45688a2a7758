"""Options of a build's preview, as fields of a dataclass, and their checks."""

from pathlib import Path
from typing import Any

from shards.base.errors import InputError
from shards.base.option_kinds import require_within
from shards.base.options import option

MOST = 1000


def preview_field() -> Any:
    """`--preview`."""
    return option(None, "Draw a sheet of N samples as a PNG, and build nothing.", metavar="N")


def preview_out_field() -> Any:
    """`--preview-out`."""
    return option(None, "PNG of --preview.  [default: OUT-preview.png]", metavar="FILE")


def require_preview(preview: int | None, out: Path | None, *, dry_run: bool) -> None:
    """InputError for a preview that no sheet could be, or beside a dry run."""
    if preview is not None:
        require_within("--preview", preview, 1, MOST)
    if preview is None and out is not None:
        raise InputError(
            "--preview-out",
            expected="--preview N",
            found=f"--preview-out {out} alone",
            remedy="say with --preview how many samples the sheet has",
        )
    if preview is not None and dry_run:
        raise InputError(
            "--preview",
            expected="either --preview or --dry-run",
            found="both",
            remedy="remove one of the two",
        )
