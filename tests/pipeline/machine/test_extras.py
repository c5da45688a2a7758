"""pipeline/machine/extras.py"""

from pathlib import Path

import pytest

from pipeline.machine.extras import require_packages
from shards.base.errors import InputError


@pytest.mark.parametrize("raised", ["ImportError", "OSError"])
def test_a_package_that_cannot_be_loaded_is_named_with_the_reason(
    raised: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = f"broken_{raised.lower()}"
    (tmp_path / f"{package}.py").write_text(f"raise {raised}('libGL.so.1: no\\nsuch file')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        InputError, match=rf"--blend mix: .*{package}.*{raised}: libGL.so.1: no such"
    ):
        require_packages("--blend mix", "poisson", package)
