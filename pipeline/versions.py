"""What a data set's bytes depend on besides its plan: versions and the kind of device."""

import importlib.metadata
import platform
import zlib

import numpy as np
from PIL import features

from shards.version import __version__


def versions_in_use(*, with_teacher: bool, device: str) -> dict[str, str]:
    """Versions by name, as they stand in plan.json; torch and the device only with a teacher."""
    versions = {
        "depthmask": __version__,
        "Pillow": importlib.metadata.version("pillow"),
        "libjpeg-turbo": str(features.version("libjpeg_turbo")),
        "simplejpeg": importlib.metadata.version("simplejpeg"),
        "numpy": np.__version__,
        "deflate": importlib.metadata.version("deflate"),
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
        "machine": platform.machine(),
    }
    if with_teacher:
        versions["torch"] = importlib.metadata.version("torch").partition("+")[0]
        versions["device kind"] = device.partition(":")[0]
    return versions
