"""Heads of drawn people: face, hair and hats, from three sides."""

from depthmask.drawing.cutouts.figures import Figure
from depthmask.drawing.cutouts.painting import Piece, Point, tone

_CHIN = 0.87
_CAP_OF_HAIR: tuple[Point, ...] = (
    (.054, -.004), (.055, .03), (.044, .058), (.02, .074), (-.02, .074), (-.044, .058),
    (-.055, .03), (-.054, -.004),
)  # fmt: skip
_FRINGES: dict[str, tuple[Point, ...]] = {
    "short": ((-.046, .018), (-.036, .04), (0., .046), (.036, .04), (.046, .018)),
    "parted": ((-.047, .014), (-.04, .034), (-.012, .052), (.03, .034), (.047, .012)),
    "curly": ((-.045, .022), (-.03, .036), (-.01, .032), (.012, .038), (.032, .032), (.045, .02)),
    "long": ((-.048, .0), (-.034, .034), (.008, .056), (.036, .03), (.048, .0)),
    "bun": ((-.047, .014), (-.03, .046), (0., .056), (.03, .046), (.047, .014)),
    "tail": ((-.047, .014), (-.03, .044), (0., .052), (.03, .044), (.047, .014)),
}  # fmt: skip
_SIDE_HAIR: tuple[Point, ...] = (
    (-.044, .036), (-.05, .052), (-.03, .07), (.004, .077), (.036, .066), (.056, .034),
    (.059, -.004), (.047, -.036), (.026, -.04), (.018, -.012), (.002, -.004), (-.004, .022),
    (-.024, .034),
)  # fmt: skip


def _place(figure: Figure, x: float, y: float) -> Point:
    """A point of the head: from its middle, in units of the body's height before `head`."""
    return x * figure.head, _CHIN + 0.064 * figure.head + y * figure.head


def _oval(figure: Figure, x: float, y: float, across: float, along: float) -> Piece:
    return figure.oval(_place(figure, x, y), across * figure.head, along * figure.head)


def _polygon(figure: Figure, points: tuple[Point, ...]) -> list[Piece]:
    return figure.outline([(x / figure.stout, y) for x, y in (_place(figure, *p) for p in points)])


def paint_hair_behind(figure: Figure) -> None:
    """Long hair that falls behind neck and shoulders, seen from the front."""
    outfit = figure.outfit
    if outfit.hair == "long" and figure.pose.view == "front":
        fall: tuple[Point, ...] = (
            (.05, .04), (.064, -.01), (.072, -.09), (.06, -.125), (-.06, -.125), (-.072, -.09),
            (-.064, -.01), (-.05, .04),
        )  # fmt: skip
        figure.paint(_polygon(figure, fall), tone(outfit.hair_colour, 0.8), corner=0.012)


def paint_head(figure: Figure) -> None:
    """Head, face, hair and hat."""
    view = figure.pose.view
    if view == "side":
        _paint_profile(figure)
    else:
        skin = figure.outfit.skin
        ears = [_oval(figure, side * 0.051, -0.004, 0.011, 0.016) for side in (-1, 1)]
        figure.paint(ears, tone(skin, 0.9), corner=0, depth=0.004)
        skull = [
            _oval(figure, 0, 0.012, 0.051, 0.054),
            _oval(figure, 0, -0.012, 0.046, 0.052),
            _oval(figure, 0, -0.03, 0.034, 0.036),
        ]
        figure.paint(skull, skin, corner=0.006, depth=0.014, shadow=0.012)
        if view == "front":
            _paint_face(figure)
            _paint_front_hair(figure)
        else:
            _paint_back_hair(figure)
    _paint_hat(figure)


def _paint_face(figure: Figure) -> None:
    skin, hair = figure.outfit.skin, figure.outfit.hair_colour
    for side in (-1, 1):
        white = (244, 242, 238)
        figure.dab([_oval(figure, side * 0.019, 0.002, 0.0085, 0.0052)], white)
        figure.dab([_oval(figure, side * 0.019, 0.002, 0.0045, 0.0052)], (44, 32, 28))
        inner, outer = _place(figure, side * 0.011, 0.0165), _place(figure, side * 0.028, 0.0155)
        brow = figure.line((figure.upper(inner), figure.upper(outer)), (0.0028, 0.0018))
        figure.dab(brow, tone(hair, 0.8))
    nose = [_oval(figure, 0.001, -0.015, 0.0075, 0.0055)]
    figure.dab(nose, tone(skin, 0.86))
    bridge = [_oval(figure, -0.001, -0.009, 0.005, 0.012)]
    figure.dab(bridge, tone(skin, 1.06))
    red, green, blue = (int(a * 0.62 + b * 0.38) for a, b in zip(skin, (150, 50, 52), strict=True))
    lips = [_oval(figure, 0, -0.0345, 0.0135, 0.0042)]
    figure.dab(lips, (red, green, blue))


def _paint_front_hair(figure: Figure) -> None:
    outfit = figure.outfit
    if outfit.hair == "bald":
        return
    colour = outfit.hair_colour
    if outfit.hair == "bun":
        figure.paint([_oval(figure, 0, 0.085, 0.027, 0.024)], colour, corner=0, depth=0.01)
    pieces = _polygon(figure, (*_CAP_OF_HAIR, *_FRINGES[outfit.hair]))
    if outfit.hair == "curly":
        curls = ((-.05, .03), (-.036, .056), (-.012, .07), (.014, .07), (.038, .055), (.05, .028),
                 (-.054, .006), (.054, .006))  # fmt: skip
        pieces += [_oval(figure, x, y, 0.02, 0.02) for x, y in curls]
    if outfit.hair == "long":
        for side in (-1.0, 1.0):
            lock: tuple[Point, ...] = (
                (.046, .03), (.056, .02), (.066, -.04), (.066, -.11), (.044, -.115), (.043, -.03),
            )  # fmt: skip
            pieces += _polygon(figure, tuple((side * x, y) for x, y in lock))
    figure.paint(pieces, colour, corner=0.005, depth=0.012, shadow=0.006)


def _paint_back_hair(figure: Figure) -> None:
    outfit, colour = figure.outfit, figure.outfit.hair_colour
    if outfit.hair == "bald":
        return
    pieces = [_oval(figure, 0, 0.012, 0.056, 0.062), _oval(figure, 0, -0.014, 0.05, 0.046)]
    if outfit.hair == "curly":
        pieces.append(_oval(figure, 0, 0.01, 0.066, 0.068))
    if outfit.hair == "long":
        pieces += _polygon(
            figure, ((.052, .02), (.064, -.06), (.058, -.14), (-.058, -.14), (-.064, -.06),
                (-.052, .02))
        )  # fmt: skip
    figure.paint(pieces, colour, corner=0.006, depth=0.016, shadow=0.01)
    if outfit.hair == "bun":
        figure.paint(
            [_oval(figure, 0, 0.03, 0.03, 0.028)], colour, corner=0, depth=0.01, shadow=0.008
        )
    if outfit.hair == "tail":
        fall = _polygon(
            figure,
            (
                (0.014, 0.03),
                (0.022, -0.05),
                (0.006, -0.14),
                (-0.012, -0.135),
                (-0.022, -0.05),
                (-0.014, 0.03),
            ),
        )
        figure.paint(fall, colour, corner=0.008, depth=0.01, shadow=0.01)


def _paint_profile(figure: Figure) -> None:
    """A head that looks left."""
    outfit = figure.outfit
    skin = outfit.skin
    face: tuple[Point, ...] = (
        (-.043, .03), (-.048, .012), (-.049, .003), (-.061, -.014), (-.058, -.019), (-.05, -.02),
        (-.052, -.03), (-.049, -.036), (-.05, -.042), (-.045, -.06), (-.03, -.066), (.0, -.05),
        (.02, -.03), (.02, .03),
    )  # fmt: skip
    skull = [_oval(figure, 0.004, 0.014, 0.05, 0.052), *_polygon(figure, face)]
    figure.paint(skull, skin, corner=0.003, depth=0.012, shadow=0.01)
    figure.dab([_oval(figure, -0.036, 0.004, 0.0055, 0.005)], (44, 32, 28))
    brow = (
        figure.upper(_place(figure, -0.046, 0.0175)),
        figure.upper(_place(figure, -0.026, 0.0175)),
    )
    figure.dab(figure.line(brow, (0.0025, 0.0018)), tone(outfit.hair_colour, 0.8))
    lips = (
        figure.upper(_place(figure, -0.049, -0.036)),
        figure.upper(_place(figure, -0.036, -0.037)),
    )
    figure.dab(figure.line(lips, (0.0022, 0.0012)), tone(skin, 0.66))
    if outfit.hair != "bald":
        pieces = _polygon(figure, _SIDE_HAIR)
        if outfit.hair == "curly":
            curls = (
                (-0.036, 0.052),
                (-0.014, 0.068),
                (0.014, 0.072),
                (0.04, 0.06),
                (0.056, 0.034),
                (0.058, 0.0),
                (0.048, -0.03),
            )
            pieces += [_oval(figure, x, y, 0.021, 0.021) for x, y in curls]
        if outfit.hair == "long":
            pieces += _polygon(
                figure,
                (
                    (0.0, 0.03),
                    (0.058, 0.01),
                    (0.072, -0.07),
                    (0.066, -0.13),
                    (0.022, -0.13),
                    (0.012, -0.05),
                ),
            )
        if outfit.hair == "bun":
            pieces.append(_oval(figure, 0.06, 0.034, 0.024, 0.024))
        if outfit.hair == "tail":
            pieces += _polygon(
                figure,
                (
                    (0.05, 0.04),
                    (0.074, 0.03),
                    (0.092, -0.04),
                    (0.08, -0.1),
                    (0.07, -0.1),
                    (0.068, -0.03),
                    (0.05, 0.014),
                ),
            )
        figure.paint(pieces, outfit.hair_colour, corner=0.005, depth=0.012, shadow=0.006)
    figure.paint(
        [_oval(figure, 0.008, -0.006, 0.01, 0.016)], tone(skin, 0.93), corner=0, depth=0.005
    )


def _paint_hat(figure: Figure) -> None:
    outfit, view = figure.outfit, figure.pose.view
    colour = outfit.under_colour
    dome: tuple[Point, ...] = (
        (-.06, .02), (-.058, .05), (-.038, .078), (0., .087), (.038, .078), (.058, .05),
        (.06, .02),
    )  # fmt: skip
    if outfit.hat == "beanie":
        figure.paint(_polygon(figure, dome), colour, corner=0.008, depth=0.014, shadow=0.008)
        band: tuple[Point, ...] = ((-0.062, 0.034), (-0.062, 0.012), (0.062, 0.012), (0.062, 0.034))
        figure.paint(_polygon(figure, band), tone(colour, 0.85), corner=0.006, depth=0.008)
        figure.paint(
            [_oval(figure, 0, 0.092, 0.016, 0.016)], tone(colour, 1.15), corner=0, depth=0.006
        )
    elif outfit.hat == "cap":
        figure.paint(_polygon(figure, dome), colour, corner=0.006, depth=0.014, shadow=0.006)
        brims: dict[str, tuple[Point, ...]] = {
            "front": ((-.05, .046), (-.057, .028), (-.03, .021), (.03, .021), (.057, .028),
                (.05, .046)),
            "side": ((-.05, .034), (-.1, .014), (-.098, .006), (-.04, .014)),
        }  # fmt: skip
        if view in brims:
            figure.paint(
                _polygon(figure, brims[view]),
                tone(colour, 0.8),
                corner=0.004,
                depth=0.006,
                shadow=0.008,
            )
    elif outfit.hat == "sunhat":
        figure.paint(
            [_oval(figure, 0, 0.038, 0.108, 0.019)],
            (222, 196, 142),
            corner=0,
            depth=0.012,
            shadow=0.01,
        )
        crown = tuple((x, y + 0.014) for x, y in dome)
        figure.paint(_polygon(figure, crown), (230, 206, 154), corner=0.008, depth=0.014)
        ribbon: tuple[Point, ...] = ((-0.06, 0.056), (-0.061, 0.038), (0.061, 0.038), (0.06, 0.056))
        figure.paint(_polygon(figure, ribbon), colour, corner=0.004, depth=0.006)
