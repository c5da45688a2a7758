"""README.md and docs/: every command and every piece of Python in them is run, as it stands.

Pages share nothing: each is run from top to bottom in a folder of its own that holds what pages
take for granted (pictures, a small data set, a trained network). What would take long is
shortened (`shortened`), what cannot run here says so in a comment before it:

    <!-- not run: REASON -->          <!-- run by tests/FILE.py -->
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from small import draw_background

import depthmask
from depthmask.commands.cli import cli
from depthmask.drawing.sample_data import SampleDataOptions, draw_sample_data
from depthmask.recipes.train_options import TrainOptions
from depthmask.training.loop import train
from pipeline.build import build_dataset
from pipeline.planning.options import BuildOptions

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = ("depthmask ", "python ", "make ", "diff ", "source ", "_DEPTHMASK_COMPLETE", "tar ")
LEAVE = "mkdir first && cd first"
RUN_ELSEWHERE = ("python3 -m venv", "source .venv/", "pip install", LEAVE)
"""tests/contracts/test_package.py installs; each page has a folder of its own here anyway."""
_EXEMPT = re.compile(r"<!-- (?:not run: .+|run by (tests/[\w/]+\.py)) -->")
_PATH = re.compile(
    r"(?<![\w/.])((?:depthmask|pipeline|shards|tests|examples|docs)/[\w./-]*\.(?:py|toml|md))\b"
)
_ROOM = re.compile(r"`((?:depthmask|pipeline|shards|tests)/(?:[a-z_]+/)+)`")
_OUT = re.compile(r"--out[ =](\S+)")
_PRELUDE = """
import numpy as np
import depthmask
image = background = np.zeros((64, 64, 3), np.uint8)
"""
_SHORT = (
    (r"--minutes [\d.]+", "--minutes 0.03"),
    (r"(sample-data pictures)\b", r"\1 --cars 6 --scenes 6 --people 4 --signs 4"),
    (r"--epochs \d+", "--epochs 1"),
    (r"--samples [\d_]{3,}", "--samples 60"),
    (r"\bsamples=\d+", "samples=60"),
    (r"\bminutes=\d+", "minutes=0.03"),
    (r"--scenes 50\b", "--scenes 1"),
    (r"(tutorial\.py tutorial) \d+", r"\1 0.03"),
)


def blocks(page: Path) -> list[tuple[str, str, str]]:
    """(language, text, exemption) of every block of code, fenced or indented, in order."""
    found, exemption = [], ""
    lines = page.read_text().splitlines()
    place = 0
    while place < len(lines):
        line = lines[place]
        if match := _EXEMPT.search(line):
            exemption = match.group()
        fence = re.fullmatch(r"```\s*(\w*)(?:\{.+\})?", line)
        begin = place = place + 1
        if fence:
            while lines[place] != "```":
                place += 1
            found.append((fence[1], "\n".join(lines[begin:place]), exemption))
            place += 1
        elif line.startswith("    ") and not lines[begin - 2].strip():
            while place < len(lines) and (lines[place].startswith("    ") or not lines[place]):
                place += 1
            text = "\n".join(each[4:] for each in lines[begin - 1 : place]).rstrip()
            found.append((_language(text), text, exemption))
        elif not line.strip() or match:
            continue
        exemption = ""
    return found


def _language(text: str) -> str:
    """What an indented block is: commands, Python, or a picture of something."""
    if text.lstrip().startswith((*COMMANDS, *RUN_ELSEWHERE)):
        return "bash"
    return "python" if re.match(r"(import|from) \w|\w+ = depthmask\.", text) else ""


def shortened(text: str) -> str:
    """The same commands, over in seconds; "…" stands for the sources and the data set."""
    for pattern, replacement in _SHORT:
        text = re.sub(pattern, replacement, text)
    return text.replace(
        "build-dataset …", "build-dataset --fg cars --bg scenes --out tried --samples 20"
    )


def as_script(text: str) -> str:
    """Commands as a bash script in which what stands at an --out goes first, unless it is used."""
    lines = []
    for command in re.sub(r"\\\n\s*", "", shortened(text)).splitlines():
        bare = command.strip()
        if bare.startswith(RUN_ELSEWHERE) or not bare:
            continue
        out = _OUT.search(bare)
        makes = bare.startswith(("depthmask build-dataset", "depthmask train", "depthmask sample"))
        if out and makes and "--resume" not in bare and "--part" not in bare:
            lines.append(f"rm -rf {out[1]}")
        elif " build-dataset " in bare and not out:
            lines.append("rm -rf shards")
        elif bare.startswith("depthmask sample-data") or bare.startswith("depthmask convert"):
            target = bare.partition("#")[0].split()[2 if "sample-data" in bare else 3]
            lines.append(f"rm -rf {target}")
        lines.append(command)
    return "\n".join(lines)


@pytest.mark.parametrize("page", ["README.md", "docs/first-steps.md"])
def test_a_new_user_leaves_the_projects_folder_before_anything_is_made(page: str) -> None:
    """`shards` is a package there: the first build of everybody would be refused."""
    commands = [text for language, text, _ in blocks(ROOT / page) if language == "bash"]
    before, build, _ = "\n".join(commands).partition("depthmask build-dataset")
    assert build
    assert LEAVE in before
    assert "/first/" in (ROOT / ".gitignore").read_text().splitlines()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What pages take for granted: pictures, the data set `shards`, the run `runs/first`, …"""
    root = tmp_path_factory.mktemp("world")
    draw_sample_data(SampleDataOptions(out=root / "pictures", cars=6, scenes=6, people=4, signs=4))
    for name in ("cars", "scenes"):
        shutil.copytree(root / "pictures" / name, root / name)
    for name in ("photos", "clipart"):
        shutil.copytree(root / "pictures" / ("scenes" if name == "photos" else "cars"), root / name)
    for out, seed in (("shards", 0), ("more-shards", 1), ("more", 1)):
        build_dataset(
            BuildOptions(
                fg=root / "cars",
                bg=root / "scenes",
                out=root / out,
                size=64,
                samples=60,
                seed=seed,
                samples_per_shard=12,
                val_fraction=0.25,
            )
        )
    small = TrainOptions(
        shards=root / "shards", out=root / "runs" / "first", size=32, epochs=1, batch_size=8
    )
    train(small)
    for name in ("shot", "empty", "holiday"):
        draw_background(3).save(root / f"{name}.jpg")
    shutil.copytree(ROOT / "examples", root / "examples")
    shutil.copytree(ROOT / "tests" / "benchmarks", root / "tests" / "benchmarks")
    programs = root / "programs"
    programs.mkdir()
    for name, call in (("depthmask", "-m depthmask"), ("python", "")):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {call} "$@"\n')
        (programs / name).chmod(0o755)
    return root


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_program_of_a_page_runs(page: Path, world: Path, tmp_path: Path) -> None:
    here = Path(shutil.copytree(world, tmp_path / "here", symlinks=True))
    environment = os.environ | {
        "PATH": f"{here / 'programs'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_OFFLINE": "1",
    }
    for language, text, exemption in blocks(page):
        if exemption or language not in ("bash", "python"):
            continue
        if language == "bash":
            command = ["bash", "-euo", "pipefail", "-c", as_script(text)]
        else:
            command = [sys.executable, "-c", f"{_PRELUDE}{shortened(text)}"]
            for out in re.findall(r'out="([^"]+)"', text):
                shutil.rmtree(here / out, ignore_errors=True)
        result = subprocess.run(
            command, cwd=here, env=environment, capture_output=True, text=True, timeout=900
        )
        assert result.returncode == 0, f"{text}\n---\n{command[-1]}\n---\n{result.stderr[-3000:]}"


@pytest.mark.parametrize("page", [*PAGES, ROOT / "tests" / "README.md"], ids=lambda page: page.name)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text()
    named = {*_PATH.findall(text), *_ROOM.findall(text)}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_is_exempt_says_why_and_where_it_is_run(page: Path) -> None:
    for match in _EXEMPT.finditer(page.read_text()):
        if match[1]:
            assert (ROOT / match[1]).is_file(), match.group()
    fenced = {language for language, _, _ in blocks(page)}
    assert fenced <= {"", "bash", "python", "text", "yaml", "toml"}, fenced


def test_every_command_is_documented_and_every_documented_command_exists() -> None:
    text = "\n".join(page.read_text() for page in PAGES)
    named = set(re.findall(r"(?:^|[ `])depthmask ([a-z][a-z-]+)", text, re.MULTILINE))
    commands = set(cli.list_commands(None))  # type: ignore[arg-type]
    assert commands <= named
    unknown = {name for name in named - commands if re.search(rf"`depthmask {name}[ `]", text)}
    assert not unknown
    assert CliRunner().invoke(cli, ["--help"]).exit_code == 0


def test_every_page_has_its_place_in_the_site() -> None:
    site = (ROOT / "mkdocs.yml").read_text()
    pages = [page.relative_to(ROOT / "docs").as_posix() for page in PAGES[1:]]
    missing = [page for page in pages if f": {page}\n" not in site]
    assert missing == []


def test_every_public_name_has_a_docstring_and_stands_in_the_api_page() -> None:
    page = (ROOT / "docs" / "api.md").read_text()
    for name in set(depthmask.__all__) - {"__version__"}:
        assert getattr(depthmask, name).__doc__, name
        assert re.search(rf"^::: [\w.]+\.{name}$", page, re.MULTILINE), name


def test_phrases_of_the_troubleshooting_page_are_those_of_the_code() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    phrases = re.findall(r"^\| `([^`]+)`", page, re.MULTILINE)
    folders = ("depthmask", "pipeline", "shards")
    code = "\n".join(path.read_text() for name in folders for path in (ROOT / name).rglob("*.py"))
    assert len(phrases) > 25
    assert [phrase for phrase in phrases if phrase not in code] == []


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    pytest.importorskip("mkdocstrings")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    front = (tmp_path / "site" / "index.html").read_text()
    assert not re.search(r'(src|rel="stylesheet" href)="https?:', front)  # it needs no network
    assert "build_dataset" in (tmp_path / "site" / "api.html").read_text()
    assert "--samples-per-shard" in (tmp_path / "site" / "commands.html").read_text()


@pytest.mark.slow
def test_make_demo_ends_with_a_network_a_prediction_and_reports(
    world: Path, tmp_path: Path
) -> None:
    command = ["make", "-o", ".venv/installed", "demo", f"BIN={world / 'programs'}"]
    command += [f"DEMO={tmp_path / 'demo'}", "SAMPLES=200", "MINUTES=0.05"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-3000:]
    left = {str(path.relative_to(tmp_path / "demo")) for path in (tmp_path / "demo").rglob("*")}
    assert {"run/best.pt", "prediction/cutout.png", "shards.html", "run.html"} <= left
    picture = tmp_path / "prediction.png"
    script = [sys.executable, ROOT / "examples" / "draw_readme_picture.py", tmp_path / "demo"]
    subprocess.run([*script, picture], env=environment, check=True)
    assert picture.stat().st_size > 10_000
    assert (ROOT / "docs" / "pictures" / "prediction.png").stat().st_size < 150_000
