"""What a data set's bytes depend on besides its plan: versions and the kind of device."""

import importlib.metadata
import platform
import zlib
from typing import Any

import numpy as np
from PIL import features

from pipeline.machine.precision import fitting_precision
from pipeline.planning.scene_fields import OPENCV_BLENDS
from pipeline.sources.formats.heif import PACKAGE, heif_version
from shards.base.version import __version__


def versions_in_use(
    *,
    teacher: str | None,
    device: str,
    heif: bool = False,
    decontaminate: bool = False,
    opencv: bool = False,
) -> dict[str, str]:
    """Versions by name, as plan.json has them; torch and what it runs on with a teacher.

    `teacher` is its plain name: those of hf: and .onnx bring the library that runs them. `heif`
    says whether any source needs what decodes HEIF, `decontaminate` whether pymatting is used,
    `opencv` whether edges are joined by OpenCV.
    """
    versions = {
        "depthmask": __version__,
        "Pillow": importlib.metadata.version("pillow"),
        "libjpeg-turbo": str(features.version("libjpeg_turbo")),
        "simplejpeg": importlib.metadata.version("simplejpeg"),
        "littlecms2": str(features.version("littlecms2")),
        "numpy": np.__version__,
        "deflate": importlib.metadata.version("deflate"),
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
        "machine": platform.machine(),
    }
    if heif:
        versions[PACKAGE] = heif_version()
    if decontaminate:
        versions |= {name: _version_of(name) for name in ("pymatting", "numba")}
    if opencv:
        versions["OpenCV"] = _opencv_version()
    if teacher is not None:
        versions["torch"] = importlib.metadata.version("torch").partition("+")[0]
        versions["device kind"] = device.partition(":")[0]
        if teacher == "densedepth-lite":
            versions["precision"] = fitting_precision(device)
        if teacher.startswith("hf:"):
            versions["transformers"] = _version_of("transformers")
        if teacher.endswith(".onnx"):
            versions["onnxruntime"] = _version_of("onnxruntime")
    return versions


def versions_for(plan: dict[str, Any], device: str) -> dict[str, str]:
    """The versions here that the bytes of a plan.json's samples depend on."""
    teacher = plan["teacher"]
    return versions_in_use(
        teacher=None if teacher is None else teacher["name"],
        device=device,
        heif=PACKAGE in plan["versions"],
        decontaminate=plan["options"].get("decontaminate", False),
        opencv=plan["options"].get("blend") in OPENCV_BLENDS,
    )


def other_versions(plan: dict[str, Any], device: str) -> dict[str, str]:
    """Those of the versions here that plan.json does not name."""
    planned = plan["versions"]
    here = versions_for(plan, device)
    return {name: version for name, version in here.items() if planned.get(name) != version}


def _version_of(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "none"


def _opencv_version() -> str:
    """The library's own: several packages bring it."""
    try:
        import cv2
    except ImportError:
        return "none"
    return str(cv2.__version__)
