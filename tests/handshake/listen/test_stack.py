"""Whose advice a client's command gets: by its program, wherever that is in the command."""

from mintls.handshake.cases.catalogue import CATALOGUE
from mintls.handshake.cases.client_advice import ADVICE, OF_NAME, OF_TRUST, OF_VERIFICATION, advice
from mintls.handshake.listen.cases import client_cases
from mintls.handshake.listen.stack import STACKS, stack_of

import pytest


@pytest.mark.parametrize(
    ("line", "stack"),
    [
        ("curl https://{host}:{port}/", "curl"),
        ("/usr/local/bin/curl {port}", "curl"),
        ("gobuster {port}", ""),
        ("curlie {port}", ""),
        ("env X=1 curl {port}", "curl"),
        ("X=1 Y=2 curl {port}", "curl"),
        ("env -i PATH=/bin -u HOME wget {port}", "GnuTLS"),
        ("timeout -k 3 9 /usr/bin/git ls-remote {port}", "git"),
        ("nice -n 5 timeout 9 java Client {port}", "Java"),
        ("sh -c 'curl -s {port}'", "curl"),
        ("bash -euc 'cd /tmp && X=1 exec ruby client.rb {port}'", "Ruby"),
        ("sh -c 'echo hello | openssl s_client -connect {host}:{port}'", "openssl"),
        ("env A=b sh -c 'sleep 1; php8.2 client.php {port}'", "PHP"),
        ("python3.11 client.py {port}", "Python"),
        ("/opt/perl5/bin/perl client.pl {port}", "Perl"),
        ("dotnet run {port}", ".NET"),
        ("redis-cli --tls -p {port}", "Redis"),
        ("./client {port}", ""),
        ("sh script.sh {port}", ""),
        ("env", ""),
        ("sh -c", ""),
        ("'", ""),
        ("", ""),
    ],
)
def test_the_stack_of_a_command(line: str, stack: str) -> None:
    assert stack_of(line) == stack


def test_every_stack_has_advice_for_what_it_gets_wrong() -> None:
    for stack in set(STACKS.values()):
        for remedy in (*OF_NAME, *OF_TRUST, *OF_VERIFICATION):
            assert advice(stack, remedy), stack
    assert set(ADVICE) <= set(STACKS.values())
    assert advice("Java", OF_NAME[0]) != advice("Java", OF_TRUST[0]) != advice("Java", OF_VERIFICATION[0])
    assert "this client has no name check" in advice("Redis", OF_NAME[0])


def test_the_hint_of_a_case_is_for_the_client_that_is_tested() -> None:
    def hint(case: str, command: str | None) -> str:
        return next(one.hint for one in client_cases(command) if one.id == case)

    assert hint("wrong-name", "timeout 9 psql {port}") == "sslmode=verify-full: verify-ca does not check the name"
    assert hint("wrong-name", "curl {port}").startswith("no -k")
    assert hint("wrong-name", "./client {port}").count(": ") > 4, "that of each stack"
    own = {case.id: case.hint for case in CATALOGUE}
    assert hint("weak-key", "java {port}") == own["weak-key"], "which needs no stack"
