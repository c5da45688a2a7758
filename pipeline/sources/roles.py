"""Whether --fg and --bg are what they are called: neither one folder nor swapped."""

from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.sources.decode import UnusablePictureError, read_picture
from pipeline.sources.find import find_files
from pipeline.sources.source import Role, Source
from pipeline.sources.source_bytes import real_folder
from shards.base.errors import InputError
from shards.base.retrying import retry_passing

_LOOKS = 16
"""About how many files of a folder are looked at, evenly spread, until one speaks against it."""

_CUT_OUT = 0.05
"""A picture is a cut-out where at least this share of it is more than half transparent."""


def require_roles(
    fg: Path,
    bg: Path,
    out: Path,
    remark: Callable[[Role, str, str], None],
    alpha: Path | None = None,
) -> None:
    """InputError where the two are one folder, or where each has what the other should have.

    With a folder `alpha` (--fg-alpha) foregrounds need not be cut-outs.

    `remark(role, name, words)` is called where one lies within the other. Files that are no
    pictures are left to the check of all sources; RunError where one cannot be read now.
    """
    if not all(retry_passing(root, root.is_dir) for root in (fg, bg)):
        return
    ours, theirs = Path(real_folder(fg)), Path(real_folder(bg))
    if ours == theirs:
        raise InputError(
            "--fg and --bg",
            expected="a folder of foregrounds and another of backgrounds",
            found=f"{fg} for both",
            remedy="put pictures with alpha and whole scenes into two folders",
        )
    if ours.is_relative_to(theirs):
        remark("bg", ours.relative_to(theirs).as_posix(), "the folder of --fg: backgrounds, too")
    if theirs.is_relative_to(ours):
        remark("fg", theirs.relative_to(ours).as_posix(), "the folder of --bg: foregrounds, too")
    if alpha is None and _all(fg, out, cut_out=False) and _all(bg, out, cut_out=True):
        raise InputError(
            f"--fg {fg} and --bg {bg}",
            expected="pictures with alpha in --fg, and whole scenes in --bg",
            found="the two swapped",
            remedy="swap them",
        )


def require_strangers(distractors: Sequence[Source], fg: Sequence[Source]) -> None:
    """InputError where a distractor is a foreground, too: it would be an object and none."""
    known = {source.sha256: source.name for source in fg}
    for source in distractors:
        if source.sha256 in known:
            raise InputError(
                f"--distractors: {source.name}",
                expected="pictures that are in no mask",
                found=f"the foreground {known[source.sha256]}",
                remedy="remove it from one of the two folders",
            )


def _all(root: Path, out: Path, *, cut_out: bool) -> bool:
    """Whether those that are looked at, at least one, all are cut-outs (or all are not)."""
    names = find_files(root, out)
    pictures = 0
    for name in names[:: max(1, len(names) // _LOOKS)]:
        found = _is_cut_out(root / name)
        if found is not None and found is not cut_out:
            return False
        pictures += found is not None
    return pictures > 0


def _is_cut_out(path: Path) -> bool | None:
    """Whether a good part of a picture is transparent; None where there is no picture."""
    try:
        picture = read_picture(path)
    except UnusablePictureError:  # also a link to nowhere
        return None
    if "A" not in picture.getbands():
        return False
    histogram = picture.getchannel("A").histogram()
    return sum(histogram[:128]) >= _CUT_OUT * sum(histogram)
