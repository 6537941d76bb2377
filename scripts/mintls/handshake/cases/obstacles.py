"""Reasons to skip a row: this openssl cannot create the certificate, or the version of TLS has no such key type."""

from collections.abc import Callable, Iterable
from functools import cache

from mintls.errors import MintlsError
from mintls.handshake.cases.case import Obstacle, Row, Verifier
from mintls.handshake.result import Result
from mintls.handshake.verdict import Evidence, Kind, Verdict
from mintls.minting.preflight import DEFECTS, makes_key, who_has
from mintls.openssl.binary import Openssl

# Options of both peers that an OpenSSL has and a LibreSSL lacks.
OPTIONS = (("s_client", "-msgfile"), ("s_server", "-rev"))
OLD_DIGEST = ("dgst", "-md5-sha1", "/dev/null")  # the handshake hash of TLS 1.0 and 1.1 (RFC 4346 7.4.9)
KEYS = ("rsa:1024",)  # keys that an openssl may refuse to generate, as the FIPS provider does


def check_prover(openssl: Openssl) -> None:
    """Raises MintlsError when this binary's s_client and s_server cannot report their messages."""
    if not all(openssl.can(command, option) for command, option in OPTIONS):
        raise MintlsError(f"handshake_check.py needs OpenSSL; this is {openssl.version()}; set OPENSSL to an OpenSSL")


def maker_obstacle(openssl: Openssl) -> Callable[[Row], Obstacle | None]:
    """A function that returns why this binary cannot create what a row presents; None when it can."""

    @cache
    def lacks(key: str) -> bool:
        return not makes_key(openssl, key)

    @cache
    def is_modern() -> bool:
        return bool(openssl.ask(OLD_DIGEST).status)

    def obstacle(row: Row) -> Obstacle | None:
        if row.version in ("1.0", "1.1") and is_modern():
            return Obstacle(
                f"TLS {row.version}", f"this openssl has none, as with the FIPS provider ({openssl.version()})"
            )
        for settings in (row.case.leaf or {}, *row.case.authorities.values()):
            defects = settings.get("defects")
            for defect in defects if isinstance(defects, list) else ():
                option = DEFECTS.get(defect)
                if option and not openssl.can(*option.split()):
                    reason = f"this openssl has no `{option}` ({openssl.version()}); {who_has(option)}"
                    return Obstacle(row.case.id, reason)
            key = str(settings.get("key", ""))
            if key in KEYS and lacks(key):
                return Obstacle(f"{key} keys", f"this openssl cannot make one ({openssl.version()})")
        return None

    return obstacle


def version_obstacle(version: str, key: str) -> Obstacle | None:
    """Why a certificate with this key cannot be presented in this version of TLS; None when it can."""
    if key.startswith("ml-dsa") and version != "1.3":
        return Obstacle(f"TLS {version}", f"an {key.upper()} certificate needs TLS 1.3 (draft-ietf-tls-mldsa)")
    return None


def divide(
    rows: Iterable[Row], obstacle: Callable[[Row], Obstacle | None]
) -> tuple[tuple[Row, ...], tuple[Result, ...]]:
    """The rows to try, and the results of those that cannot be tried, with the reason."""
    rows = tuple(rows)
    obstacles = {row.id: found for row in rows if (found := obstacle(row))}
    skipped = tuple(
        Result(
            row,
            Verdict(Kind.NOT_TRIED, obstacles[row.id].reason, topic=obstacles[row.id].topic),
            Evidence(verifier_is_server=row.verifier is Verifier.SERVER),
        )
        for row in rows
        if row.id in obstacles
    )
    return tuple(row for row in rows if row.id not in obstacles), skipped


def in_order(rows: Iterable[Row], results: Iterable[Result]) -> tuple[Result, ...]:
    """The results in the order of the rows."""
    found = {result.row.id: result for result in results}
    return tuple(found[row.id] for row in rows)
