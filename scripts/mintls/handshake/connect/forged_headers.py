"""The headers by which proxies report a verified client certificate to an application, as any client can forge them.

Envoy (x-forwarded-client-cert), nginx and ingress-nginx, HAProxy, Apache, Traefik (passTLSClientCert), AWS ALB (mutual
TLS), Azure App Service, Cloudflare, Google Cloud load balancers, and RFC 9440.
"""

import base64
from collections.abc import Iterable
from urllib.parse import quote

from mintls.handshake.cases.case import FORGED_CONNECTIONS
from mintls.x509.certificate import Certificate
from mintls.x509.pem import pem_blocks

LONGEST = 7000  # bytes of headers in one request: servers accept 8 KiB and more


def forged_headers(certificate: Certificate) -> tuple[tuple[str, ...], ...]:
    """Header lines in groups, one for each request, at most FORGED_CONNECTIONS."""
    der = next(block.der for block in pem_blocks(certificate.pem.encode()))
    pem, plain = quote(certificate.pem, safe=""), base64.b64encode(der or b"").decode()
    subject = certificate.subject.encode("ascii", "replace").decode()
    name = next((part[3:] for part in subject.split(",") if part.startswith("CN=")), subject)
    short = {
        "X-SSL-Client-Verify": "SUCCESS", "X-Client-Verify": "SUCCESS", "X-SSL-Verify": "SUCCESS",
        "SSL-Client-Verify": "SUCCESS", "X-SSL-Client-S-DN": subject, "X-SSL-Client-DN": subject,
        "X-SSL-Client-Subject": subject, "X-Client-DN": subject, "SSL-Client-Subject-DN": subject,
        "X-SSL-Client-CN": name, "X-SSL-Client-Used": "1", "X-Amzn-Mtls-Clientcert-Subject": subject,
        "Cf-Cert-Presented": "true", "Cf-Cert-Verified": "true", "Cf-Cert-Subject-Dn": subject,
        "X-Client-Cert-Present": "true", "X-Client-Cert-Chain-Verified": "true",
        "X-Forwarded-Tls-Client-Cert-Info": quote(f'Subject="{subject}"', safe=""),
    }  # fmt: skip
    long = {
        "X-Forwarded-Client-Cert": f'By=;Hash={certificate.fingerprint.replace(":", "").lower()};Subject="{subject}";'
        f'Cert="{pem}"',
        "X-SSL-Client-Cert": pem, "SSL-Client-Cert": pem, "X-Client-Cert": pem, "X-SSL-Cert": pem,
        "X-Amzn-Mtls-Clientcert": pem, "X-Forwarded-Tls-Client-Cert": plain, "X-ARR-ClientCert": plain,
        "Cf-Client-Cert-Der-Base64": plain, "Client-Cert": f":{plain}:", "X-Client-Cert-Leaf": f":{plain}:",
    }  # fmt: skip
    haproxy = {"X-SSL": "1", "X-SSL-Client-Verify": "0", "X-SSL-Client-DN": subject, "X-SSL-Client-CN": name}
    groups = [list(_lines(short))]
    for line in _lines(long):
        if sum(map(len, groups[-1])) + len(line) > LONGEST and len(groups) < FORGED_CONNECTIONS - 1:
            groups.append(list(_lines({"X-SSL-Client-Verify": "SUCCESS"})))
        if sum(map(len, groups[-1])) + len(line) <= LONGEST:
            groups[-1].append(line)
    return (*map(tuple, groups), tuple(_lines(haproxy)))


def _lines(headers: dict[str, str]) -> Iterable[str]:
    return (f"{name}: {value}" for name, value in headers.items())
