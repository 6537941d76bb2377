"""Runs -> medians, ratios of medians, and whether they meet the targets, as one frozen tree and its text (pure)."""

from collections.abc import Mapping, Sequence
from statistics import median, quantiles
from typing import Any, NamedTuple

from measure import Run, Work


class Row(NamedTuple):
    """One contestant at one piece of work. Seconds; quartiles of the wall clock; memory in bytes."""

    work: str
    name: str
    leaves: int
    runs: int
    seconds: float
    lower: float
    upper: float
    cpu: float
    memory: int


class Target(NamedTuple):
    """A ratio of two measured numbers and its bound."""

    title: str
    ratio: float
    bound: float

    @property
    def met(self) -> bool:
        return self.ratio <= self.bound


class Ratio(NamedTuple):
    """What to compare: (work, contestant) over (work, contestant), by a field of the row."""

    title: str
    bound: float
    over: tuple[str, str]
    under: tuple[str, str]
    field: str = "seconds"
    per_leaf: bool = False


def rows(work: Work, runs: Mapping[str, Sequence[Run]]) -> list[Row]:
    found = []
    for contestant in work.contestants:
        if some := runs.get(contestant.name):
            seconds = [run.seconds for run in some]
            lower, _, upper = quantiles(seconds, n=4, method="inclusive") if len(some) > 1 else seconds * 3
            cpu, memory = median(run.cpu for run in some), max(run.memory for run in some)
            middle = median(seconds)
            leaves = contestant.leaves
            found.append(Row(work.name, contestant.name, leaves, len(some), middle, lower, upper, cpu, memory))
    return found


def targets(rows: Sequence[Row], ratios: Sequence[Ratio]) -> list[Target]:
    """Those whose two sides were both measured."""
    named = {(row.work, row.name): row for row in rows}
    met = []
    for ratio in ratios:
        over, under = named.get(ratio.over), named.get(ratio.under)
        if over and under:
            leaves = under.leaves / over.leaves if ratio.per_leaf else 1
            value = getattr(over, ratio.field) / getattr(under, ratio.field) * leaves
            met.append(Target(ratio.title, value, ratio.bound))
    return met


def growth(rows: Sequence[Row], small: tuple[str, str], big: tuple[str, str], bound: float) -> list[Target]:
    """Peak memory that each further leaf costs, in KB."""
    named = {(row.work, row.name): row for row in rows}
    if not (small in named and big in named):
        return []
    one, other = named[small], named[big]
    kilobytes = (other.memory - one.memory) / 1024 / (other.leaves - one.leaves)
    return [Target("memory, KB for each further leaf", kilobytes, bound)]


def table(machine: Mapping[str, str], works: Sequence[Work], rows: Sequence[Row], targets: Sequence[Target]) -> str:
    """The machine, a table of Markdown for each piece of work, and the targets."""
    lines = [f"{name}: {value}" for name, value in machine.items()]
    for work in works:
        own = {row.name: row for row in rows if row.work == work.name}
        lines += ["", f"{work.name}: {work.title}", ""]
        lines += ["| | runs | median s | quartiles | CPU s | ms a leaf | of mintls | peak MB |"]
        lines += ["| --- | --: | --: | --: | --: | --: | --: | --: |"]
        base = own.get("mintls")
        for contestant in work.contestants:
            row = own.get(contestant.name)
            if row is None:
                lines.append(f"| {contestant.name} | not installed | | | | | | |")
                continue
            share = f"{row.seconds / row.leaves / base.seconds * base.leaves:.2f}" if base else ""
            lines.append(
                f"| {row.name} | {row.runs} | {row.seconds:.3f} | {row.lower:.3f}-{row.upper:.3f} | {row.cpu:.3f} | "
                f"{row.seconds / row.leaves * 1000:.1f} | {share} | {row.memory / 1024**2:.0f} |"
            )
    lines += ["", "| target | measured | at most | |", "| --- | --: | --: | --- |"]
    for target in targets:
        met = "met" if target.met else "not met"
        lines.append(f"| {target.title} | {target.ratio:.3g} | {target.bound:g} | {met} |")
    return "\n".join(lines) + "\n"


def as_data(
    machine: Mapping[str, str], rows: Sequence[Row], targets: Sequence[Target], more: Mapping[str, Any]
) -> dict[str, Any]:
    """The same for a program."""
    return {
        "machine": dict(machine),
        "rows": [row._asdict() for row in rows],
        "targets": [{**target._asdict(), "met": target.met} for target in targets],
        **more,
    }
