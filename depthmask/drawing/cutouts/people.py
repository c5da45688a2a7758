"""Drawn people: RGBA pictures in many poses and clothes, young and old, from three sides.

A transparent margin keeps the border free.
"""

import numpy as np
from PIL import Image

from depthmask.drawing.cutouts.bags import paint_bag, paint_bag_behind
from depthmask.drawing.cutouts.clothes import paint_arm, paint_leg, paint_skirt, paint_trunk
from depthmask.drawing.cutouts.figures import Figure
from depthmask.drawing.cutouts.heads import paint_hair_behind, paint_head
from depthmask.drawing.cutouts.outfits import choose_outfit
from depthmask.drawing.cutouts.painting import OVER, Cutout, frame_drawing, reduce_drawing
from depthmask.drawing.cutouts.people_poses import POSES, Line, Pose


def _moved_joints(rng: np.random.Generator, lines: tuple[Line, Line]) -> tuple[Line, Line]:
    """The same limbs, each joint a little elsewhere."""

    def moved(line: Line) -> Line:
        shifts = rng.uniform(-0.007, 0.007, (3, 2))
        _, bend, end = (
            (x + float(dx), y + float(dy)) for (x, y), (dx, dy) in zip(line, shifts, strict=True)
        )
        return line[0], bend, end if end[1] > 0.04 else (end[0], line[2][1])  # on the ground

    return moved(lines[0]), moved(lines[1])


def _paint(figure: Figure) -> None:
    """Back to front."""
    pose, near = figure.pose, figure.pose.near_arms
    paint_bag_behind(figure)
    paint_hair_behind(figure)
    for arm, front in zip(pose.arms, near, strict=True):
        if not front:
            paint_arm(figure, arm, far=figure.sideways)
    for number, (leg, toes) in enumerate(zip(pose.legs, pose.toes, strict=True)):
        paint_leg(figure, leg, toes, far=figure.sideways and number == 0)
    paint_skirt(figure)
    paint_trunk(figure)
    paint_bag(figure)
    paint_head(figure)
    for arm, front in zip(pose.arms, near, strict=True):
        if front:
            paint_arm(figure, arm, far=False)


def draw_person(rng: np.random.Generator, *, pose: str | None = None, height: int = 300) -> Cutout:
    """A drawn person, (h, w, 4) uint8 RGBA with straight alpha; about `height` pixels tall.

    `pose`: one of POSES, or None for a random one. Looks left or right at random. Alpha is 0
    along all four borders and between 0 and 255 along the person's edge.
    """
    if pose is None:
        pose = tuple(POSES)[int(rng.integers(len(POSES)))]
    found = POSES[pose]
    found = Pose(
        found.view, _moved_joints(rng, found.arms), _moved_joints(rng, found.legs), found.toes,
        found.lean, found.near_arms,
    )  # fmt: skip
    young = bool(rng.random() < 0.2)
    tall = height * OVER * (0.78 if young else 0.9)
    figure = Figure(
        image=Image.new("RGBA", (int(tall * 0.9), int(tall * 1.3))),
        pose=found,
        outfit=choose_outfit(rng),
        height=tall,
        ground=tall * 1.2,
        stout=float(rng.uniform(0.92, 1.16)),
        head=float(rng.uniform(1.3, 1.45) if young else rng.uniform(1.0, 1.1)),
    )
    _paint(figure)
    person = reduce_drawing(frame_drawing(figure.image))
    return person[:, ::-1].copy() if rng.random() < 0.5 else person
