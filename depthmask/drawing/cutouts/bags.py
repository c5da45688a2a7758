"""What drawn people carry: backpacks and handbags."""

from depthmask.drawing.cutouts.figures import Figure
from depthmask.drawing.cutouts.painting import Point, tone

_PACK_ASIDE: tuple[Point, ...] = (
    (.04, .82), (.1, .81), (.135, .76), (.14, .6), (.11, .565), (.04, .58),
)  # fmt: skip
_POCKET_ASIDE: tuple[Point, ...] = ((.095, .69), (.142, .69), (.142, .6), (.1, .6))  # fmt: skip
_PACK_BEHIND: tuple[Point, ...] = ((.04, .825), (.07, .8), (.078, .6), (.06, .565))  # fmt: skip
_POCKET_BEHIND: tuple[Point, ...] = ((.05, .69), (.056, .6))  # fmt: skip
_STRAP: tuple[Point, ...] = ((.066, .828), (.07, .7), (.088, .63))  # fmt: skip


def paint_bag_behind(figure: Figure) -> None:
    """The backpack of a side view: the trunk is painted over it."""
    colour = figure.outfit.bag_colour
    if figure.outfit.bag == "backpack" and figure.sideways:
        figure.paint(figure.outline(_PACK_ASIDE), colour, corner=0.016, depth=0.02)
        pocket = figure.outline(_POCKET_ASIDE)
        figure.paint(pocket, tone(colour, 0.85), corner=0.012, depth=0.012)


def paint_bag(figure: Figure) -> None:
    """What of a bag lies before the body."""
    if figure.outfit.bag == "handbag":
        _paint_handbag(figure)
    elif figure.outfit.bag == "backpack" and figure.pose.view == "back":
        colour = figure.outfit.bag_colour
        pack, pocket = figure.mirrored(_PACK_BEHIND), figure.mirrored(_POCKET_BEHIND)
        figure.paint(pack, colour, corner=0.014, depth=0.02, shadow=0.014)
        figure.paint(pocket, tone(colour, 0.85), corner=0.01, depth=0.01)
    elif figure.outfit.bag == "backpack" and figure.pose.view == "front":
        for side in (-1, 1):
            joints = [(side * x * figure.stout, y) for x, y in _STRAP]
            strap = figure.line(joints, (0.011, 0.011, 0.01))
            figure.paint(strap, figure.outfit.bag_colour, depth=0.005, shadow=0.006)


def _paint_handbag(figure: Figure) -> None:
    colour = figure.outfit.bag_colour
    x = (0.02 if figure.sideways else 0.135) * figure.stout
    shoulder = figure.upper((0.0 if figure.sideways else -0.05, 0.838))
    strap = figure.line((shoulder, (x, 0.56)), (0.007, 0.007))
    figure.paint(strap, tone(colour, 0.8), depth=0.003, shadow=0.005)
    bag = ((x - 0.062, 0.57), (x + 0.062, 0.57), (x + 0.07, 0.465), (x - 0.07, 0.465))
    figure.paint(figure.outline(bag), colour, corner=0.012, depth=0.014, shadow=0.012)
    flap = ((x - 0.062, 0.57), (x + 0.062, 0.57), (x + 0.05, 0.52), (x - 0.05, 0.52))
    figure.paint(figure.outline(flap), tone(colour, 1.12), corner=0.01, depth=0.008)
