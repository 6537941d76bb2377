"""mintls: mint mTLS test certificates with openssl, and prove the handshake."""

import sys
from importlib.util import find_spec

PACKAGES = {"plumbum": "plumbum", "yaml": "pyyaml", "msgspec": "msgspec"}


def _say_what_is_missing():  # type: ignore[no-untyped-def]
    """End in one sentence instead of a traceback, before anything else is imported.

    Written without annotations or newer syntax, so that an old Python can say it too.
    """
    missing = [PACKAGES[module] for module in sorted(PACKAGES) if find_spec(module) is None]
    if sys.version_info < (3, 11):  # noqa: UP036
        sentence = "mintls needs Python 3.11 or newer; this is Python %d.%d" % sys.version_info[:2]  # noqa: UP031
    elif missing:
        sentence = "mintls needs {}; install with: {} -m pip install {}".format(
            " and ".join(missing), sys.executable or "python3", " ".join(missing)
        )
    else:
        return
    sys.stderr.write(sentence + "\n")
    raise SystemExit(3)


_say_what_is_missing()  # type: ignore[no-untyped-call]
