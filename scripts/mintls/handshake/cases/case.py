"""A case of the catalogue and its rows (pure)."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

from mintls.configuration.mistake import Mistake
from mintls.handshake.verdict import Expectation

from msgspec import Struct, field

Settings = Mapping[str, object]


class Verifier(StrEnum):
    """The peer under test: it receives the case's certificate and has to verify it."""

    SERVER = "server"
    CLIENT = "client"

    @property
    def presents(self) -> Literal["client", "server"]:
        """The role of the certificate that it receives."""
        return "client" if self is Verifier.SERVER else "server"


BOTH = (Verifier.SERVER, Verifier.CLIENT)
DEEP = "api.dev.example.org"  # the name of cases that need one of several labels
LIKE_THE_CA = ("namesake", "double")  # roots with the name of the CA; the second has its key identifier too
SPOILED = ("bad_signature", "bad_body", "stolen_key")  # defects that are made from a valid leaf, without its issuer


class Severity(StrEnum):
    """Whether a wrong verdict fails the check, only warns (`--strict`: fails too), or is only reported."""

    MUST = "must"
    POLICY = "policy"
    INFORMATION = "info"


class Turn(StrEnum):
    """When a case is tried: the baseline, a valid certificate, goes first and last."""

    FIRST = "first"
    BETWEEN = "between"
    LAST = "last"


FORGED_CONNECTIONS = 4  # at most: all headers at once would be too long for some servers


class Route(StrEnum):
    """How a foreign server is reached (SNI: RFC 6066 section 3; resumption: RFC 8446 section 2.2)."""

    NAMED = "by its name"
    UNNAMED = "without a name"
    MISNAMED = "by an unknown name"
    DEFAULT_SITE = "without a name, requesting an unknown host"
    RESUMED = "by resuming a session of the valid certificate"
    REOPENED = "by resuming a session of a name that requests no certificate"
    OPEN_NAME = "by the name that requests no certificate, with the Host of the other"
    FORGED = "by its name, with headers that claim a verified certificate"
    PLAIN = "without TLS"
    # no connection of their own: that of the baseline is examined
    SERVER_CERTIFICATE = "the server's certificate in the baseline"
    CERTIFICATE_REQUEST = "the server's CertificateRequest in the baseline"
    CA_NAMES = "the names of CAs in that"

    @property
    def connections(self) -> int:
        """How many connections a row of it makes."""
        if self in (Route.SERVER_CERTIFICATE, Route.CERTIFICATE_REQUEST, Route.CA_NAMES):
            return 0
        if self is Route.FORGED:
            return FORGED_CONNECTIONS
        return 2 if self in (Route.RESUMED, Route.REOPENED) else 1


class Issued(StrEnum):
    """What a control vouches for: if it is not accepted, refusals of certificates issued the same way prove nothing."""

    NOTHING = ""
    BY_THE_CA = "by the CA's key"
    BY_AN_INTERMEDIATE = "by an intermediate"


class Case(Struct, frozen=True, kw_only=True):
    """One certificate, or other input, with the expected verdict.

    In settings, names and options `{role}` is the presented certificate's role, `{other}` the other one's; a timedelta
    counts from now. A setting that is `{ca}` equals that of the valid root.
    """

    id: str
    title: str
    why: str = ""  # why it matters, in a sentence
    mistake: str = ""  # how servers and clients get it wrong
    kind: Mistake = Mistake.NONE  # what is set wrong then; each stack has its own fix
    reference: str  # the source of the expected verdict
    hint: str  # the fix if the verdict is a different one
    verifiers: tuple[Verifier, ...] = BOTH
    versions: tuple[str, ...] = ()  # of TLS; empty: each selected version
    severity: Severity = Severity.MUST
    disputed: bool = False  # correct clients differ, so a failure only warns against a foreign one
    control: bool = False  # must be accepted, or no refusal counts
    turn: Turn = Turn.BETWEEN
    vouches_for: Issued = Issued.NOTHING  # a control of what the CA's key, or its intermediate, has signed

    leaf: Settings | None = None  # how the presented leaf differs from a valid one, as in a profile
    authorities: Mapping[str, Settings] = field(default_factory=dict)  # profile entries that it needs
    presents: str = "{role}"  # the credential, if `leaf` makes none; empty: no certificate
    chain: tuple[str, ...] = ()  # authorities sent after the leaf
    needs_ca_key: bool = True  # cannot be made from only a valid leaf and the CA's certificate
    stacks: str = ""  # servers that accept it by default: against a foreign server it only warns
    route: Route = Route.NAMED  # for cases that apply only to a foreign server
    outside: Mapping[str, object] = field(default_factory=dict)  # fields with a different value for a foreign server

    offers: tuple[str, ...] = ()  # options of the presenting peer
    checks: tuple[str, ...] = ()  # options of the verifying peer
    crl: str = ""  # the CA whose CRL the verifying peer is given
    at_hello: bool = False  # is refused before a certificate is presented
    name: str = "localhost"  # the host name or address that a client checks for

    accepted: bool = False
    errors: tuple[int, ...] = ()  # the verifier's X509_V_ERR_ number is one of these; empty: it has none
    alerts: tuple[int, ...] = ()
    alerts_1_3: tuple[int, ...] = ()  # where TLS 1.3 has others

    def expectation(self, version: str, certificate_size: int) -> Expectation:
        """What our own pair must do; `certificate_size`: bytes of the presented leaf in DER."""
        return Expectation(
            accepted=self.accepted,
            certificate_size=certificate_size,
            errors=self.errors,
            alerts=(version == "1.3" and self.alerts_1_3) or self.alerts,
            at_hello=self.at_hello,
        )

    def credential(self, verifier: Verifier) -> str:
        """The name of the files that are presented; empty: none."""
        if self.leaf is not None:
            return f"{self.id}-{verifier.presents}"
        return fill(self.presents, verifier)

    @property
    def spoiled(self) -> tuple[str, ...]:
        """The defects that need a valid leaf but no issuer."""
        defects = (self.leaf or {}).get("defects")
        return tuple(defect for defect in SPOILED if isinstance(defects, list) and defect in defects)

    @property
    def needs_intermediate(self) -> bool:
        """Whether what it presents is signed by a CA below the root."""
        return self.needs_ca_key and (self.leaf or {}).get("issuer", "ca") != "ca"

    @property
    def role(self) -> str:
        """What it is to the rows that depend on it."""
        return "control" if self.turn is Turn.BETWEEN else "baseline"

    @property
    def for_address(self) -> bool:
        """Whether the client checks for an IP address."""
        return self.name.replace(".", "").isdigit()

    @property
    def controls_some(self) -> bool:
        """Whether it is a control of some cases only: for addresses, of intermediates, or with a CRL."""
        return self.control and (self.for_address or bool(self.checks) or self.leaf is not None)

    def controls(self, other: "Case") -> bool:
        """Whether refusals of the other case prove nothing unless this one is accepted."""
        if not self.controls_some:
            return self.control
        if self.for_address:
            return other.for_address
        if self.checks:
            return bool(other.checks)
        return bool(other.chain)

    def sent_chain(self, verifier: Verifier) -> tuple[str, ...]:
        """The names of the certificates sent after the leaf."""
        return tuple(fill(name, verifier) for name in self.chain)


class Obstacle(NamedTuple):
    """Why a case cannot be tried, and what therefore is not tested, such as `revocation`."""

    topic: str
    reason: str


class Row(Struct, frozen=True):
    """One case against one verifier in one version of TLS."""

    case: Case
    verifier: Verifier
    version: str  # 1.0, 1.1, 1.2 or 1.3

    @property
    def id(self) -> str:
        """Its name in `--only`, `--skip` and the reports, e.g. `server/1.3/expired`."""
        return f"{self.verifier}/{self.version}/{self.case.id}"


def rows(
    cases: Iterable[Case], versions: Iterable[str], only: Iterable[str] = (), skip: Iterable[str] = ()
) -> tuple[Row, ...]:
    """The rows of a run in the order of the reports. A glob matches a row's id or its case's id. The
    controls of a verifier that has rows stay, because no refusal counts without them. A control of some cases
    only, such as `good-address`, can be skipped, and they with it.
    """
    wanted, unwanted, versions, cases = tuple(only), tuple(skip), tuple(versions), tuple(cases)
    every = [
        Row(case, verifier, version)
        for verifier in Verifier
        for version in ("1.0", "1.1", "1.2", "1.3")
        for case in cases
        if verifier in case.verifiers and version in (case.versions or versions)
    ]
    dropped = [row for row in every if row.case.controls_some and _matches(row, unwanted)]
    every = [row for row in every if row not in dropped and not any(_depends(row, control) for control in dropped)]
    chosen = [row for row in every if (not wanted or _matches(row, wanted)) and not _matches(row, unwanted)]
    ends = {(row.verifier, row.version) for row in chosen if not row.case.versions}
    ends |= {(row.verifier, version) for row in chosen if row.case.versions for version in versions}  # any will do
    return tuple(row for row in every if row in chosen or (row.case.control and (row.verifier, row.version) in ends))


def _depends(row: Row, control: Row) -> bool:
    same = row.verifier is control.verifier and row.version == control.version
    return same and control.case.controls(row.case)


def cases_of(rows: Iterable[Row]) -> tuple[Case, ...]:
    """The cases that the rows try, each once."""
    return tuple({row.case.id: row.case for row in rows}.values())


def _matches(row: Row, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(row.id, glob) or fnmatchcase(row.case.id, glob) for glob in globs)


def fill(text: str, verifier: Verifier) -> str:
    """The text with the roles of the presented certificate and of the other one filled in."""
    other = "client" if verifier.presents == "server" else "server"
    return text.replace("{role}", verifier.presents).replace("{other}", other)
