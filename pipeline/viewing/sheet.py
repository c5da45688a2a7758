"""Many pictures on one sheet, each with a line of words below it."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

_GAP = 8
_LINE = 16
_SCREEN = 1.6
_PAPER = (250, 250, 248)
_INK = (40, 40, 44)


def make_sheet(tiles: Sequence[tuple[Image.Image, str]]) -> Image.Image:
    """A sheet of equally large tiles in rows, of about the proportions of a screen."""
    across, down = tiles[0][0].size
    step = (across + _GAP, down + _LINE + _GAP)
    best = int((len(tiles) * _SCREEN * step[1] / step[0]) ** 0.5 + 0.5)
    columns = min(len(tiles), max(1, best))
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (columns * step[0] + _GAP, rows * step[1] + _GAP), _PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for number, (picture, words) in enumerate(tiles):
        x = _GAP + number % columns * step[0]
        y = _GAP + number // columns * step[1]
        sheet.paste(picture, (x, y))
        while words and pen.textlength(words, font=font) > across:
            words = words[:-1]
        pen.text((x, y + down + 2), words, fill=_INK, font=font)
    return sheet
