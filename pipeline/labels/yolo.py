"""YOLO: a text file a sample, a line an object, places as shares of the picture.

`YOLO` has polygons, which segmentation needs and detection takes; `YOLO_BOXES` has exact boxes.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from pipeline.labels.form import (
    APART,
    HIDDEN,
    HOLED,
    HOLES,
    WRITTEN,
    Document,
    Form,
    LabelledSet,
    SampleLabels,
    category_name,
)
from pipeline.labels.polygons import join_outlines, shape_of
from pipeline.labels.seen_objects import SeenObject, seen_objects
from shards.base.names import printable
from shards.reading.sample import Sample

_WITHIN = 0.25
"""Where in a pixel a corner is put: who rounds and who cuts off finds the same pixel."""

_FEWEST_CORNERS = 3


def _image(sample: Sample) -> str:
    return f"images/{sample.split}/{sample.key}.jpg"


def _line(category: int, values: Iterable[float]) -> str:
    return " ".join([str(category - 1), *(f"{value:.6f}" for value in values)]) + "\n"


def _box(seen: SeenObject, counts: Counter[str]) -> str:
    x, y, width, height = seen.box
    rows, columns = seen.pixels.shape
    middle = ((x + width / 2) / columns, (y + height / 2) / rows)
    return _line(seen.category, (*middle, width / columns, height / rows))


def _polygon(seen: SeenObject, counts: Counter[str]) -> str:
    """One polygon of all its parts; counts what that loses."""
    shape = shape_of(seen.pixels)
    counts[HOLED] += shape.hole_pixels > 0
    counts[HOLES] += shape.hole_pixels
    counts[APART] += len(shape.outlines) > 1
    corners = join_outlines(shape.outlines).tolist()
    while len(corners) < _FEWEST_CORNERS:
        corners.append(corners[0])
    rows, columns = seen.pixels.shape
    shares = (((x + _WITHIN) / columns, (y + _WITHIN) / rows) for x, y in corners)
    return _line(seen.category, (share for pair in shares for share in pair))


def _labelled_by(
    line: Callable[[SeenObject, Counter[str]], str],
) -> Callable[[Sample, Mapping[str, int]], SampleLabels]:
    def label(sample: Sample, categories: Mapping[str, int]) -> SampleLabels:
        seen = seen_objects(sample, categories)
        counts = Counter({WRITTEN: len(seen), HIDDEN: len(sample.objects) - len(seen)})
        lines = "".join(line(each, counts) for each in seen)
        path = f"labels/{sample.split}/{sample.key}.txt"
        return SampleLabels(files={path: lines.encode("ascii")}, rows={}, counts=counts)

    return label


def _quoted(text: str) -> str:
    """A YAML string in ASCII; JSON's pairs of escapes beyond 16 bits are two characters there."""
    letters = (json.dumps(c)[1:-1] if ord(c) < 1 << 16 else f"\\U{ord(c):08x}" for c in text)
    return f'"{"".join(letters)}"'


def _documents(whole: LabelledSet) -> list[Document]:
    """data.yaml; without `path`, its own folder is where the pictures are looked for."""
    lines = [f"{split}: images/{split}" for split, count in whole.samples.items() if count]
    names = [
        f"  {number - 1}: {_quoted(printable(category_name(name)))}"
        for name, number in whole.categories.items()
    ]
    return [Document("data.yaml", ["\n".join([*lines, "names:", *names, ""]).encode("ascii")])]


YOLO = Form(image=_image, label=_labelled_by(_polygon), documents=_documents)
YOLO_BOXES = Form(image=_image, label=_labelled_by(_box), documents=_documents)
