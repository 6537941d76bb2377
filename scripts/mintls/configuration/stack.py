"""What a stack is: a program that people configure for mTLS, as data; one file of mintls/stacks/ for each (pure).

A template is plain text, in which `@name@` is replaced; template.py lists the names. A line with `@crl@` or
`@passphrase@` is left out where the set has no CRL, or the key no passphrase.
"""

from collections.abc import Mapping

from mintls.configuration.mistake import OF_NAME, OF_REQUIREMENT, OF_TRUST, OF_VERIFICATION, Mistake

from msgspec import Struct, field

Fixes = Mapping[Mistake, str]


class Wrong(Struct, frozen=True, kw_only=True):
    """A wrong setting that people write: `wrong` in the place of `right`, a text of the files or of `start`.

    `setting`: the word by which the fix of `mistake` names it. `effect`: what it lets pass.
    """

    setting: str
    right: str
    wrong: str
    effect: str
    mistake: Mistake


class Side(Struct, frozen=True, kw_only=True):
    """One side of a stack: its server or its client.

    `files`: templates by file name. `start`: the command that runs it in the foreground; a client's visits the server
    once. `prepare`: a command before the first start. `reload`: how a running one takes over new files. `port`: where
    it listens unless --port is given. `options`: of handshake_check.py, to prove it. `accepts`: the cases (globs) that
    it accepts in every configuration; a proof skips them. `tested`: the version that the tests run; empty: not tested
    here. `limits`: what it cannot do.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    start: str = ""
    prepare: str = ""
    reload: str = ""
    port: int = 8443
    options: str = ""
    accepts: tuple[str, ...] = ()
    tested: str = ""
    limits: str = ""
    wrong: tuple[Wrong, ...] = ()
    fixes: Fixes = field(default_factory=dict)


class TrustStore(Struct, frozen=True, kw_only=True):
    """A trust store: the commands that add the CA, and those that remove it again. They are printed, never run.

    `keys`: the kinds of key that it can use; empty: any.
    """

    add: str
    remove: str
    keys: tuple[str, ...] = ()
    tested: str = ""
    limits: str = ""


class Stack(Struct, frozen=True, kw_only=True):
    """A program, library or platform.

    `protocol`: the name in --probe. `says`: regular expressions for what only such a server says of itself, in a
    header or greeting. `programs`: the names of a client's command. `family`: the stack whose fixes also apply.
    """

    title: str
    protocol: str = "http"
    says: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    family: str = ""
    server: Side | None = None
    client: Side | None = None
    trust: TrustStore | None = None


def fixes(
    *, require: str = "", verify: str = "", trust: str = "", name: str = "", others: Fixes | None = None
) -> Fixes:
    """One sentence for each group of mistakes that have the same fix: nothing is required, the chain is not verified,
    the wrong CAs are trusted, the name is not verified; and `others`, which go first.
    """
    groups = ((require, OF_REQUIREMENT), (verify, OF_VERIFICATION), (trust, OF_TRUST), (name, OF_NAME))
    return {kind: sentence for sentence, kinds in groups for kind in kinds if sentence} | dict(others or {})
