"""The picture of the house, drawn from its imports: docs/pictures/packages.svg

    python tests/benchmarks/draw_house.py

Rooms stand in the order that import-linter holds (setup.cfg), their captions are the first line of
their `__init__.py`, and arcs are the imports between them.
"""

import ast
import configparser
import math
from collections import Counter
from html import escape

from house import PACKAGES, ROOT, import_graph, room_of, rooms

PICTURE = ROOT / "docs" / "pictures" / "packages.svg"
_WIDE, _HIGH, _GAP, _MARGIN, _TOP, _ARCS = 268, 46, 12, 24, 118, 92
_SAYS = {
    "depthmask": "what users meet",
    "pipeline": "generation",
    "shards": "storage: no torch, no chance",
}
_STYLE = """
text { font-family: system-ui, 'Liberation Sans', sans-serif; fill: #1f1e1b; font-size: 13px }
.package { font-size: 20px; font-weight: 600; fill: #2b6a8c }
.room { font-weight: 600; font-size: 14px }
.says, .count { fill: #64615a; font-size: 11.5px }
rect { fill: #fff; stroke: #2b6a8c; stroke-width: 1.3 }
path { fill: none; stroke: #b9541c }
.way { stroke: #64615a; stroke-width: 1.8 }
"""


def order_of_rooms() -> dict[str, list[str]]:
    """The rooms of each package from the door inward, as setup.cfg has them."""
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    found = {}
    for package in PACKAGES:
        layers = settings[f"importlinter:contract:{package}"]["layers"].split("\n")
        there = {name for name in rooms() if name.startswith(f"{package}/")}
        found[package] = [name for name in layers if f"{package}/{name.strip()}" in there]
    return found


def caption(package: str, room: str) -> str:
    """The first line of what a room's `__init__.py` says of it."""
    tree = ast.parse((ROOT / package / room / "__init__.py").read_text())
    return (ast.get_docstring(tree) or "").split("\n")[0]


def _words(text: str, most: int = 44) -> str:
    if len(text) <= most:
        return text.rstrip(".:")
    return text[:most].rpartition(" ")[0].rstrip(".,;:") + " …"


def draw_house() -> str:
    """The picture as SVG."""
    order = order_of_rooms()
    files = {
        package: {
            room: sum(
                len(names)
                for folder, names in rooms().items()
                if f"{folder}/".startswith(f"{package}/{room}/")
            )
            for room in order[package]
        }
        for package in PACKAGES
    }
    graph = import_graph()
    between: Counter[tuple[str, str]] = Counter()
    across: Counter[tuple[str, str]] = Counter()
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            one, other = importer.split(".")[0], imported.split(".")[0]
            if one != other:
                across[one, other] += 1
            elif room_of(importer) != room_of(imported):
                between[room_of(importer), room_of(imported)] += 1
    column = _WIDE + _ARCS + 2 * _GAP
    width = 2 * _MARGIN + len(PACKAGES) * column - 2 * _GAP
    height = _TOP + max(map(len, order.values())) * (_HIGH + _GAP) + _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        'aria-labelledby="t d">',
        '<title id="t">The packages of depthmask and their rooms</title>',
        '<desc id="d">Three columns of rooms: depthmask, pipeline, shards. Imports go from left to '
        "right between packages and from top to bottom within one.</desc>",
        f"<style>{_STYLE}</style>",
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" '
        'markerHeight="6" orient="auto"><path d="M0 0L8 4L0 8z" style="fill: #64615a; '
        'stroke: none"/></marker></defs>',
        f'<rect width="{width}" height="{height}" rx="12" style="fill: #faf9f7; stroke: none"/>',
    ]
    middle: dict[str, float] = {}
    for number, package in enumerate(PACKAGES):
        left = _MARGIN + number * column + _ARCS
        parts.append(f'<text class="package" x="{left}" y="76">{package}</text>')
        parts.append(f'<text class="says" x="{left}" y="96">{_SAYS[package]}</text>')
        for row, room in enumerate(order[package]):
            top = _TOP + row * (_HIGH + _GAP)
            middle[f"{package}.{room}"] = top + _HIGH / 2
            count = files[package][room]
            parts += [
                f'<rect x="{left}" y="{top}" width="{_WIDE}" height="{_HIGH}" rx="8"/>',
                f'<text class="room" x="{left + 12}" y="{top + 19}">{room}/</text>',
                f'<text class="count" x="{left + _WIDE - 12}" y="{top + 19}" '
                f'text-anchor="end">{count} files</text>',
                f'<text class="says" x="{left + 12}" y="{top + 36}">'
                f"{escape(_words(caption(package, room)))}</text>",
            ]
        for (one, other), count in sorted(between.items()):
            if one in middle and other in middle and one.startswith(f"{package}."):
                begin, end = middle[one], middle[other]
                bend = left - 8 - (_ARCS - 12) * min(1, abs(end - begin) / (height - _TOP)) ** 0.6
                parts.append(
                    f'<path d="M{left} {begin:.0f}C{bend:.0f} {begin:.0f} {bend:.0f} {end:.0f} '
                    f'{left} {end:.0f}" stroke-width="{0.5 + 0.5 * math.log2(1 + count):.2f}" '
                    'stroke-opacity=".45"/>'
                )
    for one, other, y in (
        ("depthmask", "pipeline", 70),
        ("pipeline", "shards", 70),
        ("depthmask", "shards", 34),
    ):
        begin = _MARGIN + PACKAGES.index(one) * column + _ARCS + 122
        end = _MARGIN + PACKAGES.index(other) * column + _ARCS - 8
        parts.append(f'<path class="way" d="M{begin} {y}H{end}" marker-end="url(#a)"/>')
        parts.append(
            f'<text class="says" x="{(begin + end) / 2:.0f}" y="{y - 8}" text-anchor="middle">'
            f"{across[one, other]} imports</text>"
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(draw_house())
