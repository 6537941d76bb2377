"""Whose advice a client's command gets: by its program, wherever that is in the command."""

from mintls.configuration.advice import fix
from mintls.configuration.mistake import OF_NAME, OF_TRUST, OF_VERIFICATION
from mintls.configuration.registry import stacks
from mintls.handshake.cases.case import Verifier
from mintls.handshake.listen.stack import stack_of

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
        ("env -i PATH=/bin -u HOME wget {port}", "wget"),
        ("timeout -k 3 9 /usr/bin/git ls-remote {port}", "git"),
        ("nice -n 5 timeout 9 java Client {port}", "java"),
        ("sh -c 'curl -s {port}'", "curl"),
        ("bash -euc 'cd /tmp && X=1 exec ruby client.rb {port}'", "ruby"),
        ("sh -c 'echo hello | openssl s_client -connect {host}:{port}'", "openssl"),
        ("env A=b sh -c 'sleep 1; php8.2 client.php {port}'", "php"),
        ("python3.11 client.py {port}", "python"),
        ("/opt/perl5/bin/perl client.pl {port}", "perl"),
        ("dotnet run {port}", "dotnet"),
        ("redis-cli --tls -p {port}", "redis"),
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


def test_every_client_has_a_fix_for_what_it_gets_wrong() -> None:
    for name, one in stacks().items():
        for mistake in (*OF_NAME, *OF_TRUST, *OF_VERIFICATION) if one.programs and one.client else ():
            assert fix(name, Verifier.CLIENT, mistake), name
    assert len({fix("java", Verifier.CLIENT, kinds[0]) for kinds in (OF_NAME, OF_TRUST, OF_VERIFICATION)}) == 3
    assert "this client has no name check" in fix("redis", Verifier.CLIENT, OF_NAME[0])
