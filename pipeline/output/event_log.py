"""build.log.jsonl: what happened in a data set's folder, when and on which host, a line each."""

import datetime
import errno
import json
import os
import socket
from pathlib import Path
from typing import Any

from shards.base.files import open_in_place
from shards.records.manifest import LOG


def log_event(out: Path, **facts: Any) -> None:
    """Append a line to build.log.jsonl: the time, this host, and `facts`.

    One call writes it, so lines of several processes do not mix; a line that was cut short (a kill,
    a full disk) is ended first.
    """
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    entry = json.dumps({"time": now, "host": socket.gethostname()} | facts)
    descriptor = open_in_place(out / LOG, os.O_RDWR | os.O_APPEND)
    try:
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        line = ("\n" * torn + entry + "\n").encode("ascii")
        if os.write(descriptor, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(out / LOG))
    except OSError:
        if os.fstat(descriptor).st_size == 0:
            (out / LOG).unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
