"""Packages that only an extra brings: whoever needs one says so before any work begins."""

import importlib.util

from shards.base.errors import InputError


def require_packages(where: str, extra: str, *packages: str) -> None:
    """InputError where a package of an extra is not installed."""
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise InputError(
                where,
                expected=f"the package {package}",
                found="none installed",
                remedy=f"pip install 'depthmask[{extra}]'",
            )
