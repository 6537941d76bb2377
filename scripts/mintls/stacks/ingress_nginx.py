"""Kubernetes' ingress-nginx (annotations auth-tls-secret, auth-tls-verify-client); not tested here."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: yours
  annotations:
    nginx.ingress.kubernetes.io/auth-tls-secret: default/mtls-ca
    nginx.ingress.kubernetes.io/auth-tls-verify-client: "on"
    nginx.ingress.kubernetes.io/auth-tls-verify-depth: "3"
spec:
  ingressClassName: nginx
  tls:
    - hosts: ["@host@"]
      secretName: mtls-server
  rules:
    - host: "@host@"
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: yours, port: {number: 80}}}
"""
STACK = Stack(
    title="ingress-nginx",
    family="nginx",
    server=Side(
        files={"ingress.yaml": INGRESS},
        prepare="kubectl create secret tls mtls-server --cert=@chain@ --key=@key@ && "
        "kubectl create secret generic mtls-ca --from-file=ca.crt=@ca@",
        start="kubectl apply -f @dir@/ingress.yaml",
        port=443,
        wrong=(
            Wrong(
                setting="auth-tls-verify-client",
                right='auth-tls-verify-client: "on"',
                wrong='auth-tls-verify-client: "optional"',
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
            Wrong(
                setting="auth-tls-verify-client",
                right='auth-tls-verify-client: "on"',
                wrong='auth-tls-verify-client: "optional_no_ca"',
                effect="certificates of any CA are accepted",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits="the namespace in auth-tls-secret is yours; a secret has no encrypted key",
        fixes=fixes(
            require='auth-tls-verify-client: "on", on every Ingress of the host; optional serves any client',
            verify='auth-tls-verify-client: "on"; optional_no_ca verifies nothing',
            trust="the secret of auth-tls-secret: ca.crt with only the root",
            others={
                Mistake.REVOCATION: "the secret of auth-tls-secret: ca.crl",
                Mistake.IDENTITY: "tls.crt of the secret: the leaf first, then its intermediates",
            },
        ),
    ),
)
