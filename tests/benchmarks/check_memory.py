"""Peak memory of the source check on huge pictures: python tests/benchmarks/check_memory.py

Makes a folder of pictures near and over the limits, among them a PNG of 20,990 x 29,700, and
checks it in a fresh process with 16 threads; then each file alone.
"""

import os
import resource
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "kit")]

from PIL import Image  # noqa: E402

THREADS = 16


def large_png(path: Path, width: int, height: int, bits: int, colour: int) -> None:
    """A PNG of flat rows, written without holding it."""
    import struct

    from made_files import chunk

    channels = {0: 1, 2: 3, 6: 4}[colour]
    row = b"\0" + b"\xff" * -(-width * bits * channels // 8)
    stream = zlib.compressobj(1)
    with path.open("wb") as file:
        header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header))
        for _ in range(height):
            if part := stream.compress(row):
                file.write(chunk(b"IDAT", part))
        file.write(chunk(b"IDAT", stream.flush()) + chunk(b"IEND", b""))


def saved(mode: str, size: tuple[int, int], format: str, **settings: object) -> Callable[..., None]:
    def make(path: Path) -> None:
        Image.MAX_IMAGE_PIXELS = None
        Image.new(mode, size, 200 if mode == "L" else (200, 100, 50, 255)[: len(mode)]).save(
            path, format, **settings
        )

    return make


def png(*facts: int) -> Callable[[Path], None]:
    return lambda path: large_png(path, *facts)


MAKERS: dict[str, Callable[[Path], None]] = {
    "in-the-wild.png": png(20_990, 29_700, 1, 0),
    "rgb-623.png": png(20_990, 29_700, 8, 2),
    "rgba-64.png": png(8000, 8000, 8, 6),
    "rgba-64-again.png": png(8000, 8000, 8, 6),
    "rgba16-64.png": png(8000, 8000, 16, 6),
    "grey16-64.png": png(8000, 8000, 16, 0),
    "baseline-400.jpg": saved("RGB", (20_000, 20_000), "JPEG"),
    "progressive-60.jpg": saved("RGB", (10_000, 6_000), "JPEG", progressive=True, subsampling=0),
    "cmyk-progressive-60.jpg": saved("CMYK", (10_000, 6_000), "JPEG", progressive=True),
    "webp-36.webp": saved("RGBA", (6000, 6000), "WEBP", lossless=True, quality=0, method=0),
    "tiff-44.tif": saved("RGBA", (8000, 5500), "TIFF", compression="tiff_lzw"),
    "raw-40.tif": saved("RGBA", (8000, 5000), "TIFF"),
    "avif-36.avif": saved("RGB", (6000, 6000), "AVIF", speed=10),
    "jpeg2000-25.jp2": saved("RGB", (5000, 5000), "JPEG2000"),
    "gif-60.gif": saved("L", (10_000, 6000), "GIF"),
    "bmp-55.bmp": saved("RGB", (10_000, 5500), "BMP"),
}


def check(folder: Path) -> None:
    """In a fresh process: check the folder, print what happened and the peak."""
    os.cpu_count = lambda: THREADS
    from pipeline.sources.check import check_sources
    from shards.base.errors import InputError

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        found, skipped = check_sources(folder, "bg", lambda done, total: None)
        lines = [f"used     {source.name}" for source in found]
        lines += [f"left out {entry.path}: {entry.reason}" for entry in skipped]
    except InputError as error:
        lines = [str(error)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print("\n".join(lines))
    print(f"peak {peak / 1e3:,.0f} MB, {before / 1e3:,.0f} before", flush=True)


def children(argument: str, folders: list[Path]) -> Iterator[str]:
    for folder in folders:
        command = [sys.executable, __file__, argument, str(folder)]
        yield subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Make the pictures, check them together, then each alone."""
    if len(sys.argv) == 3:
        if sys.argv[1] == "check":
            check(Path(sys.argv[2]))
        else:
            path = Path(sys.argv[2])
            MAKERS[path.name](path)
        return
    with tempfile.TemporaryDirectory(prefix="depthmask-") as folder:
        together = Path(folder) / "together"
        together.mkdir()
        list(children("make", [together / name for name in MAKERS]))
        print("together, 16 threads:", *children("check", [together]), sep="\n")
        for name in MAKERS:
            alone = Path(folder) / name
            alone.mkdir()
            (alone / name).hardlink_to(together / name)
            megabytes = (together / name).stat().st_size / 1e6
            (said,) = children("check", [alone])
            print(f"{name} ({megabytes:.1f} MB): {said.splitlines()[-1]}", flush=True)


if __name__ == "__main__":
    main()
