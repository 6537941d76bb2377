"""The openssl commands that issue one entry: key, signing request and certificate (pure).

They are data (Key, Request, Certificate), so that fold.py can combine them; `step()` renders the command line.
All files are in one directory. Temporary ones have a + in their name, which no entry's name has.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from mintls.plan.defects import defect_steps
from mintls.plan.openssl_config import EXTENSIONS, config_text
from mintls.plan.resigned import resigned_steps
from mintls.plan.step import Action, Config, EcKey, Step
from mintls.plan.validity import Validity, asn1_time, validity
from mintls.profile.choices import CHANGED, RESIGNED
from mintls.profile.file_names import FileNames
from mintls.profile.model import Entry
from mintls.profile.passwords import Secret

from msgspec import Struct

NO_SUBJECT = ("-subj", "/")  # in a configuration it cannot be empty


class Key(Struct, frozen=True):
    """genpkey(1): a new private key; `algorithm` as in a profile."""

    name: str
    algorithm: str
    makes: str
    passphrase: Secret | None = None
    title: str = "key"

    def step(self) -> Step:
        argv = key_command(self.algorithm, self.makes, self.passphrase)
        kind, _, curve = self.algorithm.partition(":")
        ec_key = EcKey(curve, passin(self.passphrase)) if kind == "ec" else None
        return Step(f"{self.name}: {self.title}", argv, (), self.makes, ec_key=ec_key)


class Request(Struct, frozen=True):
    """req(1): a signing request for a key, with the subject of a configuration or of the option `subject`."""

    name: str
    config: str
    key: str
    makes: str
    digest: tuple[str, ...]
    passphrase: Secret | None = None
    subject: tuple[str, ...] = ()

    def step(self) -> Step:
        options = ("-config", self.config, "-key", self.key, *passin(self.passphrase), *self.digest, *self.subject)
        argv = ("req", "-new", "-batch", *options, "-out", self.makes)
        return Step(f"{self.name}: signing request", argv, (self.config, self.key), self.makes)


class Signer(NamedTuple):
    """Whose key signs: its files (no certificate: self-signed), its passphrase, the option for its hash."""

    certificate: str
    key: str
    passphrase: Secret | None
    digest: tuple[str, ...]

    @property
    def options(self) -> tuple[str, ...]:
        """As x509(1) and `req -x509` take them."""
        keys = ("-CA", self.certificate, "-CAkey", self.key) if self.certificate else ("-signkey", self.key)
        return (*keys, *passin(self.passphrase))

    @property
    def files(self) -> tuple[str, ...]:
        return (self.certificate, self.key) if self.certificate else (self.key,)


class Certificate(Struct, frozen=True):
    """x509(1): a certificate with the request's subject and key, and our extensions; nothing else of the request.

    public_key is a file with the key to certify instead of the request's.
    """

    name: str
    request: str
    config: str
    signer: Signer
    makes: str
    serial: str
    days: int
    public_key: str = ""

    @property
    def options(self) -> tuple[str, ...]:
        """What x509(1) and `req -x509` have in common, without the signer."""
        return ("-set_serial", self.serial, "-days", str(self.days), *self.signer.digest)

    def step(self) -> Step:
        forced = ("-force_pubkey", self.public_key) if self.public_key else ()
        argv = (
            "x509", "-req", "-in", self.request, *self.signer.options, *forced, *self.options,
            "-extfile", self.config, "-extensions", EXTENSIONS, "-out", self.makes,
        )  # fmt: skip
        needs = (self.request, self.config, *self.signer.files, *forced[1:])
        return Step(f"{self.name}: certificate", argv, needs, self.makes)


def entry_actions(
    files: FileNames, entry: Entry, issuers: Sequence[Entry], serial: str, now: datetime
) -> tuple[list[Config], list[Action]]:
    """What to write and what to run for one entry; `issuers` are its chain, from its issuer to the root."""
    entry_files, defects = files.of(entry.name), entry.settings.defects
    signer = issuers[0] if issuers and "self_signed" not in defects else entry
    signer_files = {**files.of(signer.name), "key": key_file(files, signer)}
    config, key = entry_files["config"], entry_files["key"]
    if "stolen_key" in defects or entry.settings.csr:
        key = f"{entry.name}+other.key"  # of the victim; or, with a csr, a temporary key for the request
    output = f"{entry.name}+sound.crt" if {*CHANGED, *RESIGNED} & set(defects) else entry_files["certificate"]
    configs = [Config(config, config_text(entry))]
    actions: list[Action] = [
        Key(entry.name, entry.settings.key, key, entry.settings.passphrase),
        Request(entry.name, config, key, entry_files["request"], digest(entry), entry.settings.passphrase,
                () if entry.settings.subject else NO_SUBJECT),
    ]  # fmt: skip
    if "wrong_issuer_key" in defects:
        impostor = f"{entry.name}+impostor"
        signer_files = {**signer_files, "certificate": f"{impostor}.crt", "key": f"{impostor}.key"}
        configs.append(Config(f"{impostor}.cnf", config_text(signer)))
        actions += impostor_actions(entry.name, signer)
    public_key = ""
    if entry.settings.csr:
        public_key = f"{entry.name}+pub"
        configs.append(Config(public_key, entry.public_key))  # of the verified request
    signed_with = key if signer is entry else signer_files["key"]
    when = validity(entry, now)
    if when.exact:
        configs += dated_configs(entry.name, serial)
        actions.append(dated_step(entry, signer, entry_files, signer_files, output, when))
    else:
        own = signer is entry
        who = Signer("" if own else signer_files["certificate"], signed_with,
                     signer.settings.passphrase, digest(signer))  # fmt: skip
        request, days = entry_files["request"], entry.settings.days
        actions.append(Certificate(entry.name, request, config, who, output, serial, days, public_key))
    actions += resigned_steps(entry, output, entry_files["certificate"], signer, signed_with)
    actions += defect_steps(entry, output, entry_files)
    return configs, actions


def key_file(files: FileNames, entry: Entry) -> str:
    """The file with its key: of an existing CA its own one, by its path."""
    return entry.existing.key if entry.existing else files.of(entry.name)["key"]


def copy_actions(files: FileNames, entry: Entry) -> tuple[list[Config], list[Action]]:
    """The certificate of an existing CA, as it was read."""
    assert entry.certificate
    source, certificate = f"{entry.name}+existing", files.of(entry.name)["certificate"]
    step = Step(f"{entry.name}: existing certificate", (source,), (source,), certificate, program="cat")
    return [Config(source, entry.certificate.pem)], [step]


def key_command(key: str, out: str, passphrase: Secret | None = None) -> tuple[str, ...]:
    """genpkey(1), which writes PKCS#8 everywhere; genrsa(1) of 1.1.1 and LibreSSL writes the form of RFC 8017 A.1.2."""
    encrypted = ("-aes-256-cbc", "-pass", passphrase.words) if passphrase else ()
    algorithm, options = key_options(key)
    return ("genpkey", "-algorithm", algorithm, *options, *encrypted, "-out", out)


def key_options(key: str) -> tuple[str, tuple[str, ...]]:
    """The algorithm and its options, as genpkey(1) and `req -newkey` take them."""
    algorithm, _, parameter = key.partition(":")
    if algorithm in ("rsa", "rsa-pss"):
        return algorithm.upper(), ("-pkeyopt", f"rsa_keygen_bits:{parameter}")
    if algorithm == "ec":
        return "EC", ("-pkeyopt", f"ec_paramgen_curve:{parameter}", "-pkeyopt", "ec_param_enc:named_curve")
    # the seed alone (RFC 9881 section 6), which every implementation reads; the default is seed and expanded key
    form = ("-provparam", "ml-dsa.output_formats=seed-only") if algorithm.startswith("ml-dsa") else ()
    return algorithm.upper(), form


def passin(passphrase: Secret | None) -> tuple[str, ...]:
    """The option for the passphrase of a key, if it has one."""
    return ("-passin", passphrase.words) if passphrase else ()


def dated_step(
    entry: Entry,
    signer: Entry,
    entry_files: Mapping[str, str],
    signer_files: Mapping[str, str],
    out: str,
    when: Validity,
) -> Step:
    """ca(1), because x509(1) takes dates only from openssl 3.4 on; its database is empty and temporary."""
    name, itself = entry.name, signer is entry
    certificate, key = signer_files["certificate"], signer_files["key"]
    signed_with = ("-keyfile", key, *(("-selfsign",) if itself else ("-cert", certificate)))
    argv = (
        "ca", "-batch", "-notext", "-preserveDN", "-utf8", "-config", f"{name}+ca.cnf", *signed_with,
        *passin(signer.settings.passphrase), "-in", entry_files["request"],
        "-startdate", asn1_time(when.begin), "-enddate", asn1_time(when.end),
        "-extfile", entry_files["config"], "-extensions", EXTENSIONS, "-out", out,
        *(("-md", signer.settings.digest) if digest(signer) else ()), *salt(signer),
    )  # fmt: skip
    needs = (entry_files["request"], entry_files["config"], f"{name}+ca.cnf", key, *(() if itself else (certificate,)))
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


def impostor_actions(name: str, signer: Entry) -> Iterator[Action]:
    """A CA with the signer's subject and a different key."""
    config, key, request = f"{name}+impostor.cnf", f"{name}+impostor.key", f"{name}+impostor.csr"
    passphrase, hashed = signer.settings.passphrase, digest(signer)
    yield Key(name, signer.settings.key, key, passphrase, "impostor's key")
    yield Request(signer.name, config, key, request, hashed, passphrase)
    itself = Signer("", key, passphrase, hashed)
    yield Certificate(signer.name, request, config, itself, f"{name}+impostor.crt", "0x01", signer.settings.days)


def digest(signer: Entry) -> tuple[str, ...]:
    """Edwards curves and ML-DSA hash in their own way and take no digest (RFC 8410, RFC 9881)."""
    if signer.settings.key.startswith(("ed", "ml")):
        return ()
    return (f"-{signer.settings.digest}", *salt(signer))


def salt(signer: Entry) -> tuple[str, ...]:
    """RSA-PSS: a salt as long as the hash, as everybody expects (RFC 4055 section 3.1); openssl's is the longest."""
    return ("-sigopt", "rsa_pss_saltlen:digest") if signer.settings.key.startswith("rsa-pss") else ()
