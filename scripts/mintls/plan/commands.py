"""The openssl commands that issue one entry: key, signing request, certificate, defects (pure).

All files are in one directory. Temporary ones have a + in their name, which no entry's name has.
A defect changes a command or adds one after it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from mintls.plan.openssl_config import EXTENSIONS, config_text
from mintls.profile.fields import Files, Secret
from mintls.profile.model import Entry

from msgspec import Struct


class Config(Struct, frozen=True):
    """A file to write before anything runs."""

    name: str
    text: str


class Step(Struct, frozen=True):
    """One command: its words, the files that it reads, the one that it makes, others that it also makes, and litter;
    and a folder to make before it, for what it writes that is not wanted.

    The program is openssl; or cat, whose words are the files to join; or sh, whose one word is a script.
    """

    title: str
    argv: tuple[str, ...]
    needs: tuple[str, ...] = ()
    makes: str = ""
    also: tuple[str, ...] = ()
    litter: tuple[str, ...] = ()
    folder: str = ""
    program: Literal["openssl", "cat", "sh"] = "openssl"


class Validity(NamedTuple):
    """Begin and end; `stated` if the profile gives a date, which must then be exact."""

    begin: datetime
    end: datetime
    stated: bool


def validity(entry: Entry, now: datetime) -> Validity:
    """The validity of a certificate issued now."""
    settings = entry.settings
    begin = now - settings.backdate.span if settings.backdate else now
    if settings.not_before:
        begin = settings.not_before.moment
    end = settings.not_after.moment if settings.not_after else begin + timedelta(days=settings.days)
    return Validity(begin, end, bool(settings.backdate or settings.not_before or settings.not_after))


def entry_steps(
    files: Files, entry: Entry, issuers: Sequence[Entry], serial: str, now: datetime
) -> tuple[list[Config], list[Step]]:
    """What to write and what to run for one entry; `issuers` are its chain, from its issuer to the root."""
    entry_files, defects = files.of(entry.name), entry.settings.defects
    signer = issuers[0] if issuers and "self_signed" not in defects else entry
    signer_files = files.of(signer.name)
    configs, steps = [Config(entry_files["config"], config_text(entry))], []
    key = entry_files["key"]
    if "stolen_key" in defects or entry.settings.csr:
        key = f"{entry.name}+other.key"  # of the victim; or, with a csr, a temporary key for the request
    made = f"{entry.name}+sound.crt" if {"bad_signature", "bad_body"} & set(defects) else entry_files["certificate"]
    steps += [key_step(entry, key), request_step(entry, entry_files["config"], key, entry_files["request"])]
    if "wrong_issuer_key" in defects:
        signer_files = {
            **signer_files,
            "certificate": f"{entry.name}+impostor.crt",
            "key": f"{entry.name}+impostor.key",
        }
        configs.append(Config(f"{entry.name}+impostor.cnf", config_text(signer)))
        steps += impostor_steps(entry.name, signer)
    more: tuple[str, ...] = ()
    if entry.settings.csr:
        configs.append(Config(f"{entry.name}+pub", entry.public_key))  # of the verified request
        more = ("-force_pubkey", f"{entry.name}+pub")
    when = validity(entry, now)
    if when.stated:
        configs += dated_configs(entry.name, serial)
        steps.append(dated_step(entry, signer, entry_files, signer_files, made, serial, when))
    else:
        by_another = ("-CA", signer_files["certificate"], "-CAkey", signer_files["key"])
        signed_with = ("-signkey", key) if signer is entry else by_another
        steps.append(certificate_step(entry, signer, entry_files, (*signed_with, *more), made, serial))
    steps += defect_steps(entry, made, entry_files)
    return configs, steps


def key_step(entry: Entry, out: str) -> Step:
    return Step(f"{entry.name}: key", key_command(entry.settings.key, out, entry.settings.passphrase), (), out)


def key_command(key: str, out: str, passphrase: Secret | None = None) -> tuple[str, ...]:
    """genpkey(1), which writes PKCS#8 everywhere; genrsa(1) of 1.1.1 and LibreSSL writes the form of RFC 8017 A.1.2."""
    algorithm, _, parameter = key.partition(":")
    encrypted = ("-aes-256-cbc", "-pass", passphrase.words) if passphrase else ()
    if algorithm == "rsa":
        return ("genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{parameter}", *encrypted, "-out", out)
    if algorithm == "ec":
        curve = ("-pkeyopt", f"ec_paramgen_curve:{parameter}", "-pkeyopt", "ec_param_enc:named_curve")
        return ("genpkey", "-algorithm", "EC", *curve, *encrypted, "-out", out)
    # the seed alone (RFC 9881 section 6), which every implementation reads; the default is seed and expanded key
    form = ("-provparam", "ml-dsa.output_formats=seed-only") if algorithm.startswith("ml-dsa") else ()
    return ("genpkey", "-algorithm", algorithm.upper(), *form, *encrypted, "-out", out)


def passin(signer: Entry) -> tuple[str, ...]:
    """Where openssl finds the passphrase of a key, if it has one."""
    return ("-passin", signer.settings.passphrase.words) if signer.settings.passphrase else ()


def request_step(entry: Entry, config: str, key: str, out: str) -> Step:
    argv = ("req", "-new", "-batch", "-config", config, "-key", key, *passin(entry), *digest(entry), "-out", out)
    return Step(f"{entry.name}: signing request", argv, (config, key), out)


def certificate_step(
    entry: Entry, signer: Entry, entry_files: Mapping[str, str], signed_with: tuple[str, ...], out: str, serial: str
) -> Step:
    """x509(1): the request's subject and key, our extensions; nothing else of the request is taken over."""
    argv = (
        "x509", "-req", "-in", entry_files["request"], *signed_with, *passin(signer),
        "-set_serial", serial, "-days", str(entry.settings.days), *digest(signer),
        "-extfile", entry_files["config"], "-extensions", EXTENSIONS, "-out", out,
    )  # fmt: skip
    return Step(
        f"{entry.name}: certificate", argv, (entry_files["request"], entry_files["config"], *signed_with[1::2]), out
    )


def dated_step(
    entry: Entry,
    signer: Entry,
    entry_files: Mapping[str, str],
    signer_files: Mapping[str, str],
    out: str,
    serial: str,
    when: Validity,
) -> Step:
    """ca(1), because x509(1) takes dates only from openssl 3.4 on; its database is empty and temporary."""
    name = entry.name
    itself = signer is entry
    signed_with = (
        "-keyfile",
        signer_files["key"],
        *(("-selfsign",) if itself else ("-cert", signer_files["certificate"])),
    )
    argv = (
        "ca", "-batch", "-notext", "-preserveDN", "-utf8", "-config", f"{name}+ca.cnf", *signed_with, *passin(signer),
        "-in", entry_files["request"], "-startdate", asn1_time(when.begin), "-enddate", asn1_time(when.end),
        "-extfile", entry_files["config"], "-extensions", EXTENSIONS, "-out", out,
        *(("-md", signer.settings.digest) if digest(signer) else ()),
    )  # fmt: skip
    needs = (
        entry_files["request"],
        entry_files["config"],
        f"{name}+ca.cnf",
        signer_files["key"],
        *(() if itself else signed_with[3:]),
    )
    left = (f"{name}+index.attr", f"{name}+index.old", f"{name}+serial.old")
    return Step(f"{name}: certificate", argv, needs, out, litter=left, folder=f"{name}+issued")


def dated_configs(name: str, serial: str) -> Iterator[Config]:
    """Configuration of ca(1): a policy without requirements, an empty database, and the serial number."""
    lines = [
        "[ ca ]", "default_ca = issue", "", "[ issue ]", f"database = {name}+index", f"serial = {name}+serial",
        f"new_certs_dir = {name}+issued",  # ca(1) writes SERIAL.pem there, which may be the name of any file
        "unique_subject = no", "email_in_dn = yes", "policy = anything", "",
        "[ anything ]", "countryName = optional", "",
    ]  # fmt: skip
    yield Config(f"{name}+ca.cnf", "\n".join(lines))
    yield Config(f"{name}+index", "")
    yield Config(f"{name}+serial", serial.removeprefix("0x") + "\n")


def impostor_steps(name: str, signer: Entry) -> Iterator[Step]:
    """A CA with the signer's subject and a different key."""
    config, key, request = f"{name}+impostor.cnf", f"{name}+impostor.key", f"{name}+impostor.csr"
    impostor = {"request": request, "config": config}
    yield Step(f"{name}: impostor's key", key_command(signer.settings.key, key, signer.settings.passphrase), (), key)
    yield request_step(signer, config, key, request)
    yield certificate_step(signer, signer, impostor, ("-signkey", key), f"{name}+impostor.crt", "0x01")


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


FORGEABLE = ("rsa", "ec:P-256", "ec:P-384", "ec:P-521")  # the keys of which forged_key_step knows the form


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


def digest(signer: Entry) -> tuple[str, ...]:
    """Edwards curves and ML-DSA hash in their own way and take no digest (RFC 8410, RFC 9881)."""
    return () if signer.settings.key.startswith(("ed", "ml")) else (f"-{signer.settings.digest}",)


def asn1_time(moment: datetime) -> str:
    """YYYYMMDDHHMMSSZ: two-digit years would turn 2050 into 1950."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")
