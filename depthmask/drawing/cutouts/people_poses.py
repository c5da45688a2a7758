"""How drawn people stand and go: where joints are, in units of the body's height, y up.

x = 0 is the middle of the body; side views look left. `near` limbs are painted after the trunk,
`far` ones before it; in front and back views both arms come after it or, folded behind, before.
"""

from dataclasses import dataclass

from depthmask.drawing.cutouts.painting import Point

Line = tuple[Point, Point, Point]


@dataclass(frozen=True, slots=True)
class Pose:
    """Arms from shoulder to wrist, legs from hip to ankle, toes as the way from the ankle."""

    view: str
    arms: tuple[Line, Line]
    legs: tuple[Line, Line]
    toes: tuple[Point, Point]
    lean: float = 0.0
    near_arms: tuple[bool, bool] = (True, True)


_APART: tuple[Line, Line] = (
    ((-.052, .5), (-.06, .28), (-.062, .045)), ((.052, .5), (.06, .28), (.062, .045)),
)  # fmt: skip
_EASY: tuple[Line, Line] = (
    ((-.048, .5), (-.045, .28), (-.04, .045)), ((.055, .5), (.085, .285), (.1, .045)),
)  # fmt: skip
_STEP: tuple[Line, Line] = (
    ((-.048, .5), (-.05, .285), (-.045, .035)), ((.05, .5), (.056, .3), (.05, .085)),
)  # fmt: skip
_OUT: tuple[Point, Point] = ((-0.022, -0.024), (0.022, -0.024))
_HANGING: tuple[Line, Line] = (
    ((-.088, .79), (-.135, .645), (-.142, .5)), ((.088, .79), (.135, .645), (.142, .5)),
)  # fmt: skip

POSES: dict[str, Pose] = {
    "standing": Pose("front", _HANGING, _APART, _OUT),
    "from-behind": Pose("back", _HANGING, _EASY, _OUT),
    "hand-on-hip": Pose(
        "front",
        (((-.088, .79), (-.2, .665), (-.095, .545)), _HANGING[1]), _EASY, _OUT,
    ),
    "waving": Pose(
        "front",
        (_HANGING[0], ((.088, .79), (.205, .755), (.2, .92))), _APART, _OUT,
    ),
    "in-pockets": Pose(
        "front",
        (((-.088, .79), (-.155, .65), (-.098, .525)), ((.088, .79), (.155, .65), (.098, .525))),
        _EASY, _OUT,
    ),
    "on-the-phone": Pose(
        "front",
        (_HANGING[0], ((.088, .79), (.17, .675), (.085, .845))), _APART, _OUT,
    ),
    "arms-folded": Pose(
        "front",
        (((-.088, .79), (-.148, .665), (.045, .675)), ((.088, .79), (.148, .66), (-.05, .695))),
        _APART, _OUT,
    ),
    "coming": Pose(
        "front",
        (((-.088, .79), (-.14, .65), (-.125, .515)), ((.088, .79), (.138, .64), (.158, .5))),
        _STEP, ((-.018, -.026), (.012, -.032)),
    ),
    "leaving": Pose(
        "back",
        (((-.088, .79), (-.138, .645), (-.15, .505)), ((.088, .79), (.14, .65), (.125, .52))),
        _STEP, ((-.018, -.026), (.012, -.028)),
    ),
    "walking": Pose(
        "side",
        (((.0, .8), (-.05, .655), (-.13, .555)), ((.012, .8), (.07, .66), (.085, .52))),
        (((.0, .5), (.04, .29), (.15, .095)), ((.0, .5), (-.06, .29), (-.125, .06))),
        ((-.05, -.07), (-.082, -.018)), .012, (False, True),
    ),
    "strolling": Pose(
        "side",
        (((.0, .8), (.045, .65), (.05, .51)), ((.012, .8), (-.02, .65), (-.07, .525))),
        (((.0, .5), (-.035, .285), (-.06, .05)), ((.0, .5), (.02, .28), (.085, .07))),
        ((-.082, -.022), (-.072, -.045)), .006, (False, True),
    ),
    "running": Pose(
        "side",
        (((-.02, .79), (-.085, .665), (-.185, .735)), ((-.005, .79), (.09, .69), (.05, .56))),
        (((.0, .5), (.05, .285), (.235, .25)), ((.0, .5), (-.145, .395), (-.125, .17))),
        ((.02, -.085), (-.085, -.012)), .04, (False, True),
    ),
    "waiting": Pose(
        "side",
        (((.0, .8), (-.01, .655), (-.085, .56)), ((.012, .8), (.03, .65), (-.055, .585))),
        (((.0, .5), (.01, .28), (.03, .045)), ((.0, .5), (-.015, .285), (-.012, .045))),
        ((-.08, -.022), (-.082, -.022)), 0.0, (False, True),
    ),
}  # fmt: skip
