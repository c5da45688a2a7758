"""Parts of a training one after another: how long each lasts, as a share of the whole."""

from collections.abc import Sequence
from itertools import accumulate

from shards.base.errors import InputError


def span_ends(
    where: str, lengths: Sequence[float | None], whole: float, unit: str
) -> tuple[float, ...]:
    """Where each part of a training of `whole` epochs or minutes ends, as shares in (0, 1].

    `unit` is "epochs" or "minutes". Only the last length may be None: it takes the rest. Where
    all are given they are stretched over the minutes, and must come to exactly the epochs.
    InputError names the option `where`.
    """
    given = [length for length in lengths if length is not None]
    if None in lengths[:-1]:
        raise InputError(
            where,
            expected="a length for every part but the last",
            found=f"part {lengths.index(None) + 1} of {len(lengths)} without one",
            remedy="say how long it lasts",
        )
    if len(lengths) == 1 and not given:
        return (1.0,)
    total = sum(given)
    open_end = len(given) < len(lengths)
    if open_end and total >= whole:
        raise InputError(
            where,
            expected=f"parts that leave something of {whole:g} {unit} to the last",
            found=f"{total:g} before it",
            remedy="shorten them or train longer",
        )
    if not open_end and unit == "epochs" and total != whole:
        raise InputError(
            where,
            expected=f"parts of {whole:g} epochs together",
            found=f"{total:g}",
            remedy="remove the last length, or give --epochs the sum",
        )
    ends = list(accumulate(given))
    if open_end:
        return (*(end / whole for end in ends), 1.0)
    return tuple(end / total for end in ends)
