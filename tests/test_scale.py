"""Profiles of many distinct entries: CPU time grows with their number, not with its square."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from processes import SCRIPTS

pytestmark = pytest.mark.slow


def cpu(command: list[str]) -> float:
    """Seconds of a process and its children, least of two."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert subprocess.run(command, stdout=subprocess.DEVNULL).returncode in (0, 1)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return min(once(), once())


@pytest.mark.parametrize("option", ["--check", "--dry-run"])
def test_four_times_as_many_take_four_times_as_long(option: str, tmp_path: Path) -> None:
    times = []
    for number in (500, 2000):
        profile = tmp_path / f"{number}.yaml"
        entries = "".join(
            f"  c{n}: {{subject: {{CN: c{n}}}, san: ['DNS:c{n}.example'], days: {n % 99 + 1}}}\n" for n in range(number)
        )
        profile.write_text("authorities: {ca: {subject: {CN: CA}}}\nclients:\n" + entries)
        times.append(
            cpu([sys.executable, str(SCRIPTS / "generate.py"), str(profile), "-q", "-o", str(tmp_path / "set"), option])
        )
    assert times[1] / times[0] <= 5
