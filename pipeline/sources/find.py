"""Finding the files of a folder that may be sources."""

import os
from pathlib import Path

from pipeline.sources.source_bytes import list_folder, real_folder
from shards.base.names import is_put_there


def find_files(root: Path, *without: Path | None) -> list[str]:
    """Names (paths below `root` with "/") of all files, in order of their UTF-8 bytes.

    Links are followed, each real folder is entered once. Left out are the folders `without`, names
    that begin with ".", and what systems leave about. RunError where a folder cannot be listed.
    """
    entered = {os.path.realpath(folder) for folder in without if folder is not None}
    names = []
    waiting = [Path()]
    while waiting:
        below = waiting.pop()
        real = real_folder(root / below)
        if real in entered:
            continue
        entered.add(real)
        folders, files = list_folder(root / below)
        folders = sorted(filter(is_put_there, folders), reverse=True)
        waiting += [below / name for name in folders]
        names += [(below / name).as_posix() for name in files if is_put_there(name)]
    return sorted(names, key=os.fsencode)
