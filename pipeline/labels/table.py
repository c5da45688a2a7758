"""The forms of labels by name."""

from pipeline.labels.coco import COCO
from pipeline.labels.form import Form
from pipeline.labels.formats import LabelFormat
from pipeline.labels.voc import VOC
from pipeline.labels.yolo import YOLO, YOLO_BOXES

FORMS: dict[LabelFormat, Form] = {
    "coco": COCO,
    "yolo": YOLO,
    "yolo-boxes": YOLO_BOXES,
    "voc": VOC,
}
