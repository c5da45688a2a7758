"""The plates of drawn signs: outline, colours, rim and what stands on them."""

from dataclasses import dataclass

from depthmask.drawing.cutouts.painting import Colour, Point

RED: Colour = (196, 24, 34)
BLUE: Colour = (22, 82, 160)
WHITE: Colour = (242, 242, 238)
BLACK: Colour = (28, 28, 30)
YELLOW: Colour = (246, 190, 32)
GREEN: Colour = (20, 110, 70)
_ORANGE: Colour = (232, 120, 30)

_T = 0.4142  # the tangent of 22.5 degrees: half a side of an octagon around a circle of radius 1
OUTLINES: dict[str, tuple[Point, ...]] = {
    "octagon": ((-_T, 1), (_T, 1), (1, _T), (1, -_T), (_T, -1), (-_T, -1), (-1, -_T), (-1, _T)),
    "triangle": ((0, 1), (1.04, -.8), (-1.04, -.8)),
    "yield": ((-1.04, .8), (1.04, .8), (0, -1)),
    "diamond": ((0, 1.05), (1.05, 0), (0, -1.05), (-1.05, 0)),
    "square": ((-.85, .85), (.85, .85), (.85, -.85), (-.85, -.85)),
    "upright": ((-.72, 1), (.72, 1), (.72, -1), (-.72, -1)),
    "board": ((-1.5, .42), (1.5, .42), (1.5, -.42), (-1.5, -.42)),
    "arrow": ((-1.45, .4), (1.15, .4), (1.6, 0), (1.15, -.4), (-1.45, -.4)),
    "panel": ((-1.3, .95), (1.3, .95), (1.3, -.95), (-1.3, -.95)),
    "chevrons": ((-1.1, .5), (1.1, .5), (1.1, -.5), (-1.1, -.5)),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Plate:
    """Shapes are of OUTLINES, or `disc`; rims are shares of the radius, outermost first.

    `figures` are polygons on the plate in units of its radius, y up; `words` are for texts.
    """

    shape: str
    ground: Colour
    rims: tuple[tuple[Colour, float], ...] = ()
    figures: tuple[tuple[Colour, tuple[Point, ...]], ...] = ()
    texts: tuple[str, ...] = ()
    ink: Colour = WHITE
    letters: float = 0.5
    text_at: Point = (0.0, 0.0)


_UP: tuple[Point, ...] = (
    (-.13, -.6), (.13, -.6), (.13, .12), (.4, .12), (0, .62), (-.4, .12), (-.13, .12),
)  # fmt: skip
_BEND: tuple[Point, ...] = (
    (-.42, -.62), (-.16, -.62), (-.16, .08), (.12, .08), (.12, -.18), (.6, .22), (.12, .6),
    (.12, .34), (-.42, .34),
)  # fmt: skip
_MARK: tuple[Point, ...] = ((-0.12, 0.42), (0.12, 0.42), (0.06, -0.26), (-0.06, -0.26))
_DOT: tuple[Point, ...] = ((-0.1, -0.4), (0.1, -0.4), (0.1, -0.58), (-0.1, -0.58))
_WALKER: tuple[tuple[Colour, tuple[Point, ...]], ...] = tuple(
    (BLACK, points) for points in (
        ((-.05, .46), (.05, .46), (.11, .4), (.11, .3), (.05, .24), (-.05, .24), (-.11, .3),
        (-.11, .4)),
        ((-.14, .2), (.12, .2), (.22, -.08), (.12, -.1), (.06, .04), (.08, -.12), (.26, -.5),
         (.12, -.5), (-.02, -.2), (-.18, -.5), (-.32, -.5), (-.12, -.12), (-.12, .02), (-.2, -.1),
         (-.28, -.06)),
    )
)  # fmt: skip
_ROAD: tuple[Point, ...] = (
    (-.16, -.56), (.1, -.56), (.1, -.2), (-.1, .0), (-.1, .3), (.04, .3), (-.16, .56), (-.36, .3),
    (-.24, .3), (-.24, -.06), (-.08, -.26), (-.16, -.36),
)  # fmt: skip
_CHEVRONS: tuple[tuple[Colour, tuple[Point, ...]], ...] = tuple(
    (WHITE, ((x, .36), (x + .26, .36), (x + .5, 0), (x + .26, -.36), (x, -.36), (x + .24, 0)))
    for x in (-.95, -.3, .35)
)  # fmt: skip

PLATES: dict[str, tuple[Plate, ...]] = {
    "stop": (Plate(shape="octagon", ground=WHITE, rims=((RED, .08),), texts=("STOP",),
        letters=.48),),
    "yield": (Plate(shape="yield", ground=RED, rims=((WHITE, .3),)),),
    "limit": tuple(
        Plate(shape="disc", ground=RED, rims=((WHITE, .2),), texts=(speed,), ink=BLACK,
              letters=.72 if len(speed) < 3 else .56)
        for speed in ("30", "50", "60", "80", "90", "100", "120", "20")
    ),
    "no-entry": (
        Plate(shape="disc", ground=WHITE, rims=((RED, .05),),
              figures=((WHITE, ((-.7, .17), (.7, .17), (.7, -.17), (-.7, -.17))),)),
    ),
    "warning": (
        Plate(shape="triangle", ground=RED, rims=((WHITE, .3),),
            figures=((BLACK, tuple((x * .8, y * .8 - .2) for x, y in _MARK)),
                (BLACK, tuple((x * .8, y * .8 - .2) for x, y in _DOT)))),
        Plate(shape="triangle", ground=RED, rims=((WHITE, .3),),
            figures=tuple((c, tuple((x * .9, y * .9 - .22) for x, y in p)) for c, p in _WALKER)),
        Plate(shape="triangle", ground=RED, rims=((WHITE, .3),),
            figures=((BLACK, tuple((x * .8 + .08, y * .8 - .24) for x, y in _ROAD)),)),
        Plate(shape="diamond", ground=BLACK, rims=((YELLOW, .06),), figures=((BLACK, _ROAD),)),
        Plate(shape="diamond", ground=BLACK, rims=((_ORANGE, .06),), figures=((BLACK, _MARK),
            (BLACK, _DOT))),
    ),
    "priority": (Plate(shape="diamond", ground=BLACK, rims=((WHITE, .04), (YELLOW, .3))),),
    "parking": (Plate(shape="square", ground=WHITE, rims=((BLUE, .06),), texts=("P",),
        letters=1.05),),
    "ahead": (
        Plate(shape="disc", ground=WHITE, rims=((BLUE, .06),), figures=((WHITE, _UP),)),
        Plate(shape="disc", ground=WHITE, rims=((BLUE, .06),), figures=((WHITE, _BEND),)),
    ),
    "crossing": (
        Plate(shape="square", ground=WHITE, rims=((BLUE, .06),),
              figures=((WHITE, ((0, .62), (.66, -.56), (-.66, -.56))), *(
                  (c, tuple((x * .8, y * .8 - .16) for x, y in p)) for c, p in _WALKER))),
    ),
    "way": tuple(
        Plate(shape="arrow", ground=ground, rims=((face, .05),), texts=(name,), ink=ground,
              letters=.34, text_at=(-.12, 0.))
        for ground, face, name in (
            (BLACK, YELLOW, "STATION"), (WHITE, BLUE, "AIRPORT"), (WHITE, GREEN, "CENTRE"),
            (BLACK, WHITE, "HARBOUR"), (WHITE, BLUE, "WEST"), (BLACK, YELLOW, "THE ALPS"),
        )
    ),
    "street": tuple(
        Plate(shape="board", ground=WHITE, rims=((face, .05),), texts=(name,), letters=.34)
        for face, name in ((BLUE, "LIME WAY"), (GREEN, "BIRCH ST"), (BLUE, "MILL LANE"),
            (GREEN, "PARK ST"))
    ),
    "directions": tuple(
        Plate(shape="panel", ground=WHITE, rims=((face, .04),), texts=names, letters=.28,
              text_at=(.18, 0.),
              figures=tuple((WHITE, tuple((x * .28 - 1.02, y * .28 + level) for x,
                  y in _UP)) for level in (.55, 0., -.55)))
        for face, names in ((BLUE, ("NORTH", "LAKE", "SCHOOL")),
            (GREEN, ("PORTO", "MILANO", "GENEVA")))
    ),
    "bend": (Plate(shape="chevrons", ground=WHITE, rims=((RED, .05),), figures=_CHEVRONS),
             Plate(shape="chevrons", ground=WHITE, rims=((BLACK, .05),),
                 figures=tuple((YELLOW, p) for _, p in _CHEVRONS))),
}  # fmt: skip
