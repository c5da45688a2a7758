"""`pipeline` and `shards` are common names: what lies beside a user's script may hide ours."""

import importlib.util
import os
import sys


def refuse_intruders() -> None:
    """ImportError, which names the file or folder, where another module hides a package of ours.

    None of it is run: somebody's pipeline.py may be a program.
    """
    home = os.path.dirname(os.path.dirname(__file__))
    for name in ("pipeline", "shards"):
        found = _place_of(name)
        if os.path.realpath(os.path.dirname(found)) != os.path.realpath(os.path.join(home, name)):
            raise ImportError(
                f"depthmask: expected its own package {name!r}, found {found or 'none'}; rename "
                "that file or folder, or start from another directory"
            )


def _place_of(name: str) -> str:
    """The file of a module that is imported, or would be; a folder's path if it is a bare one."""
    module = sys.modules.get(name)
    spec = importlib.util.find_spec(name) if module is None else module.__spec__
    file = getattr(module, "__file__", None) or (spec and spec.origin)
    folders = list(spec.submodule_search_locations or []) if spec else []
    return str(file) if file else "".join(folders[:1])
