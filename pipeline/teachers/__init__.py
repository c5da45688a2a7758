"""Depth teachers: from a batch of pictures to float32 maps of one declared kind, unit and range.

    teacher = load_teacher("densedepth", canvas=224, weights=Path("nyu.h5"))
    maps = teacher.predict(pictures)      # uint8 (B, H, W, 3) -> float32 (B, h, w), metres

A teacher is one module here with two functions of a `Choice`: `describe` gives its card, `load`
gives it ready to use. `table.py` names them; `seam.py` is what they have in common.
"""

from pipeline.teachers.card import Choice, TeacherCard
from pipeline.teachers.lite import LITE, SHIPPED_WEIGHTS
from pipeline.teachers.seam import Teacher
from pipeline.teachers.table import (
    describe_choice,
    describe_teacher,
    load_choice,
    load_teacher,
    planned_choice,
)

__all__ = [
    "LITE",
    "SHIPPED_WEIGHTS",
    "Choice",
    "Teacher",
    "TeacherCard",
    "describe_choice",
    "describe_teacher",
    "load_choice",
    "load_teacher",
    "planned_choice",
]
