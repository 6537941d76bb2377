"""What is compared: mintls, the recipes that people use instead of it, and the floor, as shell scripts."""

import json
import sys
from pathlib import Path
from shlex import quote

from measure import Contestant

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
PYTHON = quote(sys.executable)
EASYRSA = "/usr/share/easy-rsa/easyrsa"
KEYS = {"RSA-2048": "rsa:2048", "P-256": "ec:P-256"}
EXTENSIONS = """\
[ req ]
distinguished_name = dn
[ dn ]
[ ca ]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[ leaf ]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
extendedKeyUsage = clientAuth
"""


def program(script: str, *words: str) -> str:
    """The command that runs one of our scripts."""
    return " ".join(["exec", PYTHON, quote(str(SCRIPTS / script)), *words])


def small_profile(key: str) -> str:
    """W1: a CA, a server, a client."""
    return f"""\
version: 1
defaults: {{key: "{KEYS[key]}", days: 365}}
authorities: {{ca: {{subject: {{CN: Bench CA}}}}}}
servers: {{server: {{subject: {{CN: localhost}}, san: ["DNS:localhost", "IP:127.0.0.1"]}}}}
clients: {{client: {{subject: {{CN: client}}, san: ["DNS:client.example"]}}}}
"""


def fleet_profile(key: str, leaves: int, odd: str = "") -> str:
    """W2: a CA and that many clients; with `odd`, one more client of that name."""
    more = f'  odd: {{subject: {{CN: odd}}, san: ["DNS:{odd}.example"]}}\n' if odd else ""
    return f"""\
version: 1
defaults: {{key: "{KEYS[key]}", days: 365}}
authorities: {{ca: {{subject: {{CN: Bench CA}}}}}}
clients:
  client: {{subject: {{CN: "client-{{index}}"}}, san: ["DNS:client-{{index}}.example"], count: {leaves}}}
{more}"""


def here(name: str, text: str) -> str:
    """The shell command that writes a file; it is part of a setup and not timed."""
    return f"cat > {name} <<'END'\n{text}\nEND\n"


def mintls(profile: str, leaves: int) -> Contestant:
    return Contestant("mintls", program("generate.py", "p.yaml", "-o", "out", "-q"), leaves, here("p.yaml", profile))


def shell_recipe(key: str, leaves: int, every: int = 1) -> Contestant:
    """genrsa or genpkey, req, x509: a process each, one after another, with the ambient configuration."""
    make = "genrsa 2048" if key == "RSA-2048" else "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256"
    script = f"""
openssl {make} > ca.key
openssl req -x509 -new -key ca.key -days 365 -subj "/CN=Bench CA" -out ca.crt
for n in $(seq {leaves}); do
    openssl {make} > $n.key
    openssl req -new -key $n.key -subj /CN=client-$n -out $n.csr
    echo "subjectAltName=DNS:client-$n.example" > $n.ext
    openssl x509 -req -in $n.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 -extfile $n.ext -out $n.crt
done"""
    return Contestant("shell recipe", script, leaves, every=every)


def floor(key: str, leaves: int, workers: int) -> Contestant:
    """One openssl process a leaf, as many at once as there are cores, with nothing around it."""
    new = "-newkey rsa:2048" if key == "RSA-2048" else "-newkey ec -pkeyopt ec_paramgen_curve:P-256"
    req = f"openssl req -x509 -config req.cnf {new} -nodes -days 365"
    script = f"""
export OPENSSL_CONF=/dev/null
{req} -subj "/CN=Bench CA" -extensions ca -keyout ca.key -out ca.crt
seq {leaves} | xargs -P {workers} -I@ {req} -CA ca.crt -CAkey ca.key -subj /CN=client-@ -extensions leaf \
    -addext subjectAltName=DNS:client-@.example -keyout client-@.key -out client-@.crt"""
    return Contestant("floor", script, leaves, here("req.cnf", EXTENSIONS))


def starts() -> list[Contestant]:
    """Python itself, and the start of generate.py: a check that finds three certificates due, so its status is 1.

    Without compiled modules: as a container pays for it that sets PYTHONDONTWRITEBYTECODE and copies the source.
    """
    check = ("--check", quote(str(SCRIPTS.parent / "profiles" / "dev.yaml")))
    copy = f"cp -R {quote(str(SCRIPTS))} .\nfind scripts -name __pycache__ -prune -exec rm -r {{}} +\n"
    bare = f"export PYTHONDONTWRITEBYTECODE=1\nexec {PYTHON} scripts/generate.py {' '.join(check)}"
    minted = program("generate.py", check[1], "-q", "-o", "set")
    return [
        Contestant("python -c pass", f"exec {PYTHON} -c pass", 1),
        Contestant("generate.py --check", program("generate.py", *check), 1, status=1),
        Contestant("of a set", program("generate.py", *check, "-o", "set"), 1, f"({minted})\n", keep=True),
        Contestant("without compiled modules", bare, 1, copy, keep=True, status=1),
    ]


def trustme(key: str, leaves: int) -> Contestant:
    kind = "RSA" if key == "RSA-2048" else "ECDSA"
    text = f"""\
import trustme
kind = trustme.KeyType.{kind}
ca = trustme.CA(key_type=kind)
ca.cert_pem.write_to_path("ca.crt")
for n in range({leaves}):
    leaf = ca.issue_cert(f"client-{{n}}.example", common_name=f"client-{{n}}", key_type=kind)
    leaf.private_key_pem.write_to_path(f"client-{{n}}.key")
    leaf.cert_chain_pems[0].write_to_path(f"client-{{n}}.crt")
"""
    return Contestant("trustme", f"exec {PYTHON} mint.py", leaves, here("mint.py", text))


def verifiers(leaves: int) -> list[Contestant]:
    """W5: a minted fleet verified; what others do is a process a certificate."""
    setup = (
        here("p.yaml", fleet_profile("P-256", leaves)) + f"({program('generate.py', 'p.yaml', '-o', 'out', '-q')})\n"
    )
    loop = "for one in out/client-*.crt; do {} done"
    certtool = loop.format("certtool --verify --load-ca-certificate out/ca.crt --infile $one;")
    return [
        Contestant("mintls", program("verify.py", "out"), leaves, setup, keep=True),
        Contestant("openssl verify", loop.format("openssl verify -CAfile out/ca.crt $one;"), leaves, setup, keep=True),
        Contestant("certtool", certtool, leaves, setup, "certtool", keep=True),
    ]


def proved_server(workers: int, replayed: str) -> list[Contestant]:
    """W6: an nginx that verifies, proved; `replayed` is the command that makes the same connections."""
    port = f"$({PYTHON} -c 'import socket; print(socket.create_server((\"127.0.0.1\", 0)).getsockname()[1])')"
    nginx = "nginx -e stderr -p . -c nginx.conf\ntrap 'kill $(cat nginx.pid)' EXIT\n"
    # in a process of its own, so that the shell lives to end nginx
    check = f"({program('handshake_check.py', 'out', '--connect', 'localhost:$(cat port)', '-j', str(workers))}"
    setup = (
        here("p.yaml", small_profile("P-256"))
        + f"""\
({program("generate.py", "p.yaml", "-o", "out", "-q")})
echo "{port}" > port
({program("configure.py", "nginx", "out", "--port", "$(cat port)", "-o", ".")})
sed -i 's/^daemon off;//; s/^error_log .*/error_log error.log;/' nginx.conf
"""
    )
    kept = f"{nginx}{check} --keep kept --json report.json)\n"
    return [
        Contestant("mintls", f"{nginx}{check})", 1, setup, "nginx", keep=True),
        Contestant("its connections", f"{nginx}{replayed}", 1, f"{setup}{kept}", "nginx", keep=True),
    ]


def peers(key: str, leaves: int, *, with_ca: bool) -> list[Contestant]:
    """The tools: a process a certificate, one after another. with_ca: making the CA is timed, too."""
    ec = key == "P-256"
    mkcert = f"mkcert {'-ecdsa ' if ec else ''}-client -cert-file $n.crt -key-file $n.key client-$n.example"
    said = {"CN": "Bench CA", "key": {"algo": "ecdsa" if ec else "rsa", "size": 256 if ec else 2048}}
    usages = {"usages": ["digital signature", "client auth"], "expiry": "8760h"}
    files = here("config.json", json.dumps({"signing": {"profiles": {"client": usages}}}))
    files += here("ca.json", json.dumps(said)) + here("client.json", json.dumps({**said, "CN": "client"}))
    cfssl = "cfssl gencert -ca ca.pem -ca-key ca-key.pem -config config.json -profile client"
    easyrsa = f"export EASYRSA_BATCH=1 EASYRSA_{'ALGO=ec EASYRSA_CURVE=prime256v1' if ec else 'KEY_SIZE=2048'}"

    def tool(name: str, needs: str, count: int, files: str, env: str, ca: str, leaf: str) -> Contestant:
        each = f"for n in $(seq {count}); do {leaf}; done"
        setup, timed = ("", f"{ca}\n{each}") if with_ca else (ca, each)
        return Contestant(name, f"{env}\n{timed}", count, f"{files}\n{env}\n{setup}", needs)

    return [
        tool("mkcert", "mkcert", leaves, "", "export CAROOT=$PWD", "mkcert ca.example", mkcert),
        tool("cfssl", "cfssljson", leaves, files, "", "cfssl gencert -initca ca.json | cfssljson -bare ca",
             f"{cfssl} -hostname client-$n.example client.json | cfssljson -bare $n"),
        tool("easy-rsa", EASYRSA, min(leaves, 10), "", easyrsa, f"{EASYRSA} init-pki; {EASYRSA} build-ca nopass",
             f"{EASYRSA} build-client-full c$n nopass"),
    ]  # fmt: skip
