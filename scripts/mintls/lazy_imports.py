"""Keeps some modules from being loaded until they are used: what a script imports first, so that it starts sooner.

plumbum imports them for paths as URLs and for remote machines; with http.client, email and ssl they would be a fifth of
a script's start. Python can do this by itself from 3.15 on (PEP 810), for which plumbum marks them already.
"""

import sys
import urllib
from importlib import import_module
from types import ModuleType
from typing import Any


class _Late(ModuleType):
    """Stands for a module, and makes room for it when something in it is asked for."""

    def __getattr__(self, attribute: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), attribute)


for name in {"pickle", "socket", "urllib.request"} - sys.modules.keys():
    sys.modules[name] = _Late(name)
urllib.request = sys.modules["urllib.request"]  # type: ignore[attr-defined]
