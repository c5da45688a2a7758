"""Composite, mask and depth data sets, and the networks that are trained on them.

    import depthmask
    depthmask.build_dataset(depthmask.BuildOptions(fg=..., bg=..., out=...))
    samples = depthmask.open_dataset("shards")

Names are imported when they are first used, so `import depthmask` does not import torch.
"""

import importlib
from typing import TYPE_CHECKING, Any

from depthmask.intruders import refuse_intruders

refuse_intruders()  # before anything of ours is looked for under these names

from shards.version import __version__  # noqa: E402

if TYPE_CHECKING:
    from depthmask.evaluation import EvaluateOptions, evaluate
    from depthmask.exporting import ExportOptions, export
    from depthmask.prediction import load
    from depthmask.report import write_report
    from depthmask.sample_data import SampleDataOptions, draw_sample_data
    from depthmask.train_options import TrainOptions
    from depthmask.training import train
    from pipeline.build import build_dataset
    from pipeline.options import BuildOptions
    from pipeline.teachers import load_teacher
    from shards.reader import open_dataset

_HOMES = {
    "EvaluateOptions": "depthmask.evaluation",
    "ExportOptions": "depthmask.exporting",
    "SampleDataOptions": "depthmask.sample_data",
    "TrainOptions": "depthmask.train_options",
    "draw_sample_data": "depthmask.sample_data",
    "evaluate": "depthmask.evaluation",
    "export": "depthmask.exporting",
    "load": "depthmask.prediction",
    "train": "depthmask.training",
    "write_report": "depthmask.report",
    "BuildOptions": "pipeline.options",
    "build_dataset": "pipeline.build",
    "load_teacher": "pipeline.teachers",
    "open_dataset": "shards.reader",
}

__all__ = [
    "BuildOptions",
    "EvaluateOptions",
    "ExportOptions",
    "SampleDataOptions",
    "TrainOptions",
    "__version__",
    "build_dataset",
    "draw_sample_data",
    "evaluate",
    "export",
    "load",
    "load_teacher",
    "open_dataset",
    "train",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'depthmask' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
