"""The highest generation number ever given to each container, beside the state file.

No number is used twice, even if the state file is lost.
"""

import pathlib

from kolla.errors import KollaError
from kolla.files import write_whole


class Numbers:
    """A folder with one small file for each container."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder

    def highest(self, name: str) -> int:
        """The highest number ever given to a container; 0 if none was."""
        path = self.folder / name
        try:
            return int(path.read_text())
        except FileNotFoundError:
            return 0
        except ValueError:
            raise KollaError(
                f"{path} should hold the highest generation number of {name}, and does not",
                "write a number into it that is higher than any in use",
            ) from None

    def claim(self, name: str, number: int) -> None:
        """Record a number so that it survives a power cut.

        Raises :class:`KollaError` if it cannot be written.
        """
        write_whole(self.folder / name, f"{number}\n".encode())
