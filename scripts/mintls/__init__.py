"""mintls: mint mTLS test certificates with openssl, and prove the handshake."""

import sys
from importlib.util import find_spec

PACKAGES = {"plumbum": "plumbum>=2.0.1,<3", "yaml": "pyyaml", "msgspec": "msgspec>=0.20,<1"}


def _say_what_is_missing():  # type: ignore[no-untyped-def]
    """End in one sentence instead of a traceback, before anything else is imported.

    Written without annotations or newer syntax, so that an old Python can say it too.
    """
    missing = [PACKAGES[module] for module in sorted(PACKAGES) if find_spec(module) is None]
    if sys.version_info < (3, 11):  # noqa: UP036
        sentence = "mintls needs Python 3.11 or newer; this is Python %d.%d" % sys.version_info[:2]  # noqa: UP031
    elif missing:
        names = [package.partition(">")[0] for package in missing]
        quoted = ["'%s'" % package if ">" in package else package for package in missing]  # noqa: UP031
        sentence = "mintls needs {}; install with: {} -m pip install {}".format(
            " and ".join(names), sys.executable or "python3", " ".join(quoted)
        )
    else:
        return
    sys.stderr.write(sentence + "\n")
    raise SystemExit(3)


_say_what_is_missing()  # type: ignore[no-untyped-call]
