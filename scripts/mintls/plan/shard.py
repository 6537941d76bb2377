"""The share of a fleet that one job of many mints, as --shard says it (pure).

Sources for the variables: Slurm's sbatch (job arrays), Kubernetes' Jobs (completion mode Indexed), GitLab's predefined
CI/CD variables, AWS Batch's array jobs, and GNU parallel (PARALLEL_SEQ).
"""

import re
from collections.abc import Iterable, Mapping

from mintls.errors import UsageError
from mintls.profile.model import Entry

from msgspec import Struct

MOST = 999_999
SHARD_MANIFEST = re.compile(r"manifest\.([0-9]{1,6})-of-([0-9]{1,6})\.json")
_SHARE = r"([0-9]{1,6})/([0-9]{1,6})"
_AUTO = r"auto(?:/([0-9]{1,6}))?"


class Shard(Struct, frozen=True):
    """The share of every fleet that a run mints: number 1 to `of`. Entries without count are in the first."""

    number: int
    of: int

    def covers(self, entry: Entry) -> bool:
        """CAs are in no share: they must exist before, or each share would have its own."""
        index = entry.index or 1
        return not entry.is_authority and index in self.numbers(index)

    def numbers(self, count: int) -> range:
        """Of a fleet with so many certificates, numbered from 1, those that are in the share."""
        return range(self.number, count + 1, self.of)

    @property
    def manifest(self) -> str:
        """The name of its manifest, which differs from the others' so that shares can be put into one directory."""
        return f"manifest.{self.number}-of-{self.of}.json"


class Engine(Struct, frozen=True, kw_only=True):
    """What starts the jobs, and the environment variables by which each of them knows its number.

    `first`: the number of the first job; `least` and `step`: variables with that number and the distance to the next.
    `count`: the variable with the number of jobs; empty if the engine has none.
    """

    name: str
    index: str
    first: int = 0
    least: str = ""
    step: str = ""
    count: str = ""


ENGINES = (
    Engine(
        name="Slurm",
        index="SLURM_ARRAY_TASK_ID",
        least="SLURM_ARRAY_TASK_MIN",
        step="SLURM_ARRAY_TASK_STEP",
        count="SLURM_ARRAY_TASK_COUNT",
    ),
    Engine(name="AWS Batch", index="AWS_BATCH_JOB_ARRAY_INDEX", count="AWS_BATCH_JOB_ARRAY_SIZE"),
    Engine(name="Kubernetes", index="JOB_COMPLETION_INDEX"),
    Engine(name="GitLab", index="CI_NODE_INDEX", first=1, count="CI_NODE_TOTAL"),
    Engine(name="GNU parallel", index="PARALLEL_SEQ", first=1),
)


def missing_shares(names: Iterable[str]) -> tuple[Shard, ...]:
    """The shares without a manifest beside those that have one, by the names of a directory."""
    found = [Shard(int(match[1]), int(match[2])) for match in map(SHARD_MANIFEST.fullmatch, names) if match]
    of = {shard.of for shard in found if 1 <= shard.number <= shard.of}
    return tuple(one for n in sorted(of) for number in range(1, n + 1) if (one := Shard(number, n)) not in found)


def parse_shard(text: str, environment: Mapping[str, str]) -> Shard:
    """K/N; or `auto` or `auto/N`, for which the environment of the job tells what is not said. Raises UsageError."""
    if match := re.fullmatch(_AUTO, text):
        return _of_environment(text, match[1], environment)
    match = re.fullmatch(_SHARE, text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise UsageError(
            f"--shard {text!r} is not a share; write K/N with K from 1 to N, as in 1/8; or auto, or auto/N"
        )
    return Shard(int(match[1]), int(match[2]))


def _of_environment(text: str, count: str | None, environment: Mapping[str, str]) -> Shard:
    found = [engine for engine in ENGINES if engine.index in environment]
    if len(found) != 1:
        names = ", ".join(engine.index for engine in found or ENGINES)
        state = "more than one of its variables is set" if found else "no variable of a job's number is set"
        raise UsageError(f"--shard {text}: {state} ({names}); write K/N")
    (engine,) = found

    def number(variable: str, otherwise: int) -> int:
        value = environment.get(variable, str(otherwise))
        if not re.fullmatch(r"[0-9]{1,9}", value):
            raise UsageError(f"--shard {text}: {variable}={value} is not a number; write K/N")
        return int(value)

    index, first = number(engine.index, 0), number(engine.least, engine.first)
    told = number(engine.count, 0)
    of = int(count) if count else told
    if not of:
        missing = f"{engine.count} is not set" if engine.count else f"{engine.name} does not tell the number of jobs"
        raise UsageError(f"--shard {text}: {missing}; write auto/N with that number")
    if told and of != told:
        raise UsageError(f"--shard {text}: {engine.count} is {told}; write auto, or start {of} jobs")
    place, rest = divmod(index - first, number(engine.step, 1) or 1)
    if rest or not 0 <= place < of <= MOST:
        raise UsageError(
            f"--shard {text}: {engine.index}={index} is not one of {of} jobs from {first} on; number them one by one"
        )
    return Shard(place + 1, of)
