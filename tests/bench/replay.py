"""W3 and W6: the openssl processes of a run of handshake_check.py, started again with nothing around them.

As a script it works in the working directory: `replay.py record WORKERS`, then `launch WORKERS`; the connections of a
report.json that `--connect --keep` wrote: `connect WORKERS`.
"""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from shlex import quote
from threading import Event
from typing import Any

HERMETIC = {"OPENSSL_CONF": "/dev/null", "SSL_CERT_FILE": "/dev/null", "SSL_CERT_DIR": "/dev/null", "LC_ALL": "C"}
PIPE, NULL = subprocess.PIPE, subprocess.DEVNULL
# Stands first on PATH as openssl and sh: keeps what lay in the directory before the first process there, and the words.
RECORDER = """\
#!{python} -SE
import json, os, shutil, sys, time
name, words, here = os.path.basename(sys.argv[0]), sys.argv[1:], os.getcwd()
if words[0] not in ("s_server", "s_client"):
    where = here.replace("/", "_")
    try:
        os.mkdir(os.path.join({records!r}, where))
        shutil.copytree(here, os.path.join({records!r}, where), symlinks=True, dirs_exist_ok=True)
    except FileExistsError:
        pass
    with open(os.path.join({records!r}, f"{{time.time_ns()}}-{{os.getpid()}}.process"), "w") as file:
        json.dump({{"where": where, "argv": [name, *words]}}, file)
real = {{"openssl": {openssl!r}, "sh": {sh!r}}}
os.execve(real[name], [name, *words], {{**os.environ, "OPENSSL": real["openssl"]}})
"""
# Runs handshake_check.py so that what it makes in temporary directories stays.
KEPT = """\
import runpy, sys, tempfile
tempfile.TemporaryDirectory.cleanup = lambda self: None
tempfile.TemporaryDirectory._cleanup = classmethod(lambda *words, **named: None)
sys.argv = sys.argv[1:]
sys.path.insert(0, sys.argv[0].rpartition("/")[0])
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def record(script: Path, workers: int) -> None:
    """Run it with p.yaml, and leave here jobs.json, the words of its processes, and all that these need."""
    records = Path.cwd()
    kept, programs = records / "kept", records / "programs"
    real = {name: shutil.which(name) for name in ("openssl", "sh")}
    for directory in (kept, programs):
        directory.mkdir()
    for name in real:
        (programs / name).write_text(RECORDER.format(python=sys.executable, records=str(records), **real))
        (programs / name).chmod(stat.S_IRWXU)
    words = (str(script), str(records / "p.yaml"), "-j", str(workers), "--json", str(records / "report.json"))
    env = {**os.environ, "TMPDIR": str(kept), "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run((sys.executable, "-c", KEPT, *words), cwd=kept, env=env, check=True)
    minting = [json.loads(path.read_text()) for path in sorted(records.glob("*.process"))]
    rows = json.loads((records / "report.json").read_text())["rows"]
    talking = [row["commands"] for row in rows if len(row["commands"]) == 2]
    (records / "jobs.json").write_text(json.dumps({"minting": minting, "talking": talking}))


def launch(workers: int) -> None:
    """Start everything that is recorded here, so many at once, each after those whose files it names."""
    jobs = json.loads(Path("jobs.json").read_text())
    os.environ.update(HERMETIC, OPENSSL=shutil.which("openssl") or "openssl")
    with ThreadPoolExecutor(workers) as pool:
        for _, processes in groupby(jobs["minting"], lambda process: process["where"]):
            minting, makers = list(processes), {}
            for process in minting:
                process["done"] = Event()
                for word in re.findall(r"-out (\S+)", " ".join(process["argv"])):
                    makers.setdefault(word, process["done"])
            for process in minting:
                words = set(re.findall(r"[\w.-]+", " ".join(process["argv"])))
                made = [makers[word] for word in words if word in makers]
                process["needs"] = [one for one in made if one is not process["done"]]
            list(pool.map(_mint, minting))
        list(pool.map(_talk, jobs["talking"]))


def connect(workers: int) -> None:
    """Every connection of report.json once more, so many at once."""
    rows = json.loads(Path("report.json").read_text())["rows"]
    os.environ.update(HERMETIC)
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(_ask, [argv for row in rows for argv in row["commands"]]))


def _ask(argv: list[str]) -> None:
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    subprocess.run([*argv, "-ign_eof"], input=request, stdout=NULL, stderr=NULL, close_fds=False)


def _mint(process: dict[str, Any]) -> None:
    for made in process["needs"]:
        made.wait(10)
    subprocess.run(process["argv"], cwd=process["where"], stdin=NULL, stdout=NULL, stderr=NULL, close_fds=False)
    process["done"].set()


def _talk(pair: list[list[str]]) -> None:
    server = subprocess.Popen(pair[0], stdin=NULL, stdout=PIPE, stderr=NULL, close_fds=False)
    assert server.stdout
    port = next((line.split(b":")[1].strip().decode() for line in server.stdout if line.startswith(b"ACCEPT")), "0")
    argv = list(pair[1])
    argv[argv.index("-connect") + 1] = f"127.0.0.1:{port}"
    subprocess.run(argv, input=b"ping\nCLOSE\n", stdout=NULL, stderr=NULL, close_fds=False)
    server.communicate()


def command(what: str, workers: int) -> str:
    """The shell command that does this."""
    return f"{quote(sys.executable)} {quote(__file__)} {what} {workers}"


if __name__ == "__main__":
    if sys.argv[1] == "record":
        record(Path(__file__).resolve().parents[2] / "scripts" / "handshake_check.py", int(sys.argv[2]))
    else:
        {"launch": launch, "connect": connect}[sys.argv[1]](int(sys.argv[2]))
