"""Real servers and clients for the tests to examine: what mTLS tools meet outside.

`servers.SERVERS[name](certs, logs)` is a context manager that yields an Address; `clients.template(name)` is
a command line. RIGHT ones enforce what they should, WRONG ones only seem to. `need` skips the test when a
program is missing.
"""

from . import clients, servers
from .process import Address, need, need_module

__all__ = ["Address", "clients", "need", "need_module", "servers"]
