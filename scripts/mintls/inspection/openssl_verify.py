"""Many certificates in one process of `openssl verify`, and its answer about each (verify(1)).

An exit status says nothing about one of many: a certificate is valid only where openssl says OK beside its name.
"""

import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mintls.errors import OpensslError
from mintls.openssl.binary import TIMEOUT, Openssl
from mintls.x509.certificate import Certificate

from msgspec import Struct

MANY = 500  # certificates a process: to start one costs as much as to verify ten
_ERROR = re.compile(r"error (\d+) at (\d+) depth lookup: ?(.*)")
_FAILED = re.compile(r"error ([0-9A-F]{64})\.pem: verification failed")
_OK = re.compile(r"([0-9A-F]{64})\.pem: OK")


class Refusal(Struct, frozen=True):
    """Why a chain is not valid: openssl's number, the depth of the certificate (0 is the leaf), and the reason."""

    number: int
    depth: int
    reason: str

    def __str__(self) -> str:
        return f"{self.reason} (error {self.number} at {self.depth} depth lookup)" if self.number else self.reason


class Question(Struct, frozen=True):
    """The same options for several certificates: what `openssl verify` is asked with."""

    options: tuple[str, ...]
    certificates: tuple[Certificate, ...]


class Stage:
    """A directory in which each certificate is a file, so that openssl can be given it by name."""

    def __init__(self, openssl: Openssl, directory: Path, workers: int) -> None:
        self.openssl, self.directory, self.workers = openssl, directory, workers

    def add(self, certificates: Iterable[Certificate]) -> None:
        for certificate in certificates:
            (self.directory / _file(certificate)).write_text(certificate.pem, encoding="ascii")

    def file_option(self, option: str, name: str, blocks: Sequence[str]) -> tuple[str, ...]:
        """openssl fails on an empty file, and needs none: no store of the system stands behind it (openssl.py)."""
        (self.directory / name).write_text("".join(blocks), encoding="ascii")
        return (option, name) if blocks else ()

    def ask(self, questions: Iterable[Question]) -> list[dict[str, tuple[Refusal, ...]]]:
        """For each question the refusals of each certificate, by its fingerprint; none where it is valid."""
        asked = list(questions)
        parts = [
            (index, Question(one.options, one.certificates[at : at + MANY]))
            for index, one in enumerate(asked)
            for at in range(0, len(one.certificates), MANY)
        ]
        answers: list[dict[str, tuple[Refusal, ...]]] = [{} for _ in asked]
        with ThreadPoolExecutor(self.workers) as pool:
            for (index, _), answer in zip(parts, pool.map(self._ask, (part for _, part in parts)), strict=True):
                answers[index] |= answer
        return answers

    def _ask(self, question: Question) -> dict[str, tuple[Refusal, ...]]:
        names = [_file(certificate) for certificate in question.certificates]
        try:
            result = self.openssl.ask(("verify", *question.options, *names), cwd=self.directory)
        except OpensslError:
            late = (Refusal(0, 0, f"openssl was stopped after {TIMEOUT:g} s, with no answer"),)
            return {certificate.fingerprint: late for certificate in question.certificates}
        answers, silent = _read(result.stdout, result.stderr), (Refusal(0, 0, "openssl gave no reason"),)
        if len(names) == 1:  # an older openssl does not repeat the name of what it refuses
            reasons = tuple(_refusals(result.stdout + "\n" + result.stderr))
            fingerprint = question.certificates[0].fingerprint
            said = answers.get(fingerprint, reasons or silent)
            return {fingerprint: said if said or result.status == 0 else reasons or silent}
        for certificate in question.certificates:
            if certificate.fingerprint not in answers:
                answers |= self._ask(Question(question.options, (certificate,)))
        return answers


def _read(stdout: str, stderr: str) -> dict[str, tuple[Refusal, ...]]:
    answers: dict[str, tuple[Refusal, ...]] = {
        match[1]: () for match in map(_OK.fullmatch, stdout.splitlines()) if match
    }
    pending: list[str] = []
    for line in stderr.splitlines():
        pending.append(line)
        if match := _FAILED.fullmatch(line):
            if reasons := tuple(_refusals("\n".join(pending))):
                answers[match[1]] = reasons
            pending = []
    return answers


def _refusals(said: str) -> Iterable[Refusal]:
    for line in said.splitlines():
        if match := _ERROR.match(line):
            yield Refusal(int(match[1]), int(match[2]), match[3].strip())


def _file(certificate: Certificate) -> str:
    return f"{certificate.fingerprint}.pem"
