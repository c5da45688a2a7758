"""The package as users get it: a wheel, installed and run from elsewhere."""

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, check=True, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that has our wheel and sees this one's packages."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"  # a copy: another process of tests may be at it, too
    source.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("depthmask", "pipeline", "shards"):
        shutil.copytree(ROOT / name, source / name)
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source)
    run(*build, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    environment = folder / "environment"
    venv.create(environment, with_pip=False)
    pip = (sys.executable, "-m", "pip", "--python", environment / "bin" / "python")
    run(*pip, "install", "--quiet", "--no-deps", wheel, cwd=folder)
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "test-environment.pth").write_text(sysconfig.get_path("purelib"))
    return environment / "bin"


def test_the_wheel_runs_from_another_directory(installed: Path, tmp_path: Path) -> None:
    program = (
        "import json, depthmask, pipeline, shards\n"
        "card = __import__('pipeline.teachers').teachers.describe_teacher(\n"
        "    'densedepth-lite', canvas=64)\n"
        "print(json.dumps([depthmask.__file__, pipeline.__file__, shards.__file__, card.kind]))"
    )
    *files, kind = json.loads(run(installed / "python", "-c", program, cwd=tmp_path).stdout)
    assert all(str(installed.parent) in file for file in files)
    assert kind == "inverse"
    assert "build-dataset" in run(installed / "depthmask", "--help", cwd=tmp_path).stdout


def test_a_pipeline_beside_the_users_script_is_named(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "pipeline.py").write_text("mine = True\n")
    (tmp_path / "script.py").write_text("import depthmask\n")
    process = subprocess.run(
        [installed / "python", "script.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert process.returncode == 1
    assert f"found {tmp_path / 'pipeline.py'}; rename that file" in process.stderr


def test_importing_depthmask_imports_no_torch(installed: Path, tmp_path: Path) -> None:
    program = "import sys, depthmask, depthmask.cli; print('torch' in sys.modules)"
    assert run(installed / "python", "-c", program, cwd=tmp_path).stdout == "False\n"


def test_imports_go_down_only() -> None:
    run(Path(sys.executable).parent / "lint-imports", cwd=ROOT)
