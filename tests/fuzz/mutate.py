"""A mutation loop over everything that depthmask reads: every failure must be a sentence of ours.

    python tests/fuzz/mutate.py --minutes 60 --log fuzz.log

Each round damages one file of a small data set, one picture or one checkpoint, and reads it with
the functions that the commands call, under `-W error`. A child process does the work, with a limit
on its memory and on the seconds of one input; it notes the input before it tries it, so a crash of
the process keeps what led to it. Inputs that fail otherwise than by a sentence go to the folder of
finds. docs/input.md has the counts; what was found lives on as tests.
"""

import argparse
import io
import json
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import time
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from conftest import draw_background, draw_foreground, small_options  # noqa: E402

from depthmask.stats import dataset_stats  # noqa: E402
from pipeline.build import build_dataset  # noqa: E402
from pipeline.headers import decoding_cost  # noqa: E402
from pipeline.pictures import UnusablePictureError, decode_picture  # noqa: E402
from pipeline.replay import render_sample  # noqa: E402
from pipeline.verify import verify_dataset  # noqa: E402
from shards.errors import InputError, RunError  # noqa: E402
from shards.manifest import LOG, MANIFEST, PLAN, read_record  # noqa: E402
from shards.reader import Dataset, open_dataset  # noqa: E402

OURS = (InputError, RunError, UnusablePictureError)
ROUND = 3000
SECONDS = 30
MEMORY = 6 << 30
NUMBERS = (0, 1, -1, 2, 15, 16, 255, 256, 4096, 65535, 2**31, 2**32 - 1, 2**63, 2**64, 10**30)
VALUES: tuple[Any, ...] = (
    *NUMBERS, None, True, 0.5, -0.0, 1e308, "", "..", "/etc/passwd", "a\0b", "\ud800", [], {}, [[]],
    "x" * 5000, "tar", "lmdb", "train", "val", "both", "none", "densedepth-lite", "0" * 64,
)  # fmt: skip


def flip_bytes(data: bytes, rng: random.Random) -> bytes:
    """The bytes with some changed, cut out, doubled, put in or cut off."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        at = rng.randrange(max(1, len(changed)))
        length = rng.choice((1, 1, 2, 4, 8, 40, 600))
        match rng.randrange(7):
            case 0 if changed:
                changed[at % len(changed)] ^= 1 << rng.randrange(8)
            case 1:
                changed[at : at + length] = rng.randbytes(length)
            case 2:
                del changed[at : at + length]
            case 3:
                changed[at:at] = changed[at : at + length]
            case 4:
                width = rng.choice((1, 2, 4, 8))
                order = rng.choice(("big", "little"))
                value = rng.choice(NUMBERS) % 256**width
                changed[at : at + width] = value.to_bytes(width, order)
            case 5 if rng.random() < 0.3:
                del changed[at:]
            case _:
                other = rng.randrange(max(1, len(changed)))
                changed[at : at + length] = changed[other : other + length]
    return bytes(changed)


def change_json(data: bytes, rng: random.Random) -> bytes:
    """JSON with some values replaced, some entries taken out or copied."""
    document = json.loads(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        inner = document
        while isinstance(inner, dict | list) and inner:
            key = rng.choice(list(inner) if isinstance(inner, dict) else range(len(inner)))
            if not isinstance(inner[key], dict | list) or rng.random() < 0.25:
                match rng.randrange(6):
                    case 0:
                        del inner[key]
                    case 1 if isinstance(inner, list):
                        inner.append(inner[key])
                    case 2 if isinstance(inner[key], int):
                        inner[key] += rng.choice((-1, 1, 2, -1000))
                    case _:
                        inner[key] = rng.choice(VALUES)
                break
            inner = inner[key]
    return json.dumps(document).encode()


def change_either(data: bytes, rng: random.Random) -> bytes:
    """JSON changed as such, or as bytes."""
    return change_json(data, rng) if rng.random() < 0.8 else flip_bytes(data, rng)


def change_tar(data: bytes, rng: random.Random) -> bytes:
    """A tar damaged; half the time with headers whose checksums are right again."""
    changed = bytearray(flip_bytes(data, rng))
    if rng.random() < 0.5:
        for at in range(0, len(changed) - 511, 512):
            if changed[at + 257 : at + 262] == b"ustar":
                changed[at + 148 : at + 156] = b" " * 8
                changed[at + 148 : at + 156] = b"%06o\0 " % sum(changed[at : at + 512])
    return bytes(changed)


def change_lmdb(data: bytes, rng: random.Random) -> bytes:
    """An LMDB file damaged, mostly near the heads of its pages."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 2, 4))):
        page = rng.randrange(len(changed) // 4096) * 4096
        at = page + rng.choice((rng.randrange(160), rng.randrange(4096)))
        width = rng.choice((1, 2, 4, 8))
        value = rng.choice((*NUMBERS, rng.randrange(2**16), rng.randrange(300))) % 256**width
        changed[at : at + width] = value.to_bytes(width, "little")
    return bytes(changed) if rng.random() < 0.8 else flip_bytes(bytes(changed), rng)


def change_picture(data: bytes, rng: random.Random) -> bytes:
    """A picture damaged; PNGs often with checksums that are right again."""
    changed = bytearray(flip_bytes(data, rng))
    if changed.startswith(b"\x89PNG") and rng.random() < 0.8:
        at = 8
        while at + 12 <= len(changed):
            length = int.from_bytes(changed[at : at + 4], "big")
            end = at + 8 + length
            if end + 4 > len(changed):
                break
            changed[end : end + 4] = struct.pack(">I", zlib.crc32(changed[at + 4 : end]))
            at = end + 4
    return bytes(changed)


def pictures() -> list[bytes]:
    """One picture of each kind that docs/input.md lists as used."""
    from input_kinds import KINDS

    found = []
    for kind in KINDS:
        cells = getattr(kind.make, "__closure__", None) or ()
        content = [cell.cell_contents for cell in cells if isinstance(cell.cell_contents, bytes)]
        if kind.outcome == "used" and content and len(content[0]) < 40_000:
            found.append(content[0])
    return sorted(set(found))


def read_all(folder: Path) -> None:
    """Everything that a reader may ask of a data set."""
    dataset: Dataset = open_dataset(folder)
    for sample in dataset:
        for name in ("image", "mask", "background", "info"):
            getattr(sample, name)
        if dataset.depth is not None:
            _ = sample.depth
    dataset.close()


def read_picture(path: Path) -> None:
    """A picture as the source check reads it."""
    decoding_cost(path)
    picture = decode_picture(path.read_bytes())
    picture.getbbox()


def read_network(path: Path) -> None:
    """A checkpoint as predict reads it."""
    from depthmask.checkpoint import read_checkpoint

    read_checkpoint(path).build()


def read_teacher(path: Path) -> None:
    """A file of teacher's weights as a build reads it."""
    from pipeline.teachers import describe_teacher, load_teacher

    describe_teacher("densedepth-lite", canvas=64, weights=path)
    load_teacher("densedepth-lite", canvas=64, weights=path)


Target = tuple[Path, Callable[[bytes, random.Random], bytes], Callable[[], object]]


def make_targets(work: Path) -> dict[str, list[Target]]:
    """The files to damage: (file, how, what reads it), by name of the target."""
    sources = work / "sources"
    for role, draw in (("fg", draw_foreground), ("bg", draw_background)):
        (sources / role).mkdir(parents=True)
        for seed in range(3):
            draw(seed).resize((40, 30)).save(sources / role / f"{seed}.png")
    folders = {}
    for format in ("tar", "lmdb"):
        folders[format] = work / format
        build_dataset(
            small_options(sources, folders[format], size=16, samples=12, samples_per_shard=4,
                          format=format, inline_backgrounds=format == "lmdb")
        )  # fmt: skip
    tar, lmdb = folders["tar"], folders["lmdb"]

    def facts() -> None:
        dataset_stats(tar)
        read_all(tar)

    def record() -> None:
        read_record(tar, "train-000000.tar")
        verify_dataset(tar, workers=1)

    def plan() -> None:
        verify_dataset(tar, workers=1)
        render_sample(tar, "train", 0, fg=sources / "fg", bg=sources / "bg")

    targets: dict[str, list[Target]] = {
        "manifest": [(tar / MANIFEST, change_either, facts)],
        "plan": [(tar / PLAN, change_either, plan)],
        "log": [(tar / LOG, change_either_line, lambda: render_sample(tar, "train", 0))],
        "record": [(tar / "train-000000.json", change_either, record)],
        "tar": [(tar / name, change_tar, lambda: read_all(tar))
                for name in ("train-000001.tar", "background-000000.tar")],
        "lmdb": [(lmdb / name, change_lmdb, lambda: read_all(lmdb))
                 for name in ("train-000001.lmdb", "background-000000.lmdb")],
    }  # fmt: skip
    targets["picture"] = []
    for index, data in enumerate(pictures()):
        path = work / f"picture-{index}"
        path.write_bytes(data)
        targets["picture"].append(
            (path, change_picture, lambda path=path: read_picture(path))  # type: ignore[misc]
        )
    return targets | network_targets(work)


def change_either_line(data: bytes, rng: random.Random) -> bytes:
    """One line of JSON lines changed."""
    lines = data.splitlines()
    at = rng.randrange(len(lines))
    lines[at] = change_either(lines[at], rng)
    return b"\n".join(lines)


def network_targets(work: Path) -> dict[str, list[Target]]:
    """A checkpoint of a small untrained network, and the teacher's weights."""
    from depthmask.checkpoint import Checkpoint, save_checkpoint
    from depthmask.networks import MaskDepthNet, NetworkSpec

    spec = NetworkSpec(
        backbone="mobilenetv3_small_050", heads="mask",
        image_mean=(0.5,) * 3, image_std=(0.2,) * 3,
        background_mean=(0.5,) * 3, background_std=(0.2,) * 3,
    )  # fmt: skip
    network, checkpoint = MaskDepthNet(spec), work / "small.pt"
    save_checkpoint(
        checkpoint,
        Checkpoint(spec=spec, size=32, coding=None, weights=network.state_dict(), options={},
                   scores={}, training=None),
    )  # fmt: skip
    shipped = ROOT / "pipeline" / "weights" / "densedepth-lite.safetensors"
    weights = Path(shutil.copy(shipped, work / "teacher.safetensors"))
    return {
        "checkpoint": [(checkpoint, change_checkpoint, lambda: read_network(checkpoint))],
        "teacher": [(weights, flip_head, lambda: read_teacher(weights))],
    }


def change_checkpoint(data: bytes, rng: random.Random) -> bytes:
    """A checkpoint damaged as bytes, or well-formed with some values replaced."""
    import torch

    if rng.random() < 0.4:
        return flip_bytes(data, rng)
    state = torch.load(io.BytesIO(data), weights_only=True)
    for _ in range(rng.choice((1, 1, 2))):
        inner = state
        while isinstance(inner, dict) and inner:
            key = rng.choice(list(inner))
            if not isinstance(inner[key], dict) or rng.random() < 0.2:
                match rng.randrange(3):
                    case 0:
                        del inner[key]
                    case 1:
                        inner[key] = torch.zeros(rng.choice(((), (3,), (1, 3, 1, 1), (0,))))
                    case _:
                        inner[key] = rng.choice(VALUES)
                break
            inner = inner[key]
    stream = io.BytesIO()
    torch.save(state, stream)
    return stream.getvalue()


def flip_head(data: bytes, rng: random.Random) -> bytes:
    """Bytes damaged in their first 40 kB, where the header is."""
    return flip_bytes(data[:40_000], rng) + data[40_000:]


def _too_long(signum: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"over {SECONDS} s")


def run_child(work: Path, seed: int, only: str | None) -> None:
    """Try a round of inputs; print the counts and the finds as JSON."""
    warnings.simplefilter("error")
    for harmless in ("_cuda", "lazy", "deprecated"):
        warnings.filterwarnings("ignore", f".*{harmless}.*")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, _too_long)
    targets = make_targets(work)
    counts: Counter[str] = Counter()
    finds = []
    names = [only] if only else sorted(targets)
    slow = {"checkpoint", "teacher"}
    rng = random.Random(seed)
    for turn in range(ROUND):
        name = rng.choice(names)
        if name in slow and not only and turn % 8:
            name = "picture"
        path, change, read = rng.choice(targets[name])
        whole = path.read_bytes()
        damaged = change(whole, rng)
        path.write_bytes(damaged)
        (work / "current").write_text(f"{name} {path.name}")
        shutil.copy(path, work / "current.bytes")
        signal.alarm(SECONDS)
        try:
            read()
            counts[f"{name}: read"] += 1
        except OURS as error:
            counts[f"{name}: refused"] += 1
            if "\n" in str(error) or not str(error):
                finds.append((name, f"no single sentence: {error!r}"[:500], seed, turn))
        except BaseException as error:
            signal.alarm(0)
            counts[f"{name}: FOUND"] += 1
            last = "".join(traceback.format_tb(error.__traceback__)[-3:])
            finds.append((name, f"{type(error).__name__}: {error}\n{last}"[:1500], seed, turn))
            keep = work.parent / "finds" / f"{name}-{seed}-{turn}-{path.name}"
            keep.parent.mkdir(exist_ok=True)
            keep.write_bytes(damaged)
        finally:
            signal.alarm(0)
            path.write_bytes(whole)
    print(json.dumps({"counts": counts, "finds": finds}))


def main() -> None:
    """Rounds until the time is over; a line of totals after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="one target: manifest, tar, picture, …")
    parser.add_argument("--work", type=Path, default=Path("fuzz"))
    parser.add_argument("--log", type=Path)
    parser.add_argument("--pause", type=Path, help="wait while this file exists")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child is not None:
        run_child(given.work, given.child, given.only)
        return
    given.work.mkdir(parents=True, exist_ok=True)
    totals: Counter[str] = Counter()
    spent, seed = 0.0, given.seed
    while spent < given.minutes * 60:
        while given.pause and given.pause.exists():
            time.sleep(5)
        place = given.work / "round"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        command = [sys.executable, __file__, "--work", str(place), "--child", str(seed)]
        command += ["--only", given.only] if given.only else []
        begin = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        spent += time.monotonic() - begin
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        lines = [f"round {seed}: status {done.returncode}"]
        if done.returncode:
            totals["CRASHED"] += 1
            current = (place / "current").read_text() if (place / "current").exists() else "?"
            lines.append(f"CRASH {current}: {done.stderr[-1500:]}")
            if (place / "current.bytes").exists():
                (given.work / "finds").mkdir(exist_ok=True)
                shutil.copy(place / "current.bytes", given.work / "finds" / f"crash-{seed}")
        else:
            result = json.loads(done.stdout.splitlines()[-1])
            totals.update(result["counts"])
            lines += [f"FIND {find}" for find in result["finds"]]
        tried = sum(totals.values())
        core = (used.ru_utime + used.ru_stime) / 60
        lines.append(
            f"{spent / 60:.1f} min ({core:.1f} of a core), {tried:,} inputs, "
            f"{dict(sorted(totals.items()))}"
        )
        text = "\n".join(lines)
        if given.log:
            with given.log.open("a") as file:
                file.write(text + "\n")
        print(lines[-1], flush=True)
        seed += 1


if __name__ == "__main__":
    main()
