"""The steps that make a certificate or its key deliberately invalid (pure)."""

from collections.abc import Iterator, Mapping

from mintls.plan.step import Step
from mintls.profile.model import Entry

FORGEABLE = ("rsa:", "ec:P-256", "ec:P-384", "ec:P-521")  # the keys whose format forged_key_step knows


def defect_steps(entry: Entry, sound: str, entry_files: Mapping[str, str]) -> Iterator[Step]:
    defects, out = entry.settings.defects, entry_files["certificate"]
    if "bad_signature" in defects:
        argv = ("x509", "-in", sound, "-badsig", "-out", out)
        yield Step(f"{entry.name}: invalid signature", argv, (sound,), out)
    elif "bad_body" in defects:
        # change the last octet of the serial number: no length changes, and it stays positive
        find = "s/^ *\\([0-9]*\\):d=2 *hl=2 *l= *\\([0-9]*\\) prim: INTEGER *:\\(.*\\)/\\1 \\2 \\3/p"
        script = (
            f'"$OPENSSL" x509 -in {sound} -outform DER -out {entry.name}+der && '
            f"set -- $(\"$OPENSSL\" asn1parse -inform DER -in {entry.name}+der | sed -n '{find}' | head -n 1) && "
            "case $3 in *6D) octet=n ;; *) octet=m ;; esac && "  # m is 6D
            f"printf $octet | dd of={entry.name}+der bs=1 seek=$(($1 + 1 + $2)) conv=notrunc 2>/dev/null && "
            f'"$OPENSSL" x509 -inform DER -in {entry.name}+der -out {out}'
        )
        title = f"{entry.name}: modified body"
        yield Step(title, (script,), (sound,), out, litter=(f"{entry.name}+der",), program="sh")
    if "stolen_key" in defects:
        yield forged_key_step(entry.name, entry.settings.key, out, entry_files["key"])


def forged_key_step(name: str, key: str, certificate: str, out: str) -> Step:
    """A key file whose public half is the certificate's and whose private half is random.

    openssl compares public halves alone, so it loads, and what it signs is wrong: what a thief of a certificate has.
    The file is written by asn1parse(1) -genconf after RFC 5915 (EC) or RFC 8017 A.1.2 (RSA).
    """
    parameter = key.partition(":")[2]
    if key.startswith("ec"):
        octets = {"P-256": 32, "P-384": 48, "P-521": 66}[parameter]
        curve = {"P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1"}[parameter]
        point = f"tail -c {2 * octets + 1} {name}+spki | od -An -v -tx1 | tr -d ' \\n'"
        fields = [
            "version=INTEGER:1",
            f'private=FORMAT:HEX,OCTETSTRING:00$("$OPENSSL" rand -hex {octets - 1})',
            f"curve=EXPLICIT:0,OID:{curve}",
            f"point=EXPLICIT:1,FORMAT:HEX,BITSTRING:$({point})",
        ]
    else:
        octets = int(parameter) // 8
        modulus = f'"$OPENSSL" rsa -pubin -inform DER -in {name}+spki -noout -modulus | cut -d= -f2'
        # odd, for an even p or q has no Montgomery form, and openssl would give up before it signs
        number = f'INTEGER:0x00$("$OPENSSL" rand -hex {octets // 2 - 2})01'
        fields = ["version=INTEGER:0", f"n=INTEGER:0x$({modulus})", "e=INTEGER:65537"]
        fields += [f"{field}={number}" for field in ("d", "p", "q", "dp", "dq", "qi")]
    config = "\n".join(["asn1=SEQUENCE:key", "[key]", *fields])
    script = (
        f'"$OPENSSL" x509 -in {certificate} -noout -pubkey | "$OPENSSL" pkey -pubin -outform DER -out {name}+spki && '
        f"cat > {name}+forged.cnf <<END\n{config}\nEND\n"
        f'"$OPENSSL" asn1parse -genconf {name}+forged.cnf -noout -out {name}+forged.der && '
        f'"$OPENSSL" pkey -inform DER -in {name}+forged.der -out {out}'
    )
    left = (f"{name}+spki", f"{name}+forged.cnf", f"{name}+forged.der")
    return Step(f"{name}: forged key", (script,), (certificate,), out, litter=left, program="sh")
