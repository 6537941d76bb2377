"""Certificates that openssl cannot make: changed in DER, and signed again by their issuer (pure).

x509(1) of OpenSSL 3.5 always writes version 3, and none writes two different algorithms.
"""

import shlex
from collections.abc import Iterator

from mintls.plan.step import Step
from mintls.profile.choices import RESIGNED
from mintls.profile.model import Entry

PARTS = ("der", "body", "tbs", "algorithm", "signature", "bits", "whole")
# The last octet of a signature algorithm's identifier, and where it is in AlgorithmIdentifier (RFC 4055, RFC 5758)
LAST_OCTET = {"rsa": (12, {"sha256": "013", "sha512": "015"}), "ec": (11, {"sha256": "002", "sha512": "004"})}


def resigned_steps(entry: Entry, sound: str, out: str, signer: Entry, key: str) -> Iterator[Step]:
    """The step that derives the certificate from the sound one with the key of its signer, if a defect needs it.

    The parts of RFC 5280 section 4.1 are cut at the offsets that asn1parse(1) prints, changed and joined again.
    """
    defect = next((defect for defect in RESIGNED if defect in entry.settings.defects), None)
    if defect is None:
        return
    litter = tuple(f"{entry.name}+{part}" for part in PARTS)
    der, body, tbs, algorithm, signature, bits, whole = map(shlex.quote, litter)
    digest = signer.settings.digest
    if defect == "version_1":  # neither the version, which takes 5 octets, nor the extensions
        change = rf"""
end=$("$OPENSSL" asn1parse -inform DER -in {der} | sed -n 's/^ *\([0-9]*\):d=2 .* cont \[ 3 \].*/\1/p')
tail -c +$(($1 + $2 + 6)) {der} | head -c $((end - $1 - $2 - 5)) > {body}
tlv 060 {body} > {tbs}"""
    else:  # the outer identifier is the hash that is used; the inner one remains that of the sound certificate
        digest = "sha256" if digest == "sha512" else "sha512"
        offset, octets = LAST_OCTET[signer.settings.key.partition(":")[0]]
        change = rf"""
tail -c +$(($1 + 1)) {der} | head -c $(($2 + $3)) > {tbs}
printf '\{octets[digest]}' | dd of={algorithm} bs=1 seek={offset} conv=notrunc 2>/dev/null"""
    passphrase = signer.settings.passphrase
    sign = shlex.join((f"-{digest}", "-sign", key, *(("-passin", passphrase.words) if passphrase else ())))
    script = rf"""
tlv() ( # a tag in octal and a file -> tag, length and content in DER (X.690 section 8.1)
    size=$(($(wc -c < "$2")))
    if [ $size -lt 128 ]; then printf "\\$1\\$(printf %03o $size)"
    elif [ $size -lt 256 ]; then printf "\\$1\\201\\$(printf %03o $size)"
    else printf "\\$1\\202\\$(printf %03o $((size / 256)))\\$(printf %03o $((size % 256)))"; fi
    cat "$2"
)
"$OPENSSL" x509 -in {shlex.quote(sound)} -outform DER -out {der}
# offset, octets of the header and of the content: of the signed part, the algorithm and the signature
set -- $("$OPENSSL" asn1parse -inform DER -in {der} |
    sed -n 's/^ *\([0-9]*\):d=1 *hl=\([0-9]*\) *l= *\([0-9]*\) .*/\1 \2 \3/p')
tail -c +$(($4 + 1)) {der} | head -c $(($5 + $6)) > {algorithm}{change}
"$OPENSSL" dgst {sign} -out {signature} {tbs}
printf '\000' | cat - {signature} > {bits}
tlv 003 {bits} | cat {tbs} {algorithm} - > {whole}
tlv 060 {whole} > {der}
"$OPENSSL" x509 -inform DER -in {der} -out {shlex.quote(out)}"""
    title = f"{entry.name}: {defect.replace('_', ' ')}, signed again"
    yield Step(title, (script,), (sound, key), out, litter=litter, program="sh")


def defective_serial(entry: Entry, serial: str) -> str:
    """As 0x hexadecimal: `serial`, or what a defect makes of it: zero, or 21 octets (RFC 5280 section 4.1.2.2)."""
    if "zero_serial" in entry.settings.defects:
        return "0x00"
    return f"0x01{serial.removeprefix('0x'):0>40}" if "long_serial" in entry.settings.defects else serial
