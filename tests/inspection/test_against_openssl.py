"""Generated hierarchies: verify.py's verdict on each certificate beside that of plain `openssl verify -x509_strict`."""

import subprocess
import tempfile
from pathlib import Path

from mintls.inspection.files import read_inventory
from mintls.inspection.trust_anchors import Trust
from mintls.inspection.verification import Wanted, verify_inventory
from mintls.openssl.binary import HERMETIC, Openssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from fault_injection import times
from foreign import CLIENT, SERVER, Made, make
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peers import need

KEYS = [ec.generate_private_key(ec.SECP256R1()) for _ in range(8)]
IDENTIFIERS = (x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier)
NAME = "a.example"
CONSTRAINTS: list[list[tuple[x509.ExtensionType, bool]]] = [
    [],
    [],
    [(x509.BasicConstraints(True, 0), True)],
    [(x509.NameConstraints([x509.DNSName("example")], None), True)],
    [(x509.NameConstraints(None, [x509.DNSName("a.example")]), True)],
]


@st.composite
def hierarchies(draw: st.DrawFn) -> list[Made]:
    """Roots, up to four CAs below any that exists (cross-certified, same name, new key, constraints), and leaves."""
    made = [make("R0", authority=True, key=KEYS[0])]
    if draw(st.booleans()):
        made.append(make(draw(st.sampled_from(["R0", "R1"])), authority=True, key=KEYS[1]))
    for number in range(draw(st.integers(0, 4))):
        signer = draw(st.sampled_from(made))
        authority = draw(st.sampled_from([True, True, True, True, False]))
        made.append(
            make(
                draw(st.sampled_from(["R0", "R1", "S0", f"S{number}"])),
                signer,
                authority=authority,
                more=draw(st.sampled_from(CONSTRAINTS)) if authority else (),
                key=draw(st.sampled_from(KEYS[:4])),
                days=draw(st.sampled_from([(-1, 30), (-1, 30), (-1, 30), (-9, -1), (1, 9)])),
                without=draw(st.sampled_from([(), (), IDENTIFIERS, (x509.KeyUsage,)])),
            )
        )
    for number in range(draw(st.integers(1, 3))):
        signer = draw(st.sampled_from(made))
        made.append(
            make(
                f"L{number}",
                signer,
                key=KEYS[4 + number],
                purposes=draw(st.sampled_from([SERVER, CLIENT, SERVER + CLIENT, []])),
                san=[x509.DNSName(draw(st.sampled_from([NAME, "*.example", "b.example"])))],
                days=draw(st.sampled_from([(-1, 30), (-1, 30), (-9, -1)])),
            )
        )
    return made


def plainly(made: list[Made], one: Made, folder: Path) -> bool:
    """openssl alone: the first root is trusted, every other certificate may help."""
    (folder / "trusted.pem").write_bytes(made[0].pem)
    (folder / "others.pem").write_bytes(b"".join(other.pem for other in made[1:]))
    (folder / "one.pem").write_bytes(one.pem)
    argv = [
        need("openssl"),
        "verify",
        "-x509_strict",
        "-check_ss_sig",
        "-purpose",
        "sslserver",
        "-verify_hostname",
        NAME,
    ]
    argv += ["-CAfile", "trusted.pem", "-untrusted", "others.pem", "one.pem"]
    done = subprocess.run(argv, cwd=folder, env=HERMETIC, capture_output=True, text=True)
    return done.returncode == 0 and done.stdout.strip().endswith(": OK")


@pytest.mark.slow
@settings(max_examples=times(2000, 40), deadline=None, suppress_health_check=list(HealthCheck))
@given(hierarchies())
def test_the_verdict_is_openssls(openssl: Openssl, made: list[Made]) -> None:
    """Of two issuers of one name openssl tries the first alone: what it accepts is valid, and more may be."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "set").mkdir()
        for number, one in enumerate(made):
            (folder / "set" / f"{number}.crt").write_bytes(one.pem)
        inspection = read_inventory([folder / "set"], openssl)
        (anchor,) = [one.certificate for one in inspection.certificates if one.name == "0.crt"]
        wanted = Wanted(Trust("first", (anchor,)), f"DNS:{NAME}", "server")
        verdicts = verify_inventory(inspection, openssl, wanted)
        for found in inspection.certificates:
            if found.certificate.is_authority:
                continue
            (check,) = verdicts.checks[found.certificate.fingerprint]
            accepted = plainly(made, made[int(found.name.partition(".")[0])], folder)
            if accepted or not any(verdicts.issuers.impostors.values()):
                assert (not check.error) == accepted, check
            assert check.error == "" or "(error " in check.error
