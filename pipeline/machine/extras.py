"""Packages that only an extra brings: whoever needs one says so before any work begins."""

import importlib
import importlib.util

from shards.base.errors import InputError


def require_packages(where: str, extra: str, *packages: str) -> None:
    """InputError where a package of an extra is not installed, or cannot be loaded.

    It is loaded to know: OpenCV lacks libGL in many a container, numba refuses a newer numpy.
    """
    remedy = f"pip install 'depthmask[{extra}]'"
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise InputError(
                where,
                expected=f"the package {package}",
                found="none installed",
                remedy=remedy,
            )
        try:
            importlib.import_module(package)
        except (ImportError, OSError) as error:
            reason = " ".join(str(error).split())
            raise InputError(
                where,
                expected=f"a package {package} that can be loaded",
                found=f"{type(error).__name__}: {reason}",
                remedy=f"{remedy} in an environment of its own",
            ) from error
