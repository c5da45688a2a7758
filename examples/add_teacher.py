"""A teacher of one's own: what stands lower in the picture is nearer, as on open ground."""

from pathlib import Path

from torch import Tensor, linspace

from pipeline.depth.teachers.card import Choice, TeacherCard, fingerprint
from pipeline.depth.teachers.seam import Teacher, View
from pipeline.depth.teachers.table import MODULES


def describe(choice: Choice) -> TeacherCard:
    """What its values mean, before anything is loaded: inverse depth, 0 is farthest, 1 nearest."""
    width, height = choice.canvas
    return TeacherCard(
        name=choice.name,
        source="examples/add_teacher.py",
        kind="inverse",
        unit="relative",
        low=0.0,
        high=1.0,
        weights_sha256=fingerprint([Path(__file__)]),  # it has no weights: its code stands for them
        input_size=(height, width),
        output_size=(height, width),
    )


def load(choice: Choice) -> Teacher:
    """The teacher, ready to use."""

    def forward(pixels: Tensor) -> Tensor:
        batch, _, height, width = pixels.shape
        nearness = linspace(0, 1, height, device=pixels.device)
        return nearness[None, :, None].expand(batch, height, width)  # (H,) -> (B, H, W)

    width, height = choice.canvas
    view = View(height=height, width=width)
    return Teacher(describe(choice), view, forward, choice.device)


MODULES["open-ground"] = __name__  # a row of pipeline/depth/teachers/table.py
