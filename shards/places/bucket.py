"""The files of one data set on an object store, each whole or absent."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shards.base.errors import InputError, RunError
from shards.base.files import publish, sha256_of, temporary_beside

_BLOCK = 1 << 22


class Bucket:
    """The files at an address; each process opens its own, since clients survive no fork."""

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            import fsspec

            self._files, self._root = fsspec.url_to_fs(url, use_listings_cache=False)
        except ImportError as error:
            raise InputError(
                url,
                expected="the packages that read object stores",
                found=str(error),
                remedy="pip install 'depthmask[cloud]'",
            ) from None

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _answering(self, name: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except Exception as error:  # every store's client has its own kinds
            raise RunError(
                f"{self.url}/{name}",
                expected="an object store that answers",
                found=str(error) or type(error).__name__,
                remedy="check the address and the credentials, then run the same command again",
            ) from None

    def sizes(self) -> dict[str, int]:
        """Names and bytes of all files."""
        with self._answering(""):
            try:
                entries: list[dict[str, Any]] = self._files.ls(self._root, detail=True)
            except FileNotFoundError:
                return {}
        return {
            entry["name"].rpartition("/")[2]: int(entry["size"])
            for entry in entries
            if entry["type"] == "file"
        }

    def read(self, name: str) -> bytes | None:
        """The bytes of a small file; None where there is none."""
        with self._answering(name):
            try:
                data: bytes = self._files.cat_file(self._at(name))
            except FileNotFoundError:
                return None
        return data

    def write(self, name: str, data: bytes) -> None:
        """Put a small file, whole or not at all."""
        with self._answering(name):
            self._files.pipe_file(self._at(name), data)

    def delete(self, name: str) -> None:
        """Delete a file if it exists."""
        with self._answering(name):
            if self._files.exists(self._at(name)):
                self._files.rm_file(self._at(name))

    def put(self, local: Path, name: str) -> None:
        """Put a large file."""
        with self._answering(name):
            self._files.put_file(str(local), self._at(name))

    def get(self, name: str, local: Path, sha256: str | None = None) -> None:
        """Fetch a file to `local`, which appears whole; RunError for none, or another `sha256`."""
        temporary = temporary_beside(local)
        try:
            with self._answering(name):
                self._files.get_file(self._at(name), str(temporary))
            if sha256 is not None and sha256_of(temporary) != sha256:
                raise RunError(
                    f"{self.url}/{name}",
                    expected="the shard that dataset.json names",
                    found="other bytes",
                    remedy="put the data set there again with `depthmask convert`",
                )
            publish(temporary, local)
        except FileNotFoundError:
            raise RunError(
                f"{self.url}/{name}",
                expected="this file",
                found="none",
                remedy="finish the data set where it was built",
            ) from None
        finally:
            temporary.unlink(missing_ok=True)

    def sha256(self, name: str) -> str:
        """SHA-256 of a file, read back from the store."""
        digest = hashlib.sha256()
        with self._answering(name), self._files.open(self._at(name), "rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
        return digest.hexdigest()
