"""Postpones imports until they are needed."""

import importlib
import sys
import types
from typing import Any


def postpone(name: str) -> None:
    """Import a module when an attribute of it is first read.

    ``importlib.util.LazyLoader`` is no help: the next ``import`` of the module loads it.
    """

    class Postponed(types.ModuleType):
        def __getattr__(self, attribute: str) -> Any:
            if sys.modules.get(name) is self:
                del sys.modules[name]
            self.__dict__.update(vars(importlib.import_module(name)))
            return getattr(sys.modules[name], attribute)

    if name not in sys.modules:
        sys.modules[name] = Postponed(name)
