"""Keeps urllib.request from being loaded until it is used: what a script imports first, so that it starts sooner.

plumbum imports it for one method of its paths; with http.client, email and ssl it would be a sixth of a script's start.
plumbum marks it as lazy, which Python honours from 3.15 on (PEP 810): this does the same for the versions before.
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


if "urllib.request" not in sys.modules:
    urllib.request = sys.modules["urllib.request"] = _Late("urllib.request")  # type: ignore[attr-defined]
