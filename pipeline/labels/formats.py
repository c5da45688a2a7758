"""The names of the forms of labels: `convert --format` has them, without importing any."""

from typing import Literal, get_args

LabelFormat = Literal["coco", "yolo", "yolo-boxes", "voc"]
LABEL_FORMATS: tuple[LabelFormat, ...] = get_args(LabelFormat)
