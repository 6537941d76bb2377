"""Delays the import of some modules until they are used, so that a script starts faster; imported first.

Most of a script's start is imports, and most of these are of what it does not use: plumbum imports urllib.request,
http.client and ssl for paths as URLs, glob and shutil for methods that nothing here calls; msgspec all its formats.
Only `import x` and `from package import x` can wait; `from x import y` reads y at once. So what this list names is
imported whole by our own modules. From 3.15 on Python can do this itself (PEP 810); plumbum is ready for that.
"""

import gc
import sys
import threading
import urllib
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

NAMES = {
    # what plumbum, msgspec and the standard library import for features that are not used
    "bz2", "glob", "linecache", "lzma", "msgspec.inspect", "msgspec.msgpack", "msgspec.toml", "msgspec.yaml", "pickle",
    "plumbum.cli", "socket", "tokenize", "traceback", "urllib.request", "zlib",
    # what not each run uses, of the standard library and of our own
    "base64", "calendar", "concurrent.futures", "difflib", "graphlib", "hashlib", "ipaddress", "msgspec.json",
    "shlex", "shutil", "unicodedata",
    "mintls.command_line.help_text", "mintls.minting.mint", "mintls.minting.preflight", "mintls.plan.shell_script",
    "mintls.profile.cert_manager", "mintls.profile.starter", "mintls.profile.synonyms", "mintls.report.env_file",
    "mintls.report.mint_report", "mintls.x509.certificate", "mintls.x509.der", "mintls.x509.distinguished_name",
    "mintls.x509.pem", "mintls.x509.public_key",
}  # fmt: skip


class _Lazy(ModuleType):
    """A placeholder that loads the module when one of its attributes is read."""

    _module: ModuleType | None = None
    _lock = threading.Lock()

    def __getattr__(self, attribute: str) -> Any:
        if self._module is None:
            with self._lock:  # or a second thread would remove the module itself
                if sys.modules.get(self.__name__) is self:
                    del sys.modules[self.__name__]
            self._module = import_module(self.__name__)
        return getattr(self._module, attribute)


gc.disable()  # what is imported stays: to search it for garbage again and again takes a twentieth of the start
for name in NAMES - sys.modules.keys():
    sys.modules[name] = _Lazy(name)
plumbum = find_spec("plumbum")
if plumbum and isinstance(sys.modules["plumbum.cli"], _Lazy):  # a package: its modules can be imported without it
    sys.modules["plumbum.cli"].__path__ = [f"{folder}/cli" for folder in plumbum.submodule_search_locations or ()]
urllib.request = sys.modules["urllib.request"]  # type: ignore[attr-defined]
