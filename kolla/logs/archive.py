"""The archive: the compressed end of the log of each generation that is gone."""

import collections
import contextlib
import gzip
import math
import os
import pathlib
import zlib
from collections.abc import Iterable, Iterator

from kolla.errors import KollaError, said
from kolla.files import write_whole
from kolla.logs import lines
from kolla.settings import Settings
from kolla.text import harmless

#: Bytes that are compressed at a time; the beginning of a log is dropped in such steps.
PIECE = 1 << 20
#: The units of [logs] archive_size, as powers of 2.
UNITS = {"k": 10, "m": 20, "g": 30}
#: The level of gzip: a fast one, and still a log shrinks to a tenth.
LEVEL = 1


class Archive:
    """A folder with a file for each generation of each container, which ``zcat`` can read.

    The archive keeps the last ``size`` bytes of a log, after compression, and the newest
    ``count`` logs of a container. Writing and reading raise :class:`KollaError`.
    """

    def __init__(self, folder: pathlib.Path, size: int, count: int):
        self.folder, self.size, self.count = folder, size, count

    @classmethod
    def from_settings(cls, folder: pathlib.Path, settings: Settings) -> "Archive":
        size = settings.value("logs", "archive_size")
        return cls(folder, int(size[:-1]) << UNITS[size[-1]], settings.value("logs", "archives"))

    def keep(self, container: str, generation: int, log: Iterable[tuple[str, str]]) -> None:
        """Write a log as a whole or not at all, then drop logs beyond the limits.

        An empty log makes no file. The memory it takes is that of the compressed file.
        """
        end = _End(self.size)
        try:
            if self.count:
                for at, text in log:
                    end.add(at, text)
        finally:  # a log that breaks off is kept up to there
            try:
                self._write(self.path(container, generation), end)
                self._drop(container)
            except OSError as error:
                raise KollaError(f"{error.filename}: {error.strerror}") from None

    def _write(self, path: pathlib.Path, end: "_End") -> None:
        content = end.compressed()
        if content:
            write_whole(path, content)
            # The time of the file tells whether it can have lines that are asked for.
            os.utime(path, (math.ceil(lines.seconds(end.at)),) * 2)

    def _drop(self, container: str) -> None:
        """Delete logs beyond the newest, and drafts that a killed command left."""
        newest = sorted(self.generations(container), reverse=True)[:self.count]
        wanted = {self.path(container, number) for number in newest}
        for path in (self.folder / container).glob("*.log.gz*"):
            if path not in wanted:
                path.unlink(missing_ok=True)

    def generations(self, container: str) -> dict[int, str]:
        """The generations with a log here, and the second by which each was complete."""
        found = {}
        for path in (self.folder / container).glob("[0-9]*.log.gz"):
            with contextlib.suppress(FileNotFoundError, ValueError):  # dropped, or no log
                found[int(path.name.partition(".")[0])] = lines.stamp(path.stat().st_mtime)
        return found

    def read(self, container: str, generation: int) -> Iterator[tuple[str, str]]:
        """(ISO time, line) pairs; none if there is no such log any more."""
        path = self.path(container, generation)
        try:
            with gzip.open(path, "rt", encoding="utf-8", errors="replace", newline="\n") as log:
                for line in log:
                    at, _, text = line.rstrip("\n").partition(" ")
                    yield at, harmless(text)  # earlier versions of kolla archived escape sequences
        except FileNotFoundError:
            pass
        except (OSError, EOFError, zlib.error) as error:
            raise KollaError(
                f"the archived log {path} cannot be read: {said(error)}",
                "if it is damaged, remove it",
            ) from None

    def path(self, container: str, generation: int) -> pathlib.Path:
        """The path that a log has in the archive."""
        return self.folder / container / f"{generation}.log.gz"


class _End:
    """The end of a log, compressed in pieces; the first pieces are dropped."""

    def __init__(self, size: int):
        self.size, self.at = size, ""
        self._pieces: collections.deque[bytes] = collections.deque()
        self._lines: list[bytes] = []
        self._length = 0

    def add(self, at: str, text: str) -> None:
        self.at = at
        self._lines.append(f"{at} {text}\n".encode())
        self._length += len(self._lines[-1])
        if self._length >= min(PIECE, self.size):
            self._compress()

    def _compress(self) -> None:
        self._pieces.append(gzip.compress(b"".join(self._lines), LEVEL))
        self._lines, self._length = [], 0
        while sum(map(len, self._pieces)) > self.size and len(self._pieces) > 1:
            self._pieces.popleft()

    def compressed(self) -> bytes:
        """The file: concatenated members of gzip are gzip again."""
        if self._lines:
            self._compress()
        return b"".join(self._pieces)
