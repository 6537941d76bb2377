"""Many certificates in one process of `openssl verify`, and its answer about each (verify(1)).

The exit status says nothing about one of many: a certificate is valid only if openssl prints OK beside its name.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from mintls.errors import OpensslError
from mintls.openssl.binary import TIMEOUT, Openssl
from mintls.workers import in_parallel
from mintls.x509.certificate import Certificate

from msgspec import Struct

MANY = 500  # certificates per process: starting one costs as much as verifying ten certificates
_ERROR = re.compile(r"error (\d+) at (\d+) depth lookup: ?(.*)")
_FAILED = re.compile(r"error ([0-9A-F]{64})\.pem: verification failed")
_OK = re.compile(r"([0-9A-F]{64})\.pem: OK")


class Rejection(Struct, frozen=True):
    """Why a chain is invalid: openssl's number, the depth of the certificate (0 is the leaf), and the reason."""

    number: int
    depth: int
    reason: str

    def __str__(self) -> str:
        return f"{self.reason} (error {self.number} at {self.depth} depth lookup)" if self.number else self.reason


class Question(Struct, frozen=True):
    """Several certificates to verify with the same options."""

    options: tuple[str, ...]
    certificates: tuple[Certificate, ...]


class VerifyDirectory:
    """A temporary directory in which each certificate is a file, so that openssl can be given it by name."""

    def __init__(self, openssl: Openssl, directory: Path) -> None:
        self.openssl, self.directory = openssl, directory

    def add(self, certificates: Iterable[Certificate]) -> None:
        for certificate in certificates:
            (self.directory / _file(certificate)).write_text(certificate.pem, encoding="ascii")

    def file_option(self, option: str, name: str, blocks: Sequence[str]) -> tuple[str, ...]:
        """The option with a file of these PEM blocks. Without blocks no option: openssl fails on an empty file."""
        (self.directory / name).write_text("".join(blocks), encoding="ascii")
        return (option, name) if blocks else ()

    def ask(self, questions: Iterable[Question]) -> list[dict[str, tuple[Rejection, ...]]]:
        """For each question the rejections of each certificate by its fingerprint; none if it is valid."""
        questions = list(questions)
        parts = [
            (index, Question(one.options, one.certificates[at : at + MANY]))
            for index, one in enumerate(questions)
            for at in range(0, len(one.certificates), MANY)
        ]
        answers: list[dict[str, tuple[Rejection, ...]]] = [{} for _ in questions]
        batches = in_parallel(self.openssl.jobs, self.openssl.stop, self._ask, [part for _, part in parts])
        for (index, _), batch in zip(parts, batches, strict=True):
            answers[index] |= batch
        return answers

    def _ask(self, question: Question) -> dict[str, tuple[Rejection, ...]]:
        names = [_file(certificate) for certificate in question.certificates]
        try:
            result = self.openssl.ask(("verify", *question.options, *names), cwd=self.directory)
        except OpensslError:
            late = (Rejection(0, 0, f"openssl was stopped after {TIMEOUT:g} s, with no answer"),)
            return {certificate.fingerprint: late for certificate in question.certificates}
        answers, silent = _read(result.stdout, result.stderr), (Rejection(0, 0, "openssl gave no reason"),)
        if len(names) == 1:  # older versions do not repeat the name of what they reject
            reasons = tuple(_rejections(result.stdout + "\n" + result.stderr))
            fingerprint = question.certificates[0].fingerprint
            answer = answers.get(fingerprint, reasons or silent)
            return {fingerprint: answer if answer or result.status == 0 else reasons or silent}
        for certificate in question.certificates:
            if certificate.fingerprint not in answers:
                answers |= self._ask(Question(question.options, (certificate,)))
        return answers


def _read(stdout: str, stderr: str) -> dict[str, tuple[Rejection, ...]]:
    answers: dict[str, tuple[Rejection, ...]] = {
        match[1]: () for match in map(_OK.fullmatch, stdout.splitlines()) if match
    }
    pending: list[str] = []
    for line in stderr.splitlines():
        pending.append(line)
        if match := _FAILED.fullmatch(line):
            if reasons := tuple(_rejections("\n".join(pending))):
                answers[match[1]] = reasons
            pending = []
    return answers


def _rejections(output: str) -> Iterable[Rejection]:
    for line in output.splitlines():
        if match := _ERROR.match(line):
            yield Rejection(int(match[1]), int(match[2]), match[3].strip())


def _file(certificate: Certificate) -> str:
    return f"{certificate.fingerprint}.pem"
