"""Pascal VOC: an XML file a sample with boxes, and a list of names a split.

Boxes are of what is seen, from 1 as VOC counts pixels, last ones included.
"""

from collections import Counter
from collections.abc import Mapping
from xml.sax.saxutils import escape

from pipeline.labels.form import (
    HIDDEN,
    WRITTEN,
    Document,
    Form,
    LabelledSet,
    SampleLabels,
    category_name,
)
from pipeline.labels.seen_objects import SeenObject, seen_objects
from shards.base.names import printable
from shards.reading.sample import Sample


def _image(sample: Sample) -> str:
    return f"JPEGImages/{sample.key}.jpg"


def _object(seen: SeenObject) -> str:
    name = category_name(seen.facts.category)
    x, y, width, height = seen.box
    ends = {"xmin": x + 1, "ymin": y + 1, "xmax": x + width, "ymax": y + height}
    box = "".join(f"<{end}>{value}</{end}>" for end, value in ends.items())
    return (
        f" <object><name>{escape(printable(name))}</name><pose>Unspecified</pose>"
        f"<truncated>{int(seen.facts.truncation > 0)}</truncated>"
        f"<occluded>{int(seen.facts.visible < 1)}</occluded><difficult>0</difficult>"
        f"<bndbox>{box}</bndbox></object>\n"
    )


def _label(sample: Sample, categories: Mapping[str, int]) -> SampleLabels:
    seen = seen_objects(sample, categories)
    height, width = sample.instances.shape
    size = f"<width>{width}</width><height>{height}</height><depth>3</depth>"
    text = (
        f"<annotation>\n <folder>JPEGImages</folder><filename>{sample.key}.jpg</filename>\n"
        f" <size>{size}</size><segmented>0</segmented>\n"
        + "".join(_object(each) for each in seen)
        + "</annotation>\n"
    )
    return SampleLabels(
        files={f"Annotations/{sample.key}.xml": text.encode("utf-8")},
        rows={sample.split: [sample.key.encode("ascii")]},
        counts=Counter({WRITTEN: len(seen), HIDDEN: len(sample.objects) - len(seen)}),
    )


def _documents(whole: LabelledSet) -> list[Document]:
    return [
        Document(f"ImageSets/Main/{split}.txt", [split, b"\n"])
        for split, count in whole.samples.items()
        if count
    ]


VOC = Form(image=_image, label=_label, documents=_documents)
