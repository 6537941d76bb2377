"""Which share of a fleet a job mints, from what its engine says in the environment."""

from collections.abc import Mapping

from mintls.errors import ProfileError, UsageError
from mintls.plan.shard import Shard, missing_shares, parse_shard
from mintls.profile.load import read_profile

import pytest

SLURM = {
    "SLURM_ARRAY_TASK_ID": "5",
    "SLURM_ARRAY_TASK_MIN": "1",
    "SLURM_ARRAY_TASK_MAX": "9",
    "SLURM_ARRAY_TASK_STEP": "4",
    "SLURM_ARRAY_TASK_COUNT": "3",
}
AWS = {"AWS_BATCH_JOB_ARRAY_INDEX": "0", "AWS_BATCH_JOB_ARRAY_SIZE": "10"}
GITLAB = {"CI_NODE_INDEX": "5", "CI_NODE_TOTAL": "5"}
KUBERNETES = {"JOB_COMPLETION_INDEX": "7"}
PARALLEL = {"PARALLEL_SEQ": "1"}


@pytest.mark.parametrize(
    ("text", "environment", "number", "of"),
    [
        ("2/8", SLURM, 2, 8),
        ("auto", SLURM, 2, 3),
        ("auto/3", SLURM, 2, 3),
        ("auto", {**SLURM, "SLURM_ARRAY_TASK_ID": "9"}, 3, 3),
        ("auto", {"SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_TASK_COUNT": "2"}, 1, 2),
        ("auto", AWS, 1, 10),
        ("auto", {**AWS, "AWS_BATCH_JOB_ARRAY_INDEX": "9"}, 10, 10),
        ("auto", GITLAB, 5, 5),
        ("auto/8", KUBERNETES, 8, 8),
        ("auto/1", PARALLEL, 1, 1),
    ],
)
def test_the_share_of_a_job(text: str, environment: Mapping[str, str], number: int, of: int) -> None:
    assert parse_shard(text, {"PATH": "/bin", **environment}) == Shard(number, of)


@pytest.mark.parametrize(
    ("text", "environment", "sentence"),
    [
        ("auto", {}, "no variable of a job's number is set (SLURM_ARRAY_TASK_ID, AWS_BATCH_JOB_ARRAY_INDEX"),
        ("auto", {**SLURM, **PARALLEL}, "is set (SLURM_ARRAY_TASK_ID, PARALLEL_SEQ); write K/N"),
        ("auto", KUBERNETES, "Kubernetes does not tell the number of jobs; write auto/N with that number"),
        ("auto", {"CI_NODE_INDEX": "1"}, "CI_NODE_TOTAL is not set; write auto/N"),
        ("auto/4", GITLAB, "CI_NODE_TOTAL is 5; write auto, or start 4 jobs"),
        ("auto/7", KUBERNETES, "JOB_COMPLETION_INDEX=7 is not one of 7 jobs from 0 on"),
        ("auto/1", {"PARALLEL_SEQ": "2"}, "PARALLEL_SEQ=2 is not one of 1 jobs from 1 on"),
        ("auto/1", {"PARALLEL_SEQ": "0"}, "PARALLEL_SEQ=0 is not one of"),
        ("auto", {**SLURM, "SLURM_ARRAY_TASK_ID": "3"}, "SLURM_ARRAY_TASK_ID=3 is not one of 3 jobs from 1 on"),
        ("auto", {**AWS, "AWS_BATCH_JOB_ARRAY_SIZE": "ten"}, "AWS_BATCH_JOB_ARRAY_SIZE=ten is not a number"),
        ("auto", {**GITLAB, "CI_NODE_INDEX": "-1"}, "CI_NODE_INDEX=-1 is not a number"),
        ("auto", {**GITLAB, "CI_NODE_INDEX": ""}, "CI_NODE_INDEX= is not a number"),
        ("auto/0", KUBERNETES, "does not tell the number of jobs"),
        ("auto", {**AWS, "AWS_BATCH_JOB_ARRAY_SIZE": "1000000"}, "is not one of 1000000 jobs"),
        *((text, GITLAB, "is not a share; write K/N") for text in ("automatic", "auto/", "1", "0/2", "3/2", "auto/x")),
    ],
)
def test_what_is_no_share(text: str, environment: Mapping[str, str], sentence: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_shard(text, environment)
    assert sentence in str(raised.value)
    assert str(raised.value).startswith("--shard ")


def test_the_shares_that_a_directory_lacks() -> None:
    names = ["manifest.json", "manifest.1-of-3.json", "manifest.3-of-3.json", "manifest.1-of-1.json", "ca.crt"]
    assert missing_shares(names) == (Shard(2, 3),)
    assert missing_shares([*names, "manifest.2-of-3.json"]) == ()
    assert missing_shares([Shard(2, 2).manifest]) == (Shard(1, 2),)
    assert missing_shares(["manifest.json", "manifest.9-of-2.json", "manifest.1-of-2.json.bak"]) == ()


def test_a_share_makes_no_other_certificates() -> None:
    """A fleet of a million is too much for one run, and its shares are not: no process holds the others."""
    text = b"""\
authorities: {ca: {subject: {CN: CA}}}
clients: {device: {count: 1000000, subject: {CN: "d-{index}"}}, single: {subject: {CN: single}}}
"""
    with pytest.raises(ProfileError, match="1000001 certificates up to here; a run can make at most 250000"):
        read_profile(text, "p.yaml", "p")
    share = Shard(3, 100_000)
    profile = read_profile(text, "p.yaml", "p", numbers=share.numbers)
    made = [entry for entry in profile.entries if entry.index]
    assert [(entry.name, str(entry.settings.subject)) for entry in made[:2]] == [
        ("device-0000003", "CN=d-3"),
        ("device-0100003", "CN=d-100003"),
    ]
    assert len(made) == 10
    assert {entry.name for entry in profile.entries} >= {"ca", "single"}
    assert all(map(share.covers, made))
