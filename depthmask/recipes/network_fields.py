"""The options that train, evaluate and predict share, as fields: data sets, device, threads."""

import dataclasses
from typing import Any

from shards.base.options import option


def shards_field(default: Any = dataclasses.MISSING) -> Any:
    """One data set or several: a Path or a tuple of them; required without a default."""
    return option(
        default, "Folder of the data set; repeat it to read several as one.", metavar="DIR"
    )


def device_field() -> Any:
    """The name of a torch device, or auto: a str."""
    return option("auto", "auto, cpu, cuda, cuda:1, ...")


def threads_field() -> Any:
    """An int."""
    return option(2, "Threads that decode samples.")
