"""Delays the import of some modules until they are used, so that a script starts faster; imported first.

plumbum imports them for paths as URLs and for remote machines; with http.client, email and ssl they would be a fifth of
a script's start. From 3.15 on Python can do this itself (PEP 810); plumbum marks them for it already.
"""

import sys
import urllib
from importlib import import_module
from types import ModuleType
from typing import Any


class _Lazy(ModuleType):
    """A placeholder that loads the module when one of its attributes is read."""

    def __getattr__(self, attribute: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), attribute)


for name in {"pickle", "socket", "urllib.request"} - sys.modules.keys():
    sys.modules[name] = _Lazy(name)
urllib.request = sys.modules["urllib.request"]  # type: ignore[attr-defined]
