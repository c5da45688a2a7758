"""What the rows of the table of speed share: pictures, and data sets that are made once."""

import dataclasses
import shutil
from pathlib import Path

from depthmask.drawing.sample_data import SampleDataOptions, draw_sample_data
from pipeline.build import build_dataset
from pipeline.convert import convert_dataset
from pipeline.planning.options import BuildOptions
from pipeline.planning.plan import Plan
from pipeline.rendering.preparation import plan_build
from pipeline.rendering.renderer import Renderer
from pipeline.rendering.site import site_of
from pipeline.rendering.watcher import SilentWatcher
from shards.reading.open import open_dataset
from shards.records.manifest import MANIFEST

SIZE = 224
READ = 4000
LARGE = 100_000


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """Where everything lies, which pictures are used, and how many processes work."""

    out: Path
    fg: Path
    bg: Path
    workers: int

    @classmethod
    def of(cls, out: Path, fg: Path | None, bg: Path | None, workers: int) -> "Material":
        """The pictures of a user, or drawn ones where either folder is not given."""
        if fg is None or bg is None:
            fg, bg = out / "pictures" / "cars", out / "pictures" / "scenes"
            if not bg.exists():
                draw_sample_data(SampleDataOptions(out=out / "pictures", people=0, signs=0))
        return cls(out=out, fg=fg, bg=bg, workers=workers)

    def options(self, name: str, samples: int, **changes: object) -> BuildOptions:
        """A build of 224 px without depth into OUT/`name`."""
        given: dict[str, object] = {
            "fg": self.fg,
            "bg": self.bg,
            "out": self.out / name,
            "size": SIZE,
            "samples": samples,
            "placements": 100_000,
            "depth_model": "none",
            "workers": self.workers,
        }
        return BuildOptions(**(given | changes))  # type: ignore[arg-type]

    def renderer(self, **changes: object) -> Renderer:
        """A renderer of composites in this process, as a worker has it; nothing is written."""
        options = self.options("unwritten", 10_000, **changes)
        plan: Plan = plan_build(options, SilentWatcher())[0]
        return Renderer(plan, site_of(options))

    def built(self, options: BuildOptions) -> Path:
        """The folder of a data set, which is built unless it is there."""
        if not (options.out / MANIFEST).exists():
            build_dataset(options)
        return options.out

    def fresh(self, name: str) -> Path:
        """OUT/`name`, deleted if it was there."""
        shutil.rmtree(self.out / name, ignore_errors=True)
        return self.out / name

    def read_set(self, format: str) -> Path:
        """READ samples with layered depth, in a store."""
        made = self.built(
            self.options("read-tar", READ, depth_model="densedepth-lite", depth_mode="layered")
        )
        if format == "tar":
            return made
        if not (self.out / "read-lmdb" / MANIFEST).exists():
            convert_dataset(made, self.out / "read-lmdb", "lmdb")
        return self.out / "read-lmdb"

    def large_set(self) -> Path:
        """LARGE samples without depth."""
        return self.built(self.options("large", LARGE))

    def raw_samples(self, count: int) -> tuple[list[dict[str, bytes]], list[str]]:
        """The stored bytes of train samples by field, in memory, and their backgrounds' names.

        Each has a copy of its background's bytes.
        """
        dataset = open_dataset(self.read_set("tar")).split("train")
        fields, names = [], []
        for position in range(count):
            sample = dataset[position]
            name = str(sample.info["background"])
            stored = {field: sample.get(field) for field in sample.fields}
            fields.append(stored | {"background.jpg": dataset.background_bytes(name)})
            names.append(name)
        return fields, names
