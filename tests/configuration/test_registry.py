"""The stacks: each can be found, is complete, and names what it says it does."""

import re
from importlib import import_module

from mintls.configuration.advice import fix, fixes_of, guess
from mintls.configuration.mistake import Mistake
from mintls.configuration.registry import names, stack, stacks
from mintls.configuration.stack import Side
from mintls.configuration.template import NAMES, placeholders
from mintls.errors import UsageError
from mintls.handshake.cases.case import Verifier
from mintls.handshake.connect.protocols.registry import AUTO, PROTOCOLS

import pytest
from processes import SCRIPTS


def sides(name: str) -> list[tuple[Verifier, Side]]:
    found = stack(name)
    both = ((Verifier.SERVER, found.server), (Verifier.CLIENT, found.client))
    return [(verifier, side) for verifier, side in both if side]


@pytest.mark.parametrize("name", names())
def test_each_is_complete(name: str) -> None:
    one = stack(name)
    assert one.title
    assert one.server or one.client or one.trust
    assert one.protocol in {AUTO, *PROTOCOLS}
    assert not one.family or stack(one.family)
    for pattern in one.says:
        re.compile(pattern)
    for verifier, side in sides(name):
        texts = (*side.files.values(), side.start, side.prepare, side.reload, side.options)
        assert placeholders(texts) <= set(NAMES)
        assert bool(side.tested) <= bool(side.start)
        for wrong in side.wrong:
            assert any(wrong.right in text for text in texts), wrong.right
            assert wrong.setting in fix(name, verifier, wrong.mistake), "the fix names the setting"
        assert not side.tested or side.wrong or side.limits, "what is tested is also set wrong"


def test_what_is_not_tested_is_marked_in_its_file_and_the_readme() -> None:
    readme = " ".join((SCRIPTS.parent / "README.md").read_text().split())
    (listed,) = re.findall(r"Not tested here, which the output says too: ([^.]*)\.", readme)
    expected = set()
    for name in names():
        one = stack(name)
        roles = {role: getattr(one, role) for role in ("server", "client", "trust")}
        kept = {role: side for role, side in roles.items() if side and (role == "trust" or side.start)}
        untested = [role for role, side in kept.items() if not side.tested]
        module = import_module(f"mintls.stacks.{name.replace('-', '_')}")
        assert ("; not tested here." in (module.__doc__ or "")) is (len(untested) == len(kept)), name
        expected |= {name} if len(untested) == len(kept) else {f"{name} ({role})" for role in untested}
    assert set(listed.split(", ")) == expected


def test_the_readme_counts_them() -> None:
    counted = [sum(bool(side and side.start) for _, side in _both(role)) for role in ("server", "client")]
    stores = sum(one.trust is not None for one in stacks().values())
    readme = " ".join((SCRIPTS.parent / "README.md").read_text().split())
    assert re.search(rf"{counted[0]} servers \(.*\), {counted[1]} clients, and the trust stores of {stores} ", readme)


def _both(role: str) -> list[tuple[str, Side | None]]:
    return [(name, getattr(one, role)) for name, one in stacks().items()]


def test_an_unknown_one_is_an_error_with_a_guess() -> None:
    with pytest.raises(UsageError, match=r"the stack 'ngnix' is not known; did you mean nginx\?"):
        stack("ngnix")


@pytest.mark.parametrize(
    ("answer", "name", "says"),
    [
        (b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\n\r\nok", "nginx", "Server: nginx/1.22.1"),
        (b"HTTP/1.1 200 OK\r\nServer: Apache/2.4.62 (Debian)\r\n\r\n", "apache", "Server: Apache/2.4.62"),
        (b"HTTP/1.0 200 OK\r\nServer: BaseHTTP/0.6 Python/3.11\r\n\r\n", "python", "Server: BaseHTTP/0.6 Python/3.11"),
        (b"HTTP/1.1 200 OK\r\nServer: mine\r\n\r\nServer", "", ""),
        (b"", "", ""),
    ],
)  # fmt: skip
def test_a_server_says_what_it_is(answer: bytes, name: str, says: str) -> None:
    assert guess([b"", answer]) == (name, says)


def test_the_fix_is_its_own_or_that_of_its_family() -> None:
    assert fix("nginx", Verifier.SERVER, Mistake.REQUIRE).startswith("ssl_verify_client on")
    assert fix("", Verifier.SERVER, Mistake.REQUIRE) == ""
    assert fix("curl", Verifier.SERVER, Mistake.REQUIRE) == ""
    families = [name for name, one in stacks().items() if one.family]
    assert families
    for name in families:
        verifiers = [verifier for verifier, _ in sides(name)]
        assert all(fix(name, verifier, Mistake.VERIFY) for verifier in verifiers), name


def test_every_kind_of_mistake_has_a_fix_somewhere() -> None:
    for mistake in Mistake:
        found = {**fixes_of(Verifier.SERVER, mistake), **fixes_of(Verifier.CLIENT, mistake)}
        assert bool(found) == bool(mistake)
