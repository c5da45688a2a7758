"""What one build takes, alone in this process: build_usage.py FG BG OUT SIZE SAMPLES WORKERS

Prints JSON: processor seconds of all processes, and the largest resident set (MB) that the system
saw of the parent and of any worker.
"""

import json
import resource
import subprocess
import sys
from pathlib import Path

from speed_material import Material

from pipeline.build import build_dataset


def own_peak_mb() -> float:
    """The largest resident set of this program (Linux): ru_maxrss begins with its parent's."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def usage_of(material: Material, name: str, size: int, samples: int) -> dict[str, float]:
    """The same from a fresh process; the data set is deleted."""
    places = (material.fg, material.bg, material.fresh(name), size, samples, material.workers)
    command = [sys.executable, __file__, *map(str, places)]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    material.fresh(name)
    facts: dict[str, float] = json.loads(result.stdout)
    return facts


def main() -> None:
    """Build, and print what it took."""
    fg, bg, out = map(Path, sys.argv[1:4])
    size, samples, workers = map(int, sys.argv[4:])
    material = Material(out=out.parent, fg=fg, bg=bg, workers=workers)
    build_dataset(material.options(out.name, samples, size=size))
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    facts = {
        "processor": sum(used.ru_utime + used.ru_stime for used in both),
        "parent_mb": own_peak_mb(),
        "worker_mb": both[1].ru_maxrss / 1024,
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
