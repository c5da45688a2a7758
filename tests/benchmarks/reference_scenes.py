"""Each sample of a plan.json by reference_rules.py: what it must show, and where."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from reference_rules import (
    ATTEMPTS,
    Alpha,
    Cut,
    Draws,
    Expected,
    Painted,
    crossing_positions,
    draws,
    join_masks,
    own_pixels,
    read_source,
    rounded,
    tight,
    too_much_hidden,
)

from pipeline.compositing.foreground import Foreground, prepare_foreground, scale_foreground
from pipeline.compositing.turned import Turnable, make_turnable, plan_turn, turned_alpha
from pipeline.planning.philox import permute

Drawn = Callable[..., Draws]


class Reference:
    """What plan.json says, evaluated one sample and one object at a time."""

    def __init__(self, shards: Path, roots: dict[str, Path]) -> None:
        plan = json.loads((shards / "plan.json").read_text())
        self.options, self.sources = plan["options"], plan["sources"]
        self.canvas: tuple[int, int] = tuple(self.options["size"])  # type: ignore[assignment]
        self._roots = roots
        self._prepared: dict[tuple[str, int], tuple[Foreground, Turnable]] = {}

    def of_split(self, kind: str, split: str) -> list[int]:
        entries = self.sources.get(kind) or []
        return [i for i, entry in enumerate(entries) if entry["split"] in (split, "both")]

    def expect(self, split: str, position: int) -> Expected:
        """The sample at `position`: which objects, where, what of them is seen."""
        options = self.options

        def drawn(stage: int, *where: int) -> Draws:
            return draws(options["seed"], split, position, stage, *where)

        background, flip, first, placement = self._cell(split, position)
        found = Expected(background, options["bg_flip"] and drawn(6)[3] < 0.5)
        found.crop = self._crop(background, drawn(6))
        low, high = options["objects"]
        for number in range(low + int(drawn(2)[0] * (high - low + 1))):
            if number == 0 and first is not None:
                chosen, turned, at = first, flip, placement
            else:
                chosen, mirrored = self._which(split, drawn(3, number))
                turned, at = (flip if number == 0 else mirrored), None
            for attempt in range(ATTEMPTS):
                trial = self._try(chosen, turned, at, drawn, number, attempt)
                owns = [each.own for each in found.objects]
                if trial.own.any() and not too_much_hidden(
                    [*owns, trial.own], options["max_overlap"]
                ):
                    found.objects.append(trial)
                    break
            else:
                found.omitted += 1
        found.mask, found.instances = join_masks(found.objects, self.canvas)
        self._distract(found, split, drawn)
        return found

    def _cell(self, split: str, position: int) -> tuple[int, bool, int | None, int | None]:
        """Background, flip, and object 0's foreground and placement, where the cell has them."""
        options = self.options
        fg, bg = self.of_split("fg", split), self.of_split("bg", split)
        flips = 2 if options["flip"] else 1
        if options["balance"] == "category":
            epoch, row = divmod(position, len(bg) * flips)
            cell = permute(row, len(bg) * flips, options["seed"], split, epoch)
            background, flip = divmod(cell, flips)
            return bg[background], bool(flip), None, None
        placements = options["placements"]
        size = len(bg) * len(fg) * flips * placements
        if options["split_by"] == "sample":
            begin = {"train": position, "val": size - 1 - position}
            row = (
                begin[split]
                if split in begin
                else size - 1 - rounded(options["val_fraction"] * size) - position
            )
            split = "train"
        else:
            row = position
        cell, placement = divmod(permute(row, size, options["seed"], split), placements)
        cell, flip = divmod(cell, flips)
        background, foreground = divmod(cell, len(fg))
        return bg[background], bool(flip), fg[foreground], placement

    def _which(self, split: str, drawn: Draws) -> tuple[int, bool]:
        """The foreground and flip of a drawn object."""
        members = self.of_split("fg", split)
        if self.options["balance"] == "category":
            names = sorted({self.sources["fg"][i]["category"] for i in members})
            name = names[int(drawn[0] * len(names))]
            members = [i for i in members if self.sources["fg"][i]["category"] == name]
        return members[int(drawn[1] * len(members))], self.options["flip"] and drawn[2] < 0.5

    def _try(
        self,
        chosen: int,
        flip: bool,
        placement: int | None,
        drawn: Drawn,
        number: int,
        attempt: int,
    ) -> Painted:
        """One attempt at an object."""
        options = self.options
        scale, across, down, _ = drawn(1, number, attempt)
        turn = round((2 * drawn(4, number, attempt)[0] - 1) * options["rotate"] * 64) / 64
        alpha = self._alpha("fg", chosen, flip, turn, scale)
        height, width = alpha.shape
        beyond, which, *_ = drawn(5, number, attempt)
        spare = (self.canvas[0] - width + 1, self.canvas[1] - height + 1)
        x, y = int(across * spare[0]), int(down * spare[1])
        if beyond < options["truncate"]:
            crossing = crossing_positions(own_pixels(alpha), self.canvas)
            at = int(which * (spare[0] * spare[1] + len(crossing)))
            whole = at < spare[0] * spare[1]
            x, y = (at % spare[0], at // spare[0]) if whole else crossing[at - spare[0] * spare[1]]
        cut = Cut(alpha, x, y)
        own, soft = cut.on(self.canvas)
        blend = options["blend"]
        if blend == "mix":
            blend = ("alpha", "soft", "poisson")[int(drawn(7, number)[0] * 3)]
        if blend == "poisson" and (
            min(width, height) < 8
            or min(x, y) <= 0
            or x + width >= self.canvas[0]
            or y + height >= self.canvas[1]
        ):
            blend = "alpha"
        return Painted(chosen, flip, placement, turn, cut, own, soft, number, blend)

    def _distract(self, found: Expected, split: str, drawn: Drawn) -> None:
        members = self.of_split("distractors", split)
        if not members:
            return
        low, high = self.options["distractor_count"]
        for number in range(low + int(drawn(10)[0] * (high - low + 1))):
            which, scale, across, down = drawn(10, number + 1)
            flip = self.options["flip"] and drawn(10, number + 1, 0, 2)[0] < 0.5
            chosen = members[int(which * len(members))]
            alpha = self._alpha("distractors", chosen, flip, 0, scale)
            height, width = alpha.shape
            x = int(across * (self.canvas[0] - width + 1))
            y = int(down * (self.canvas[1] - height + 1))
            own, _ = Cut(alpha, x, y).on(self.canvas)
            found.distractors.append((chosen, flip, tight(own)))

    def _alpha(self, kind: str, index: int, flip: bool, turn: float, scale: float) -> Alpha:
        """A source's alpha as placed: flipped, turned, cut to its alpha box, scaled."""
        low, high = self.options["fg_scale"]
        longest = max(1, rounded((low + scale * (high - low)) * min(self.canvas)))

        def sized(box: tuple[int, int]) -> tuple[int, int]:
            width, height = (max(1, rounded(side * longest / max(box))) for side in box)
            return width, height

        upright, turnable = self._prepare(kind, index)
        if turn:
            plan = plan_turn(turnable, round(turn * 64), flip)
            size = sized((plan.width, plan.height))
            return np.asarray(turned_alpha(turnable, plan, size))
        alpha = np.asarray(scale_foreground(upright, sized(upright.size)).getchannel("A"))
        return alpha[:, ::-1] if flip else alpha

    def _prepare(self, kind: str, index: int) -> tuple[Foreground, Turnable]:
        if (kind, index) not in self._prepared:
            picture = read_source(self._roots[kind], self.sources[kind][index])
            most = min(self.canvas), self.options["fg_scale"][1]
            both = prepare_foreground(picture, *most), make_turnable(picture, *most)
            self._prepared[kind, index] = both
        return self._prepared[kind, index]

    def _crop(self, background: int, drawn: Draws) -> list[int]:
        """A share of the largest centred crop of the canvas's shape, anywhere within it."""
        with Image.open(self._roots["bg"] / self.sources["bg"][background]["name"]) as picture:
            width, height = picture.size
        across, down = self.canvas
        w0, h0 = (
            min(width, rounded(height * across / down)),
            min(height, rounded(width * down / across)),
        )
        least = self.options["bg_crop"]
        share = least + drawn[0] * (1 - least)
        w, h = max(1, rounded(share * w0)), max(1, rounded(share * h0))
        left, top = (width - w0) // 2, (height - h0) // 2
        x, y = int(drawn[1] * (w0 - w + 1)), int(drawn[2] * (h0 - h + 1))
        return [left + x, top + y, w, h]
