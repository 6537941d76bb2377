"""The plan as data: which commands, in which order, and what may never stand in them."""

import re
from itertools import chain, pairwise

from mintls.minting.check import whole_plan
from mintls.plan.plan import Plan
from mintls.profile.load import load_profile

import pytest
from conftest import PROFILES


def plan_of(name: str) -> Plan:
    return whole_plan(load_profile(PROFILES / f"{name}.yaml"))


@pytest.fixture(params=["dev", "classic", "step-by-step", "showcase"])
def plan(request: pytest.FixtureRequest) -> Plan:
    return plan_of(request.param)


def words(plan: Plan) -> list[tuple[str, ...]]:
    return [step.argv for step in chain(plan.steps, plan.checks)]


def test_the_workflow_is_key_request_certificate_verify() -> None:
    assert [argv[0] for argv in words(plan_of("dev"))] == ["genpkey", "req", "x509"] * 3 + ["verify"] * 3


def test_what_a_step_needs_is_made_before_it(plan: Plan) -> None:
    made = {config.name for config in plan.configs}
    for step in chain(plan.steps, plan.checks):
        assert set(step.needs) <= made, step.title
        made.add(step.makes)
    assert not plan.borrowed


def test_every_command_names_its_own_configuration_and_no_subject(plan: Plan) -> None:
    for argv in words(plan):
        assert not {"-subj", "-copy_extensions", "-CAcreateserial"} & set(argv)
        assert not any(word.startswith("pass:") for word in argv)
        signing = {
            ("req", "-new"): {"-config"},
            ("x509", "-req"): {"-extfile"},
            ("ca", "-batch"): {"-config", "-extfile"},
        }
        assert signing.get(argv[:2], set()) <= set(argv)


def test_every_certificate_is_verified_strictly_for_its_purpose(plan: Plan) -> None:
    checks = [step.argv for step in plan.checks]
    assert all({"-x509_strict", "-purpose", "-trusted"} <= set(argv) for argv in checks)
    asked = {argv: [word for flag, word in pairwise(argv) if "-" not in (flag[0], word[0])] for argv in checks}
    bad = {"expired", "forged", "stolen"}  # of the showcase; expired ended before its issuer began
    for issue in plan.issues:
        certificate = next(output.name for output in issue.outputs if output.name.endswith((".crt", "-cert.pem")))
        purposes = {argv[argv.index("-purpose") + 1] for argv in checks if certificate in asked[argv]}
        role = {"authority": {"any"}, "server": {"sslserver"}, "client": {"sslclient"}}
        expected = role.get(issue.entry.role, {"sslserver", "sslclient"})
        assert purposes == (set() if issue.entry.name in bad else expected), certificate


def test_serial_numbers_are_159_random_bits_and_differ(plan: Plan) -> None:
    """RFC 5280 4.1.2.2: positive and at most 20 octets, so the highest bit of the 20 is clear."""
    serials = [int(issue.serial, 16) for issue in plan.issues if not issue.entry.settings.serial]
    assert all(serial.bit_length() == 159 for serial in serials)
    assert len({serial >> 90 for serial in serials}) == len({serial % (1 << 64) for serial in serials}) == len(serials)
    assert not set(serials) & {int(issue.serial, 16) for issue in plan_of("showcase").issues}


def test_outputs_are_private_keys_and_public_files(plan: Plan) -> None:
    for output in plan.outputs:
        secret = "key" in output.name or output.name.endswith((".p12", ".secret.yaml", ".combined.pem"))
        assert output.mode == (0o600 if secret else 0o644)


def test_signing_requests_are_kept_only_where_a_pattern_names_them() -> None:
    named = [output.name for output in plan_of("step-by-step").outputs if re.search(r"req|csr", output.name)]
    assert named == ["server-req.pem", "client-req.pem"]
    assert not [output.name for output in plan_of("dev").outputs if "csr" in output.name]


def test_a_digest_is_the_signers_and_edwards_curves_take_none() -> None:
    by_name = {step.makes: step.argv for step in plan_of("showcase").steps}
    digest = by_name["root.crt"].index("-md") + 1  # its dates are stated, which takes ca(1)
    assert by_name["root.crt"][digest] == "sha384"
    assert "-sha384" in by_name["issuing.crt"]
    assert "-sha256" in by_name["legacy.crt"]
    assert not any(word.startswith("-sha") for word in by_name["alice.csr"])
