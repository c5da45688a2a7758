"""A drawn person in work: the picture, the pose, the clothes, and where a point of the body is."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from depthmask.drawing.cutouts.outfits import Outfit
from depthmask.drawing.cutouts.painting import (
    Colour,
    Piece,
    Point,
    limb,
    oval,
    paint_part,
    polygon,
)
from depthmask.drawing.cutouts.people_poses import Pose


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """Lengths are in units of the body's height; `stout` widens the trunk, `head` the head."""

    image: Image.Image
    pose: Pose
    outfit: Outfit
    height: float
    ground: float
    stout: float
    head: float

    @property
    def sideways(self) -> bool:
        return self.pose.view == "side"

    def at(self, point: Point) -> Point:
        """The pixel of a point of the body."""
        x, y = point
        return self.image.width / 2 + x * self.height, self.ground - y * self.height

    def upper(self, point: Point) -> Point:
        """A point above the hips, leaning forward as the pose does."""
        x, y = point
        return x - self.pose.lean * max(0.0, y - 0.5) / 0.35, y

    def outline(self, points: Sequence[Point]) -> list[Piece]:
        """A polygon of the upper body."""
        return [polygon([self.at(self.upper((x * self.stout, y))) for x, y in points])]

    def mirrored(self, points: Sequence[Point]) -> list[Piece]:
        """A polygon of the upper body from its right half, top to bottom."""
        return self.outline([*points, *((-x, y) for x, y in reversed(points))])

    def line(self, joints: Sequence[Point], radii: Sequence[float]) -> list[Piece]:
        """An arm or a leg."""
        return limb([self.at(joint) for joint in joints], [r * self.height for r in radii])

    def oval(self, centre: Point, across: float, along: float) -> Piece:
        """An ellipse of the upper body."""
        at = self.at(self.upper(centre))
        return oval(at, across * self.height, along * self.height)

    def paint(
        self,
        pieces: Sequence[Piece],
        colour: Colour,
        *,
        corner: float = 0.008,
        depth: float = 0.012,
        shadow: float = 0.0,
        stripes: Colour | None = None,
    ) -> None:
        """Paint a part over what is there."""
        h = self.height
        paint_part(
            self.image,
            pieces,
            colour,
            corner=corner * h,
            depth=depth * h,
            shadow=shadow * h,
            stripes=None if stripes is None else (stripes, 0.034 * h),
        )

    def dab(self, pieces: Sequence[Piece], colour: Colour) -> None:
        """Paint a small flat detail."""
        self.paint(pieces, colour, corner=0, depth=0)
