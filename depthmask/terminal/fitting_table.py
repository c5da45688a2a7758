"""Tables that a narrow terminal shows as lists: no figure is cut off."""

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text


class FittingTable(Table):
    """A table where there is room for its columns; else each row is a list of head and cell."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The one or the other."""
        if Measurement.get(console, options.update(max_width=10_000), self).maximum <= (
            options.max_width
        ):
            yield from super().__rich_console__(console, options)
            return
        if self.title:
            yield Text(str(self.title), "bold")
        heads = [str(column.header) for column in self.columns]
        for cells in zip(*(column.cells for column in self.columns), strict=True):
            rows = Table.grid(padding=(0, 2))
            for number, (head, cell) in enumerate(zip(heads, cells, strict=True)):
                text = cell if isinstance(cell, Text) else Text.from_markup(str(cell))
                shown = Text(" ").join(text.split("\n"))
                rows.add_row(head if number == 0 else f"  {head}", shown)
            yield Padding(rows, (0, 0, 1, 1))
