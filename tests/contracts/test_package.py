"""The package as users get it: a wheel, installed and run from elsewhere."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def outside() -> dict[str, str]:
    """The environment of a user, whose path does not lead to this tree."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    words = [str(part) for part in command]
    return subprocess.run(words, cwd=cwd, env=outside(), check=True, capture_output=True, text=True)


def copy_source(source: Path) -> None:
    """What an install needs of this tree: another process of tests may be at it, too."""
    source.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("depthmask", "pipeline", "shards"):
        shutil.copytree(ROOT / name, source / name)


def make_environment(environment: Path) -> tuple[object, ...]:
    """An environment that sees this one's packages; the command that installs more into it."""
    venv.create(environment, with_pip=False)
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "test-environment.pth").write_text(sysconfig.get_path("purelib"))
    pip = (sys.executable, "-m", "pip", "--python", environment / "bin" / "python")
    return (*pip, "install", "--quiet", "--no-deps")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that has our wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    copy_source(source)
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source)
    run(*build, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    run(*make_environment(folder / "environment"), wheel, cwd=folder)
    return folder / "environment" / "bin"


@pytest.fixture(scope="module")
def editable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with an editable install of our source."""
    folder = tmp_path_factory.mktemp("editable")
    copy_source(folder / "source")
    install = make_environment(folder / "environment")
    run(*install, "--no-build-isolation", "--editable", folder / "source", cwd=folder)
    return folder / "environment" / "bin"


def test_the_wheel_runs_from_another_directory(installed: Path, tmp_path: Path) -> None:
    program = (
        "import json, depthmask, pipeline, shards\n"
        "card = __import__('pipeline.depth.teachers.table', fromlist=['']).describe_teacher(\n"
        "    'densedepth-lite', canvas=64)\n"
        "print(json.dumps([depthmask.__file__, pipeline.__file__, shards.__file__, card.kind]))"
    )
    *files, kind = json.loads(run(installed / "python", "-c", program, cwd=tmp_path).stdout)
    assert all(str(installed.parent) in file for file in files)
    assert kind == "inverse"
    assert "build-dataset" in run(installed / "depthmask", "--help", cwd=tmp_path).stdout


WAYS = (
    ("python", "-c", "import depthmask; depthmask.open_dataset"),
    ("python", "script.py"),
    ("python", "-m", "depthmask", "build-dataset", "--help"),
    ("depthmask", "build-dataset", "--help"),
)


@pytest.mark.parametrize("install", ["installed", "editable"])
def test_folders_of_our_names_beside_a_script_hide_nothing(
    install: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    programs: Path = request.getfixturevalue(install)
    for name in ("shards", "pipeline", "depthmask"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "train-000000.tar").write_bytes(b"")
    (tmp_path / "script.py").write_text("import depthmask\ndepthmask.BuildOptions\n")
    for program, *words in WAYS:
        run(programs / program, *words, cwd=tmp_path)


@pytest.mark.parametrize("install", ["installed", "editable"])
@pytest.mark.parametrize("intruder", ["pipeline.py", "shards.py", "shards/__init__.py"])
def test_a_module_of_our_name_beside_the_users_script_is_named_and_not_run(
    intruder: str, install: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    programs: Path = request.getfixturevalue(install)
    (tmp_path / intruder).parent.mkdir(exist_ok=True)
    (tmp_path / intruder).write_text("raise SystemExit('it was run')\n")
    (tmp_path / "script.py").write_text("import depthmask\n")
    for program, *words in WAYS[1:3]:
        process = subprocess.run(
            [programs / program, *words],
            cwd=tmp_path,
            env=outside(),
            capture_output=True,
            text=True,
        )
        assert process.returncode == 1
        assert f"found {tmp_path / intruder}; rename that file" in process.stderr
    run(programs / "depthmask", "--version", cwd=tmp_path)  # its folder is its own


def test_importing_depthmask_imports_no_torch(installed: Path, tmp_path: Path) -> None:
    program = "import sys, depthmask, depthmask.commands.cli; print('torch' in sys.modules)"
    assert run(installed / "python", "-c", program, cwd=tmp_path).stdout == "False\n"


def test_imports_go_down_only() -> None:
    run(Path(sys.executable).parent / "lint-imports", cwd=ROOT)
