"""How verify.py grows with the number of certificates, and how it compares with minting them: CPU and memory.

Run `python -m bench.inspection [COUNT]` in tests/. CPU is that of the script and its openssl processes together; ratios
of one run are comparable, whatever the machine.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

SCRIPTS = Path(__file__).parents[2] / "scripts"
PROFILE = """\
defaults: {{key: "ec:P-256"}}
authorities:
  root: {{subject: {{CN: Root}}}}
  issuing: {{subject: {{CN: Issuing}}, issuer: root}}
servers:
  s: {{issuer: issuing, subject: {{CN: s}}, san: ["DNS:s{{index}}.example"], count: {count}}}
"""


class Cost(NamedTuple):
    """CPU seconds of a script with its children, and the largest resident set of any of them in MB."""

    cpu: float
    memory: float


def cost(*words: object) -> Cost:
    """Run a script. Raises CalledProcessError if it fails."""
    command = [sys.executable, str(SCRIPTS / str(words[0])), *map(str, words[1:])]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def measure(count: int) -> Cost:
    """Mint so many leaves below an intermediate and verify them; print both."""
    with tempfile.TemporaryDirectory() as name:
        profile = Path(name) / "p.yaml"
        profile.write_text(PROFILE.format(count=count))
        mint = cost("generate.py", profile, "-o", Path(name) / "set", "-q")
        verify = min(cost("verify.py", Path(name) / "set") for _ in range(3))  # the others: what else the machine does
    print(
        f"{count} leaves: minting {mint.cpu:.2f} s CPU, verify.py {verify.cpu:.2f} s "
        f"({verify.cpu / mint.cpu:.2f} of it), {verify.memory:.0f} MB"
    )
    return verify


if __name__ == "__main__":
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    quarter, whole = measure(largest // 4), measure(largest)
    print(f"t({largest}) / t({largest // 4}) = {whole.cpu / quarter.cpu:.2f}")
