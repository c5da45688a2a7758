"""A sample's layers as files: the clean background, every object alone, masks, and an overlay."""

import io

from PIL import Image

from pipeline.compositing.placed_object import PlacedObject
from pipeline.rendering.drawn_scene import DrawnScene
from pipeline.viewing.overlay import colour_instances, draw_overlay
from shards.pixels.codecs import encode_png
from shards.reading.sample_object import SampleObject

_OVERLAY = 640
_LEAST_ZOOM = 0.6
"""What would become little smaller stays as large as it is."""


def layer_files(drawn: DrawnScene) -> dict[str, bytes]:
    """By name, PNGs of a scene's layers.

    `background.png` is the clean background before it becomes a JPEG; `object-00.png` and so on
    are "RGBA" of the canvas, each object alone as if nothing hid it, in the order of painting;
    `instances.png` has the stored values, `instances-colour.png` a colour each.
    """
    pixels, instances = drawn.backdrop.pixels, drawn.arranged.instances
    pasted = [each.placed for each in drawn.backdrop.distractors]
    files = {
        "background.png": _png(Image.fromarray(pixels)),
        "instances.png": encode_png(instances, "none"),
        "instances-colour.png": _png(Image.fromarray(colour_instances(instances))),
    }
    for name, layers in (("object", drawn.arranged.objects), ("distractor", pasted)):
        for number, each in enumerate(layers):
            alone_there = alone(each, (pixels.shape[1], pixels.shape[0]))
            files[f"{name}-{number:02d}.png"] = _png(alone_there)
    return files


def alone(placed: PlacedObject, canvas: tuple[int, int]) -> Image.Image:
    """An object where it stands on an otherwise transparent "RGBA" canvas (width, height)."""
    layer = Image.new("RGBA", canvas, (0, 0, 0, 0))
    layer.paste(placed.picture, placed.box[:2])
    return layer


def show_objects(drawn: DrawnScene, longest: int) -> Image.Image:
    """The sample with boxes, outlines and names, brought to about `longest` pixels.

    It is enlarged by a whole number, so that its pixels can be seen.
    """
    image = drawn.sample.image
    zoom = longest / max(image.shape[:2])
    if zoom > _LEAST_ZOOM:
        zoom = max(1, int(zoom + 0.5))
    size = (max(1, int(zoom * image.shape[1])), max(1, int(zoom * image.shape[0])))
    objects = [SampleObject.from_json(entry) for entry in drawn.sample.info["objects"]]
    distractors = [each.box for each in drawn.backdrop.distractors]
    return draw_overlay(image, drawn.arranged.instances, objects, size, distractors)


def overlay_file(drawn: DrawnScene) -> bytes:
    """The same as a PNG, large enough for its names."""
    return _png(show_objects(drawn, _OVERLAY))


def _png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
