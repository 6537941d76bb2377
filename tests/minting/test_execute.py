"""Carrying a plan out: what the manifest tells, beside what other programs read in the files."""

import json
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

from mintls.errors import OpensslError
from mintls.openssl.binary import Openssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from peers import need


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dev", "step_by_step", "showcase"])
def test_the_manifest_tells_what_is_there(name: str, request: pytest.FixtureRequest) -> None:
    directory: Path = request.getfixturevalue(name)
    manifest: dict[str, Any] = json.loads((directory / "manifest.json").read_text())
    told = set()
    for record in manifest["certificates"]:
        path = directory / record["files"]["certificate"]
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        assert int(record["serial"], 16) == certificate.serial_number
        assert bytes.fromhex(record["fingerprint"]) == certificate.fingerprint(hashes.SHA256())
        assert record["not_before"] == certificate.not_valid_before_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert record["not_after"] == certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
        for attribute in certificate.subject:  # one without a name has its value in hexadecimal (RFC 4514 section 2.4)
            value = str(attribute.value)
            assert value in record["subject"] or value.encode().hex().upper() in record["subject"]
        for file, digest in record["sha256"].items():
            assert sha256((directory / file).read_bytes()).hexdigest() == digest
        told |= set(record["files"].values())
    assert told | {"manifest.json"} == {path.name for path in directory.iterdir()}
    assert manifest["openssl"] == subprocess.check_output([need("openssl"), "version"], text=True).strip()


def test_serial_numbers_differ(showcase: Path) -> None:
    paths = list(showcase.glob("*.crt"))
    serials = {x509.load_pem_x509_certificate(path.read_bytes()).serial_number for path in paths}
    assert len(serials) == len(paths) - 1 == 15  # one of them stands in web.chain.crt as well


def test_a_process_that_does_not_end_is_ended(tmp_path: Path) -> None:
    fake = tmp_path / "openssl"
    fake.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n")
    fake.chmod(0o755)
    with pytest.raises(OpensslError, match=r"did not end within 0\.5 s"):
        Openssl(str(fake)).run(["version"], timeout=0.5)
    assert subprocess.run(["kill", "-0", (tmp_path / "pid").read_text().strip()], capture_output=True).returncode == 1
