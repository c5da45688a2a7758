"""The house in figures: rooms, circles, what an import loads, and the hops of a step.

    python tests/benchmarks/house.py [--fast]

Prints files by room, circles of imports between files and between rooms, how many of our modules
an import loads, the time of `depthmask --help`, and for one training step and one prediction how
many of our files take part and how often control passes from one file to another (calls and
returns are counted alike, frames of other packages are looked through). `--fast` leaves out what
needs torch.
"""

import argparse
import importlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import Any

import grimp

ROOT = Path(__file__).parents[2]
PACKAGES = ("depthmask", "pipeline", "shards")
_ROUNDS = 9


def rooms() -> dict[str, list[str]]:
    """Python files by the folder they stand in, without those that only say what a folder is."""
    found: dict[str, list[str]] = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            folder = path.parent.relative_to(ROOT).as_posix()
            found.setdefault(folder, [])
            if path.name != "__init__.py":
                found[folder].append(path.name)
    return found


def import_graph() -> grimp.ImportGraph:
    """Who imports whom among our modules, imports for type checkers included."""
    return grimp.build_graph(*PACKAGES, exclude_type_checking_imports=False, cache_dir=None)


def circles(modules: Iterable[str], edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Groups of modules that import each other, directly or through others."""
    after: dict[str, set[str]] = {module: set() for module in modules}
    for importer, imported in edges:
        after[importer].add(imported)

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        wanted = [start]
        while wanted:
            for each in after[wanted.pop()] - seen:
                seen.add(each)
                wanted.append(each)
        return seen

    reach = {module: reached(module) for module in after}
    groups = {
        tuple(sorted({module} | {other for other in reach[module] if module in reach[other]}))
        for module in after
    }
    return sorted(list(group) for group in groups if len(group) > 1)


def room_of(module: str) -> str:
    """The room of a module: the folder it stands in, two levels at most ("pipeline.depth")."""
    parts = module.split(".")
    is_folder = (ROOT / Path(*parts)).is_dir()
    return ".".join((parts if is_folder else parts[:-1])[:2])


def modules_loaded(statement: str) -> str:
    """How many of our modules are loaded once a statement has run in a fresh process."""
    code = f"import sys\n{statement}\nprint(*(name.split('.')[0] for name in sys.modules))"
    command = [sys.executable, "-W", "ignore", "-c", code]
    result = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    counts = Counter(result.stdout.split())
    return ", ".join(f"{counts[package]} of {package}" for package in PACKAGES)


def help_seconds() -> float:
    """The middle of some rounds of `depthmask --help`, in seconds."""
    taken = []
    for _ in range(_ROUNDS):
        begin = time.perf_counter()
        command = [sys.executable, "-m", "depthmask", "--help"]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


class Hops:
    """Counts, while it is entered, our files that run and the changes from one to another."""

    def __init__(self) -> None:
        self.files: Counter[str] = Counter()
        self.changes = 0
        self._stack: list[str] = []

    def _file(self, frame: FrameType) -> str | None:
        path = frame.f_code.co_filename
        ours = path.startswith(tuple(f"{ROOT}/{package}/" for package in PACKAGES))
        return path.removeprefix(f"{ROOT}/") if ours else None

    def _seen(self, frame: FrameType, event: str, _: Any) -> None:
        file = self._file(frame)
        if file is None or event not in ("call", "return"):
            return
        if event == "call":
            self.files[file] += 1
            self.changes += bool(self._stack) and self._stack[-1] != file
            self._stack.append(file)
        elif self._stack:
            self._stack.pop()
            self.changes += bool(self._stack) and self._stack[-1] != file

    def __enter__(self) -> "Hops":
        sys.setprofile(self._seen)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)


def found(name: str) -> Any:
    """A function or class of ours by its name alone, wherever it stands."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text()
            if f"\ndef {name}(" in text or f"\nclass {name}" in text:
                dotted = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
                module = importlib.import_module(dotted)
                if hasattr(module, name):
                    return getattr(module, name)
    raise ImportError(name)


def _measure(work: Callable[[], Any]) -> Hops:
    work()  # caches fill, lazy imports are over
    with Hops() as hops:
        work()
    return hops


def hops_of_step_and_prediction() -> tuple[Hops, Hops]:
    """Hops of one step of a training of a small network, and of one prediction of a picture."""
    import numpy as np
    import torch
    from PIL import Image

    import depthmask

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        depthmask.draw_sample_data(
            depthmask.SampleDataOptions(out=folder / "p", cars=4, scenes=4, people=0, signs=0)
        )
        build = depthmask.BuildOptions(
            fg=folder / "p" / "cars",
            bg=folder / "p" / "scenes",
            out=folder / "shards",
            size=64,
            samples=24,
            val_fraction=0.5,
            workers=1,
        )
        depthmask.build_dataset(build)
        options = depthmask.TrainOptions(
            shards=folder / "shards",
            out=folder / "run",
            pretrained=False,
            backbone="mobilenetv3_small_050",
            size=32,
            epochs=1,
            batch_size=6,
            workers=1,
            device="cpu",
        )
        depthmask.train(options)
        dataset = depthmask.open_dataset(folder / "shards")
        source = found("DecodedSamples")(dataset.split("train"), (32, 32), 1)
        run = found("begin_run")(options, dataset, torch.device("cpu"))
        run.network.train()
        batch = source.batch(range(6))
        take_step = found("take_step")
        step = _measure(lambda: take_step(run, batch, options, torch.device("cpu")))
        network = depthmask.load(folder / "run" / "best.pt", device="cpu")
        image = Image.fromarray(np.full((48, 80, 3), 90, np.uint8))
        prediction = _measure(lambda: network.predict(image, image))
    return step, prediction


def _print_hops(name: str, hops: Hops) -> None:
    print(f"{name}: {len(hops.files)} files, {hops.changes} changes from one to another")
    for file, calls in hops.files.most_common():
        print(f"    {calls:5} calls into {file}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true", help="leave out what needs torch")
    fast = parser.parse_args().fast
    sys.path.insert(0, str(ROOT))
    print("files by room:")
    for room, files in rooms().items():
        print(f"    {len(files):3} {room}")
    print(f"    {sum(map(len, rooms().values())):3} in all")
    graph = import_graph()
    edges = [
        (m, other) for m in graph.modules for other in graph.find_modules_directly_imported_by(m)
    ]
    between_files = circles(graph.modules, edges)
    print(f"circles between files: {len(between_files)}")
    for group in between_files:
        print("    " + ", ".join(group))
    pairs = {(room_of(a), room_of(b)) for a, b in edges if room_of(a) != room_of(b)}
    pairs = {(a, b) for a, b in pairs if "." in a and "." in b}
    between_rooms = circles({each for pair in pairs for each in pair}, pairs)
    print(f"circles between rooms: {len(between_rooms)}")
    for group in between_rooms:
        print("    " + ", ".join(group))
    print(f"`depthmask --help`: {help_seconds():.3f} s (the middle of {_ROUNDS})")
    for statement in ("import depthmask", "import depthmask; depthmask.BuildOptions"):
        print(f"`{statement}` loads {modules_loaded(statement)}")
    if fast:
        return
    import depthmask

    loop = depthmask.train.__module__
    for statement in (f"import {loop}", "import depthmask; depthmask.load"):
        print(f"`{statement}` loads {modules_loaded(statement)}")
    step, prediction = hops_of_step_and_prediction()
    _print_hops("one training step", step)
    _print_hops("one prediction", prediction)


if __name__ == "__main__":
    main()
