"""What the tasks read from their environment, and how they fail."""

import os
import sys
from typing import NoReturn


def fail(message: str) -> NoReturn:
    sys.exit(f"{os.path.basename(sys.argv[0])}: {message}")


def require(name: str) -> str:
    return os.environ.get(name) or fail(f"{name} is not set")
