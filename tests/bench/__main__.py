"""Measures mintls beside what people use instead of it: `tox -e bench`, or `tox -e bench -- --quick`.

Everything runs in one go and in turns, so that the ratios hold also where the machine is slow or busy.
No time is asserted: the targets stand beside the ratios as met or not met. See --help.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from measure import Contestant, Work, measure
from recipes import (
    SCRIPTS,
    fleet_profile,
    floor,
    here,
    mintls,
    peers,
    program,
    proved_server,
    shell_recipe,
    small_profile,
    starts,
    trustme,
    verifiers,
)
from replay import command
from results import Ratio, as_data, growth, rows, table, targets

WORKERS = os.cpu_count() or 1
PACKAGES = ("plumbum", "msgspec", "yaml", "mintls")


def main() -> None:
    options = parsed()
    started = time.monotonic()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # else the disk is measured, and not the code
    with tempfile.TemporaryDirectory(prefix="bench-", dir=memory) as name:
        scratch = Path(name)
        env = {**os.environ, "HOME": name, "TMPDIR": name}
        env.pop("PYTHONDONTWRITEBYTECODE", None)  # nobody pays for compiling at each run
        works = [work for work in plan(options.quick) if re.search(options.only, work.name)]
        found = [row for work in works for row in rows(work, measure(work, scratch, env))]
        imports = import_times(env)
    met = targets(found, ratios(1000 if not options.quick else 500))
    met += growth(found, ("W2 P-256 500", "mintls"), ("W2 P-256 5000", "mintls"), 20)
    where = {**machine(), "took": f"{time.monotonic() - started:.0f} s{', --quick' if options.quick else ''}"}
    text = table(where, works, found, met) + "\n" + as_text(imports)
    print(text, end="")
    options.output.mkdir(parents=True, exist_ok=True)
    data = as_data(where, found, met, {"imports_ms": imports})
    (options.output / "bench.json").write_text(json.dumps(data, indent=1) + "\n")
    from plot import draw  # late: a process starts with the peak memory of the one that forks it, and matplotlib is big

    draw(found, met, ", ".join(where.values()), options.output / "bench.svg")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser("tests/bench", description="Measure mintls beside its peers.")
    parser.add_argument("--quick", action="store_true", help="few rounds, and fleets of at most 500")
    parser.add_argument("--only", default="", metavar="REGEX", help="the pieces of work to do, e.g. W1 or 'W2 P-256'")
    parser.add_argument("-o", "--output", type=Path, default=Path("."), metavar="DIR", help="for bench.json, bench.svg")
    return parser.parse_args()


def plan(quick: bool) -> list[Work]:
    """All the work."""
    full = not quick
    works = [Work("W0", "the start: generate.py --check of profiles/dev.yaml", 25 if full else 15, starts())]
    for key, rounds in (("RSA-2048", 25 if full else 7), ("P-256", 25 if full else 7)):
        small = [mintls(small_profile(key), 2), shell_recipe(key, 2), trustme(key, 2), *peers(key, 2, with_ca=True)]
        works.append(Work(f"W1 {key}", "a CA, a server and a client", rounds, small))
    for leaves, rounds in ((100, 5), (500, 5), (1000, 7), (5000, 2)) if full else ((100, 3), (500, 3)):
        fleet = [mintls(fleet_profile("P-256", leaves), leaves), floor("P-256", leaves, WORKERS)]
        if leaves <= 1000:
            fleet.append(shell_recipe("P-256", leaves, every=1 if leaves < 1000 else 3))
        if leaves == 100:
            fleet += [trustme("P-256", leaves), *peers("P-256", leaves, with_ca=False)]
        works.append(Work(f"W2 P-256 {leaves}", f"a CA and {leaves} clients", rounds, fleet))
    if full:
        fleet = [mintls(fleet_profile("RSA-2048", 100), 100), floor("RSA-2048", 100, WORKERS)]
        fleet.append(shell_recipe("RSA-2048", 100))
        works.append(Work("W2 RSA-2048 100", "a CA and 100 clients", 5, fleet))
    works.append(handshakes(7 if full else 3))
    works.append(reruns(1000 if full else 500, 7 if full else 3))
    leaves = 1000 if full else 200
    works.append(Work("W5", f"{leaves} leaves verified", 5 if full else 3, verifiers(leaves)))
    connections = proved_server(WORKERS, command("connect", WORKERS))
    works.append(Work("W6", "handshake_check.py --connect to an nginx, every row", 5 if full else 3, connections))
    return works


def handshakes(rounds: int) -> Work:
    profile = small_profile("P-256")
    check = program("handshake_check.py", "p.yaml", "-j", str(WORKERS))
    own = Contestant("mintls", check, 1, here("p.yaml", profile))
    bare = Contestant(
        "its processes", command("launch", WORKERS), 1, here("p.yaml", profile) + command("record", WORKERS), keep=True
    )
    return Work("W3", "handshake_check.py, the whole matrix, and what it mints for it", rounds, [own, bare])


def reruns(leaves: int, rounds: int) -> Work:
    profile = here("p.yaml", fleet_profile("P-256", leaves))
    mint = program("generate.py", "p.yaml", "-o", "out", "-q")
    setup = f"{profile}({mint})\n"
    odd = here("p.yaml", fleet_profile("P-256", leaves, "odd")) + here("q.yaml", fleet_profile("P-256", leaves, "even"))
    swap = f"mv p.yaml r.yaml\nmv q.yaml p.yaml\nmv r.yaml q.yaml\n{mint}"
    same = Contestant("nothing to do", mint, leaves, setup, keep=True)
    changed = Contestant("one changed", swap, leaves, f"{odd}({mint})\n", keep=True)
    return Work("W4", f"a CA and {leaves} clients once more", rounds, [same, changed])


def ratios(leaves: int) -> list[Ratio]:
    """The targets that were set, all as ratios of medians of this run."""
    fleet, hundred = f"W2 P-256 {leaves}", "W2 P-256 100"
    made = (fleet, "mintls")
    few = (hundred, "mintls")
    python = ("W0", "python -c pass")
    return [
        Ratio("W0 --check / python -c pass, CPU", 7, ("W0", "generate.py --check"), python, "cpu"),
        Ratio("W0 without compiled modules, CPU", 13, ("W0", "without compiled modules"), python, "cpu"),
        Ratio("W1 RSA-2048 / shell recipe", 0.75, ("W1 RSA-2048", "mintls"), ("W1 RSA-2048", "shell recipe")),
        Ratio("W1 P-256 / shell recipe", 1.4, ("W1 P-256", "mintls"), ("W1 P-256", "shell recipe")),
        Ratio(f"{fleet} / floor", 1.25, made, (fleet, "floor")),
        Ratio(f"{fleet} / shell recipe", 0.12, made, (fleet, "shell recipe")),
        Ratio(f"{hundred} / mkcert, a leaf", 1, few, (hundred, "mkcert"), per_leaf=True),
        Ratio(f"{hundred} / cfssl, a leaf", 1, few, (hundred, "cfssl"), per_leaf=True),
        Ratio("W2 P-256 t(5000) / t(500)", 10.5, ("W2 P-256 5000", "mintls"), ("W2 P-256 500", "mintls")),
        Ratio("W2 RSA-2048 100 / floor", 1, ("W2 RSA-2048 100", "mintls"), ("W2 RSA-2048 100", "floor")),
        Ratio("W3 / its own processes", 1.15, ("W3", "mintls"), ("W3", "its processes")),
        Ratio(f"W4 nothing to do / {fleet}", 0.04, ("W4", "nothing to do"), made),
        Ratio(f"W4 one changed / {fleet}", 0.05, ("W4", "one changed"), made),
        Ratio("W6 / its own connections", 1.3, ("W6", "mintls"), ("W6", "its connections")),
    ]


def machine() -> dict[str, str]:
    """What the figures belong to."""
    try:
        cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())[1]  # type: ignore[index]
    except (OSError, TypeError):
        cpu = platform.processor()
    openssl = subprocess.run(("openssl", "version"), capture_output=True, text=True, check=True).stdout.strip()
    load = os.getloadavg()[2]
    return {
        "machine": f"{WORKERS} cores, {cpu}, {platform.system()} {platform.machine()}",
        "openssl": openssl.partition(" (")[0],
        "python": f"Python {platform.python_version()}",
        "load": f"load {load:.1f} in the last 15 minutes",
    }


def import_times(env: dict[str, str]) -> dict[str, float]:
    """Milliseconds that each package's own modules take when generate.py starts, the standard library's as `others`."""
    argv = (sys.executable, "-X", "importtime", "-c", "import generate")
    said = subprocess.run(
        argv, env={**env, "PYTHONPATH": str(SCRIPTS)}, check=True, capture_output=True, text=True
    ).stderr
    spent: dict[str, float] = defaultdict(float)
    for own, name in re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", said):
        package = name.partition(".")[0]
        spent[package if package in PACKAGES else "others"] += int(own) / 1000
    return dict(spent)


def as_text(imports: dict[str, float]) -> str:
    parts = ", ".join(f"{name} {spent:.0f}" for name, spent in sorted(imports.items(), key=lambda item: -item[1]))
    return f"imports of generate.py, ms under -X importtime: {parts}; {sum(imports.values()):.0f} in all\n"


if __name__ == "__main__":
    main()
