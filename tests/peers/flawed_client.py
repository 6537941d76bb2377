"""Python's HTTPS client with a fault of the user's choice: flawed_client.py FLAW HOST PORT CA CERT KEY [NAME].

It verifies the chain and compares the SAN with NAME (HOST by default) in its own way. FLAW: none; retries (connects
again without verification); idle (connects twice in vain before, and verifies); cn (accepts the CN beside a SAN);
prefix, suffix, substring (of the name); labels (a wildcard stands for several); partial (f*.example and *b.example);
dns-address (the address as a DNS name); any-kind (a URI or an email with the name); internal (alert 80).
"""

import fnmatch
import socket
import ssl
import sys

flaw, host, port, ca, certificate, key = sys.argv[1:7]
name = sys.argv[7] if len(sys.argv) > 7 else host


def matches(pattern: str) -> bool:
    pattern, wanted = pattern.lower().rstrip("."), name.lower()
    compare = {
        "prefix": pattern.startswith(wanted),
        "suffix": wanted.endswith(pattern) or pattern.endswith(wanted),
        "substring": wanted in pattern or pattern in wanted,
        "labels": fnmatch.fnmatch(wanted, pattern),
        "partial": fnmatch.fnmatch(wanted, pattern) and wanted.count(".") == pattern.count("."),
    }
    head, _, rest = pattern.partition(".")
    right = pattern == wanted or (head == "*" and "." in rest and rest == wanted.partition(".")[2])
    return right or compare.get(flaw, False)


def accepts(found: dict) -> bool:
    san = found.get("subjectAltName", ())
    if name.replace(".", "").isdigit():
        kinds = ("IP Address", "DNS") if flaw == "dns-address" else ("IP Address",)
        return any(kind in kinds and value == name for kind, value in san)
    subject = [value for part in found["subject"] for kind, value in part if kind == "commonName"]
    others = [value for kind, value in san if kind != "DNS"] if flaw == "any-kind" else []
    return (
        any(kind == "DNS" and matches(value) for kind, value in san)
        or any(name in value for value in others)
        or (flaw == "cn" and name in subject)
    )


def visit(verify: bool) -> None:
    context = ssl.create_default_context(cafile=ca)
    context.load_cert_chain(certificate, key)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    with socket.create_connection((host, int(port)), 10) as plain, context.wrap_socket(plain) as secure:
        if verify and not accepts(secure.getpeercert()):
            raise ssl.SSLError("the name does not match")
        secure.sendall(b"GET / HTTP/1.0\r\n\r\n")
        print(secure.recv(100))


idle = [socket.create_connection((host, int(port)), 10) for _ in range(2)] if flaw == "idle" else []
try:
    visit(verify=True)
except ssl.SSLError as error:
    if flaw != "retries":
        sys.exit(f"SSLError: {error}")
    visit(verify=False)
