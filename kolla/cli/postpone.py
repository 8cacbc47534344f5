"""Imports that are put off until they are needed."""

import importlib
import sys
import types


def postpone(name: str) -> None:
    """Have a module imported once something in it is asked for, and not before.

    ``importlib.util.LazyLoader`` does not do: the next ``import`` of the module loads it.
    """

    class Postponed(types.ModuleType):
        def __getattr__(self, attribute: str):
            if sys.modules.get(name) is self:
                del sys.modules[name]
            self.__dict__.update(vars(importlib.import_module(name)))
            return getattr(sys.modules[name], attribute)

    if name not in sys.modules:
        sys.modules[name] = Postponed(name)
