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

from shards.base.version import __version__  # noqa: E402

if TYPE_CHECKING:
    from depthmask.drawing.sample_data import SampleDataOptions, draw_sample_data
    from depthmask.inference.evaluation import evaluate
    from depthmask.inference.exporting import export
    from depthmask.inference.options import EvaluateOptions, ExportOptions
    from depthmask.inference.predictor import load
    from depthmask.recipes.train_options import TrainOptions
    from depthmask.reports.report import write_report
    from depthmask.training.loop import train
    from pipeline.build import build_dataset
    from pipeline.depth.teachers.table import load_teacher
    from pipeline.planning.options import BuildOptions
    from shards.reading.open import open_dataset

_HOMES = {
    "EvaluateOptions": "depthmask.inference.options",
    "ExportOptions": "depthmask.inference.options",
    "SampleDataOptions": "depthmask.drawing.sample_data",
    "TrainOptions": "depthmask.recipes.train_options",
    "draw_sample_data": "depthmask.drawing.sample_data",
    "evaluate": "depthmask.inference.evaluation",
    "export": "depthmask.inference.exporting",
    "load": "depthmask.inference.predictor",
    "train": "depthmask.training.loop",
    "write_report": "depthmask.reports.report",
    "BuildOptions": "pipeline.planning.options",
    "build_dataset": "pipeline.build",
    "load_teacher": "pipeline.depth.teachers.table",
    "open_dataset": "shards.reading.open",
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
