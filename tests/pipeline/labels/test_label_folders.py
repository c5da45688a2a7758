"""pipeline/labels/label_folders.py and tables_on_disk.py: whole data sets for others"""

import shutil
from collections import Counter
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from labelled_sources import CATEGORIES
from pycocotools.coco import COCO
from ready_folders import draw_folders
from scipy import ndimage

from pipeline.build import BuildResult
from pipeline.convert import convert_dataset
from pipeline.labels.form import APART, HIDDEN, HOLED, HOLES, WRITTEN
from pipeline.labels.label_folders import losses_in_words
from shards.base.errors import InputError
from shards.reading.open import open_dataset
from shards.reading.sample import Sample

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SPLITS = ("train", "val")


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def coco_of(out: Path, split: str) -> COCO:
    with redirect_stdout(StringIO()):
        return COCO(out / "annotations" / f"instances_{split}.json")


def require_equal_to_coco(coco: COCO, samples: list[Sample], categories: dict[str, int]) -> None:
    """Every sample is an image of `coco`, each object that is seen its annotation, bit for bit."""
    images = {image["file_name"]: image for image in coco.dataset["images"]}
    assert len(images) == len(coco.imgs) == len(samples)
    seen = 0
    for sample in samples:
        image = images[f"{sample.key}.jpg"]
        assert (image["width"], image["height"]) == sample.size
        for annotation in coco.loadAnns(coco.getAnnIds(image["id"])):
            number = annotation["id"] - 256 * image["id"]
            facts = sample.objects[number - 1]
            mask = coco.annToMask(annotation)
            assert (mask == (sample.instances == number)).all()
            assert annotation["area"] == facts.area == mask.sum()
            assert tuple(annotation["bbox"]) == facts.visible_box
            assert tuple(annotation["amodal_bbox"]) == facts.box
            assert annotation["visible"] == facts.visible
            assert annotation["truncation"] == facts.truncation
            assert annotation["category_id"] == categories[facts.category]
            seen += 1
    assert seen == len(coco.anns) == sum(each.area > 0 for s in samples for each in s.objects)


def test_pycocotools_reads_every_object_back_bit_for_bit(
    plain_build: BuildResult, tmp_path: Path
) -> None:
    out = tmp_path / "coco"
    result = convert_dataset(plain_build.out, out, "coco", workers=2)
    assert (result.samples, result.made, result.kept) == (120, 120, 0)
    assert result.labels == {WRITTEN: 120, HIDDEN: 0}
    dataset = open_dataset(plain_build.out)
    for split in SPLITS:
        coco = coco_of(out, split)
        require_equal_to_coco(coco, list(dataset.split(split)), dataset.categories)
        assert [each["name"] for each in coco.loadCats(coco.getCatIds())] == ["object"]
        for sample in dataset.split(split):
            picture = out / "images" / split / f"{sample.key}.jpg"
            assert picture.read_bytes() == sample.get("image.jpg")
    assert not list(out.rglob(".*"))


def test_pycocotools_reads_many_objects_back_bit_for_bit(
    labelled_build: BuildResult, tmp_path: Path
) -> None:
    out = tmp_path / "coco"
    result = convert_dataset(labelled_build.out, out, "coco", workers=2)
    dataset = open_dataset(labelled_build.out)
    assert result.labels is not None
    assert result.labels[WRITTEN] == sum(len(sample.objects) for sample in dataset) > 200
    for split in SPLITS:
        coco = coco_of(out, split)
        require_equal_to_coco(coco, list(dataset.split(split)), CATEGORIES)
        assert {each["name"]: each["id"] for each in coco.dataset["categories"]} == CATEGORIES
        assert any(annotation["visible"] < 1 for annotation in coco.anns.values())
        assert any(annotation["truncation"] > 0 for annotation in coco.anns.values())
        assert any(not coco.getAnnIds(image) for image in coco.imgs)


def test_yolo_counts_what_its_polygons_lose(labelled_build: BuildResult, tmp_path: Path) -> None:
    said: list[str] = []
    out = tmp_path / "yolo"
    result = convert_dataset(labelled_build.out, out, "yolo", workers=1, remark=said.append)
    holed = holes = apart = 0
    for sample in open_dataset(labelled_build.out):
        for number in range(1, len(sample.objects) + 1):
            pixels = sample.instances == number
            filled = ndimage.binary_fill_holes(pixels)
            lost = int(filled.sum() - pixels.sum())
            holed, holes = holed + (lost > 0), holes + lost
            apart += ndimage.label(filled, np.ones((3, 3)))[1] > 1
    assert result.labels is not None
    assert (holed > 20, apart > 20) == (True, True)
    assert [result.labels[name] for name in (HOLED, HOLES, APART)] == [holed, holes, apart]
    assert [line.split()[0] for line in said] == [str(holed), str(apart)]


def test_ids_differ_over_the_whole_set(plain_build: BuildResult, tmp_path: Path) -> None:
    out = tmp_path / "coco"
    convert_dataset(plain_build.out, out, "coco", workers=1)
    both = [coco_of(out, split) for split in SPLITS]
    for ids in (both[0].imgs.keys() & both[1].imgs.keys(), both[0].anns.keys() & both[1].anns):
        assert not ids


@pytest.mark.parametrize("format", ["coco", "yolo", "yolo-boxes", "voc"])
def test_labels_do_not_depend_on_workers_and_a_stopped_conversion_is_finished(
    labelled_build: BuildResult, tmp_path: Path, format: str
) -> None:
    whole = tmp_path / "whole"
    convert_dataset(labelled_build.out, whole, format, workers=2)  # type: ignore[arg-type]
    stopped = Path(shutil.copytree(whole, tmp_path / "stopped"))
    pictures = sorted(stopped.rglob("*.jpg"))
    pictures[3].unlink()
    pictures[70].write_bytes(b"half")
    (pictures[0].parent / ".x.jpg.0.tmp").write_bytes(b"half")
    (stopped / ".rows.0.tmp").write_bytes(b"half")
    for path in stopped.rglob("*.json"):
        if path.parent != stopped:
            path.unlink()
    result = convert_dataset(labelled_build.out, stopped, format, workers=1)  # type: ignore[arg-type]
    assert (result.made, result.kept) == (2, 98)
    assert tree(stopped) == tree(whole)


@pytest.mark.parametrize("format", ["coco", "yolo", "voc"])
def test_a_folder_that_holds_something_else_is_refused(
    plain_build: BuildResult, tmp_path: Path, format: str
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="a new or empty folder"):
        convert_dataset(plain_build.out, tmp_path, format)  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    out = tmp_path / "labels"
    convert_dataset(plain_build.out, out, "voc", workers=1)
    if format != "voc":
        with pytest.raises(InputError, match="holds something else"):
            convert_dataset(plain_build.out, out, format)  # type: ignore[arg-type]


def test_plain_folders_have_no_labels(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a data set to unpack, found plain folders"):
        convert_dataset(draw_folders(tmp_path / "plain"), tmp_path / "coco", "coco")


def test_a_set_that_was_taken_over_has_one_category(tmp_path: Path) -> None:
    folders, shards, out = (tmp_path / name for name in ("folders", "shards", "coco"))
    convert_dataset(draw_folders(folders), shards, "tar", depth_kind="metric", workers=1)
    dataset = open_dataset(shards)
    assert dataset.categories == {"": 1}
    convert_dataset(shards, out, "coco", workers=1)
    for split in SPLITS:
        coco = coco_of(out, split)
        require_equal_to_coco(coco, list(dataset.split(split)), dataset.categories)
        assert [each["name"] for each in coco.dataset["categories"]] == ["object"]
    convert_dataset(shards, tmp_path / "voc", "voc", workers=1)
    for path in (tmp_path / "voc" / "Annotations").iterdir():
        assert ElementTree.parse(path).findtext("object/name") == "object"


def test_yolo_boxes_are_those_of_the_samples(labelled_build: BuildResult, tmp_path: Path) -> None:
    out = tmp_path / "yolo"
    convert_dataset(labelled_build.out, out, "yolo-boxes", workers=1)
    for sample in open_dataset(labelled_build.out):
        width, height = sample.size
        lines = (out / "labels" / sample.split / f"{sample.key}.txt").read_text().splitlines()
        for line, facts in zip(lines, sample.objects, strict=True):
            number, x, y, w, h = map(float, line.split())
            found = ((x - w / 2) * width, (y - h / 2) * height, w * width, h * height)
            assert number == CATEGORIES[facts.category] - 1
            assert tuple(np.round(found, 3)) == facts.visible_box


def test_voc_lists_the_samples_of_each_split(labelled_build: BuildResult, tmp_path: Path) -> None:
    out = tmp_path / "voc"
    convert_dataset(labelled_build.out, out, "voc", workers=1)
    dataset = open_dataset(labelled_build.out)
    for split in SPLITS:
        keys = (out / "ImageSets" / "Main" / f"{split}.txt").read_text().splitlines()
        assert keys == [sample.key for sample in dataset.split(split)]
        for position, key in enumerate(keys):
            assert (out / "JPEGImages" / f"{key}.jpg").is_file()
            root = ElementTree.parse(out / "Annotations" / f"{key}.xml").getroot()
            names = [each.findtext("name") for each in root.findall("object")]
            assert names == [each.category for each in dataset.sample(split, position).objects]


def test_what_labels_cannot_hold_is_said() -> None:
    counts = Counter({WRITTEN: 1998, HIDDEN: 2, HOLED: 30, HOLES: 1234, APART: 5})
    assert losses_in_words(counts) == [
        "2 of 2,000 objects are wholly hidden and have no label",
        "30 of 2,000 objects have holes, which polygons fill (1,234 pixels in all)",
        "5 of 2,000 objects are in several parts, which a polygon ties by thin lines",
    ]
    assert losses_in_words(Counter({WRITTEN: 10})) == []
