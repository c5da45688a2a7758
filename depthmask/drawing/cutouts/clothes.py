"""Trunk, arms, legs and bags of drawn people, dressed."""

from depthmask.drawing.cutouts.figures import Figure
from depthmask.drawing.cutouts.painting import Point, tone
from depthmask.drawing.cutouts.people_poses import Line

_FRONT: tuple[Point, ...] = (
    (.03, .845), (.06, .832), (.1, .815), (.118, .785), (.103, .7), (.088, .62), (.093, .52),
    (.094, .475),
)  # fmt: skip
_FRONT_SLIM: tuple[Point, ...] = (
    (.028, .845), (.052, .832), (.09, .815), (.106, .785), (.09, .7), (.07, .62), (.09, .52),
    (.09, .475),
)  # fmt: skip
_SIDE: tuple[Point, ...] = (
    (-.026, .845), (-.05, .8), (-.066, .755), (-.066, .69), (-.058, .6), (-.062, .52),
    (-.06, .475), (.062, .475), (.072, .52), (.05, .61), (.06, .7), (.062, .77), (.045, .825),
    (.022, .848),
)  # fmt: skip
_COAT_FRONT: tuple[Point, ...] = ((0.105, 0.52), (0.122, 0.33))
_COAT_SIDE: tuple[Point, ...] = ((-0.06, 0.52), (-0.085, 0.33), (0.095, 0.33), (0.075, 0.52))


def _between(start: Point, end: Point, share: float) -> Point:
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _beyond(start: Point, end: Point, reach: float) -> Point:
    length = ((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2) ** 0.5
    return _between(start, end, 1 + reach / length)


def paint_leg(figure: Figure, leg: Line, toes: Point, *, far: bool) -> None:
    """A leg with its shoe; the far one of a side view lies in shadow."""
    outfit, dim = figure.outfit, 0.72 if far else 1.0
    hip, knee, ankle = leg
    skin, cloth = tone(outfit.skin, dim), tone(outfit.legs_colour, dim)
    figure.paint(figure.line(leg, (0.044, 0.034, 0.022)), skin)
    _paint_shoe(figure, ankle, toes, dim)
    if outfit.legs in ("trousers", "jeans"):
        low = 0.027 if outfit.slim else 0.036
        hem = _between(knee, ankle, 0.97)
        figure.paint(figure.line((hip, knee, hem), (0.046, 0.041, low)), cloth, shadow=0.008)
        fold = tone(cloth, 0.8)
        for share in (0.06, 0.16):
            x, y = _between(knee, ankle, share)
            crease = ((x - 0.024, y + 0.012), (x + 0.02, y))
            figure.dab(figure.line(crease, (0.0025, 0.0015)), fold)
    elif outfit.legs == "shorts":
        end = _between(hip, knee, 0.82)
        figure.paint(figure.line((hip, end), (0.048, 0.05)), cloth, shadow=0.008)


def _paint_shoe(figure: Figure, ankle: Point, toes: Point, dim: float) -> None:
    colour = tone(figure.outfit.shoes, dim)
    tip = (ankle[0] + toes[0], ankle[1] + toes[1])
    wide = 0.017 if figure.sideways else 0.022
    figure.paint(figure.line((ankle, tip), (0.026, wide)), colour, depth=0.008)
    if figure.sideways:
        along = (toes[0] ** 2 + toes[1] ** 2) ** 0.5
        across, down = -toes[1] / along, toes[0] / along  # square to the foot, towards the sole
        heel = (ankle[0] + across * 0.024, ankle[1] + down * 0.024)
        front = (tip[0] + across * 0.015, tip[1] + down * 0.015)
        light = tone((228, 226, 220) if sum(colour) < 400 else (90, 90, 92), dim)
        figure.dab(figure.line((heel, front), (0.006, 0.006)), light)


def paint_skirt(figure: Figure) -> None:
    """The skirt of whoever wears one, over the legs."""
    outfit = figure.outfit
    if outfit.legs != "skirt" and outfit.top != "dress":
        return
    colour = outfit.top_colour if outfit.top == "dress" else outfit.legs_colour
    if figure.sideways:
        pieces = figure.outline(((-0.058, 0.6), (-0.12, 0.33), (0.125, 0.33), (0.062, 0.6)))
    else:
        pieces = figure.mirrored(((0.072, 0.61), (0.1, 0.51), (0.138, 0.335)))
    figure.paint(pieces, colour, depth=0.016, shadow=0.012)
    for x in (-0.06, -0.015, 0.035, 0.075):
        fold = (figure.upper((x * 0.6, 0.5)), figure.upper((x, 0.35)))
        figure.dab(figure.line(fold, (0.002, 0.004)), tone(colour, 0.82))


def paint_trunk(figure: Figure) -> None:
    """The upper body: shirt, jacket, coat or dress, with its collar, seam and buttons."""
    outfit = figure.outfit
    shape = _SIDE if figure.sideways else _FRONT_SLIM if outfit.slim else _FRONT
    build = figure.outline if figure.sideways else figure.mirrored
    neck = (
        figure.upper((0.0 if not figure.sideways else 0.004, 0.885)),
        figure.upper((0.0, 0.825)),
    )
    figure.paint(figure.line(neck, (0.026, 0.03)), tone(outfit.skin, 0.86), depth=0.006)
    if outfit.top == "shirt" and outfit.legs == "skirt":
        shape = tuple((x, max(y, 0.5)) for x, y in shape)  # tucked in
    figure.paint(build(shape), outfit.top_colour, depth=0.018, shadow=0.01, stripes=outfit.stripes)
    if outfit.top == "coat":
        low = build(_COAT_SIDE if figure.sideways else _COAT_FRONT)
        figure.paint([*build(shape), *low], outfit.top_colour, depth=0.02, shadow=0.012)
    if outfit.top == "shirt" and outfit.legs != "skirt":
        belt = ((-0.094, 0.492), (-0.094, 0.472), (0.094, 0.472), (0.094, 0.492))
        figure.paint(figure.outline(belt), (52, 40, 34), corner=0.002, depth=0.004)
    if figure.pose.view == "front":
        _paint_front(figure)


def _paint_front(figure: Figure) -> None:
    outfit, seam = figure.outfit, tone(figure.outfit.top_colour, 0.7)
    skin = outfit.skin
    if outfit.top in ("jacket", "coat"):
        low = 0.49 if outfit.top == "jacket" else 0.68
        inner = ((0.03, 0.846), (0.026, 0.7), (0.012 if outfit.top == "coat" else 0.026, low))
        figure.paint(figure.mirrored(inner), outfit.under_colour, corner=0.004, depth=0.008)
        for side in (-1, 1):
            lapel = [(side * x, y) for x, y in ((0.03, 0.85), (0.058, 0.79), (0.024, 0.7))]
            figure.paint(figure.outline(lapel), tone(outfit.top_colour, 1.12), corner=0.003,
                         depth=0.004, shadow=0.006)  # fmt: skip
        if outfit.top == "coat":
            figure.paint(figure.line(((0.0, 0.68), (0.0, 0.335)), (0.0025, 0.0025)), seam,
                         corner=0, depth=0)  # fmt: skip
    elif outfit.top == "shirt":
        figure.paint(
            figure.line(((0.0, 0.84), (0.0, 0.49)), (0.002, 0.002)), seam, corner=0, depth=0
        )
        for side in (-1, 1):
            collar = [(side * x, y) for x, y in ((0.004, 0.838), (0.03, 0.856), (0.034, 0.818))]
            figure.paint(figure.outline(collar), tone(outfit.top_colour, 1.15), corner=0.002,
                         depth=0.003, shadow=0.004)  # fmt: skip
        for y in (0.79, 0.73, 0.67, 0.61, 0.55):
            figure.dab([figure.oval((0.0, y), 0.0045, 0.0045)], seam)
    else:
        deep = 0.8 if outfit.slim else 0.822
        figure.paint([figure.oval((0.0, 0.85), 0.034, 0.85 - deep)], tone(skin, 0.95), corner=0,
                     depth=0.004)  # fmt: skip


def paint_arm(figure: Figure, arm: Line, *, far: bool) -> None:
    """An arm with its sleeve and hand."""
    outfit, dim = figure.outfit, 0.72 if far else 1.0
    shoulder, elbow, wrist = (figure.upper((x * figure.stout, y)) for x, y in arm)
    skin, cloth = tone(outfit.skin, dim), tone(outfit.top_colour, dim)
    palm = _beyond(elbow, wrist, 0.018)
    figure.paint(figure.line((shoulder, elbow, wrist), (0.028, 0.024, 0.017)), skin, shadow=0.012)
    figure.paint([*figure.line((wrist, palm), (0.016, 0.02))], skin, depth=0.007)
    stripes = outfit.stripes if not far else None
    if outfit.top in ("tee", "dress"):
        end = _between(shoulder, elbow, 0.6)
        figure.paint(
            figure.line((shoulder, end), (0.033, 0.034)),
            cloth,
            depth=0.01,
            shadow=0.004,
            stripes=stripes,
        )
        return
    loose = 0.006 if outfit.top in ("jacket", "coat") else 0.0
    cuff = _between(elbow, wrist, 0.96)
    radii = (0.033 + loose, 0.03 + loose, 0.024 + loose)
    figure.paint(
        figure.line((shoulder, elbow, cuff), radii),
        cloth,
        depth=0.01,
        shadow=0.009,
        stripes=stripes,
    )
