"""The ready files of profiles/jobs/, each run by the engine that it is for, or as far as there is one here."""

import getpass
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import PROFILES, Run, load
from deadline import patient
from peers import need, need_module
from peers.process import running
from processes import SCRIPTS

pytestmark = pytest.mark.peers

JOBS = PROFILES / "jobs"
FLEET = """
defaults: {key: "ec:P-256"}
authorities: {ca: {subject: {CN: Fleet CA}}}
clients: {device: {count: 9, subject: {CN: "device-{index}"}}}
"""
NAMES = {"ca", *(f"device-{index}" for index in range(1, 10))}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the jobs run: the profile is there, and mintls in ./mintls."""
    (tmp_path / "fleet.yaml").write_text(FLEET)
    (tmp_path / "mintls").symlink_to(SCRIPTS.parent)
    return tmp_path


def execute(folder: Path, *words: object, **environment: str) -> str:
    """What the command prints. It must succeed."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # whose python has the packages
    done = subprocess.run(
        list(map(str, words)),
        cwd=folder,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=patient(120),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def assert_whole(directory: Path) -> None:
    """Every certificate once, its serial unique, signed by the one CA."""
    made = {path.stem: load(path) for path in directory.glob("*.crt")}
    assert set(made) == NAMES
    assert len({one.serial_number for one in made.values()}) == len(NAMES)
    for one in made.values():
        one.verify_directly_issued_by(made["ca"])


def test_gnu_parallel_on_this_machine(folder: Path, run: Run) -> None:
    need("parallel")
    said = execute(folder, JOBS / "parallel.sh", "fleet.yaml", "certs", 3)
    assert "certs: 0 due, 10 in all" in said
    assert "10 certificates: all valid" in said
    assert_whole(folder / "certs")
    # a share that gets lost is told, and so is one that is made twice
    shutil.copytree(folder / "certs", folder / "again")
    for path in load_share(folder / "certs", 2):
        path.unlink()
    check = ("generate.py", folder / "fleet.yaml", "-o", folder / "certs", "--check")
    done = run(*check)
    assert done.returncode == 1
    assert f"missing   share 2/3: copy its files into {folder}/certs, or run this with --shard 2/3" in done.stdout
    assert f"{folder}/certs: 3 due, 10 in all" in done.stdout
    assert run(*check[:-1], "--shard", "2/3", "-q").returncode == 0
    assert run(*check).returncode == 0
    shutil.copy(folder / "again" / "manifest.2-of-3.json", folder / "certs")
    done = run(*check)
    assert (done.returncode, done.stdout.count("is a different key")) == (1, 3)


def load_share(directory: Path, number: int) -> list[Path]:
    """The files of a share of three."""
    devices = [f"device-{index}" for index in range(number, 10, 3)]
    return [
        directory / f"manifest.{number}-of-3.json",
        *(directory / f"{x}.{y}" for x in devices for y in ("crt", "key")),
    ]


@contextmanager
def sshd(directory: Path) -> Iterator[Path]:
    """A server at 127.0.0.1 for whoever runs this; yields a program that is ssh and calls it `one` or `two`."""
    directory.mkdir(0o700)
    for name in ("host", "user"):
        execute(directory, need("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", name)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (directory / "sshd.conf").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {directory}/host\nAuthorizedKeysFile {directory}/user.pub\n"
        "StrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication no\n"
    )
    (directory / "ssh.conf").write_text(
        f"Host one two\nHostName 127.0.0.1\nPort {port}\nUser {getpass.getuser()}\nIdentityFile {directory}/user\n"
        "StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n"
    )
    ssh = directory / "ssh"
    ssh.write_text(f'#!/bin/sh\nexec {need("ssh")} -F {directory}/ssh.conf "$@"\n')
    ssh.chmod(0o755)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # without which it does not start
    command = [need("sshd"), "-D", "-e", "-f", directory / "sshd.conf"]
    with running(command, r"Server listening on", directory):
        yield ssh


def test_gnu_parallel_over_ssh(folder: Path) -> None:
    need("parallel"), need("rsync")
    (folder / "hosts").write_text("one\ntwo\n")
    with sshd(folder / "ssh") as ssh:
        said = execute(
            folder, JOBS / "parallel.sh", "fleet.yaml", "certs", 2, "hosts",
            PARALLEL_SSH=str(ssh), RSYNC_RSH=str(ssh), MINTLS=str(SCRIPTS.parent), PYTHON=sys.executable,
        )  # fmt: skip
    assert "certs: 0 due, 10 in all" in said
    assert_whole(folder / "certs")
    assert {path.name for path in (folder / "certs").glob("manifest*")} == {
        "manifest.json", "manifest.1-of-2.json", "manifest.2-of-2.json",
    }  # fmt: skip
    assert {f"{path.stat().st_mode & 0o777:o}" for path in (folder / "certs").glob("*.key")} == {"600"}


@contextmanager
def slurm(directory: Path) -> Iterator[str]:
    """A cluster of this machine alone; yields the path of its configuration."""
    for name in ("munge", "state", "spool"):
        (directory / name).mkdir(0o700, parents=True)
    (directory / "munge" / "key").write_bytes(os.urandom(1024))
    (directory / "munge" / "key").chmod(0o600)
    munge = {"socket": "socket", "key-file": "key", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
    ports = []
    with ExitStack() as taken:
        for _ in range(2):
            free = taken.enter_context(socket.create_server(("127.0.0.1", 0)))
            ports.append(free.getsockname()[1])
    host = socket.gethostname().split(".")[0]
    settings = {
        "ClusterName": "mintls", "SlurmctldHost": f"{host}(127.0.0.1)", "SlurmctldPort": ports[0],
        "SlurmdPort": ports[1], "AuthType": "auth/munge", "AuthInfo": f"socket={directory}/munge/socket",
        "CredType": "cred/munge", "SlurmUser": "root", "SlurmdUser": "root",
        "StateSaveLocation": directory / "state", "SlurmdSpoolDir": directory / "spool",
        "SlurmctldPidFile": directory / "ctld.pid", "SlurmdPidFile": directory / "d.pid",
        "ProctrackType": "proctrack/linuxproc", "TaskPlugin": "task/none", "SelectType": "select/cons_tres",
        "SelectTypeParameters": "CR_Core", "ReturnToService": 2, "MpiDefault": "none",
        "JobAcctGatherType": "jobacct_gather/none", "AccountingStorageType": "accounting_storage/none",
        "NodeName": f"{host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN",
        "PartitionName": "all Nodes=ALL Default=YES MaxTime=INFINITE State=UP",
    }  # fmt: skip
    conf = directory / "slurm.conf"
    conf.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    words = [f"--{name}={directory}/munge/{file}" for name, file in munge.items()]
    with ExitStack() as stack:
        for argv, ready in (
            ([need("munged"), "--foreground", "--force", *words], "Created 2 work threads"),
            ([need("slurmctld"), "-D", "-f", conf], "Running as primary controller"),
            ([need("slurmd"), "-D", "-f", conf], "slurmd started on"),
        ):
            work = directory / Path(argv[0]).name
            work.mkdir()
            stack.enter_context(running(argv, ready, work))
        yield str(conf)


@pytest.mark.skipif(os.geteuid() != 0, reason="a Slurm cluster of one's own wants root here")
def test_slurm(folder: Path) -> None:
    generate = [sys.executable, SCRIPTS / "generate.py", "fleet.yaml", "-o", "certs"]
    execute(folder, *generate, "--only", "ca", "-q")
    sbatch = need("sbatch")
    with slurm(folder / "slurm") as conf:
        job = execute(
            folder, sbatch, "--parsable", "--array=1-3", JOBS / "slurm.sh", "fleet.yaml", "certs", SLURM_CONF=conf
        )
        join = " ".join(map(str, [*generate, "--check"]))
        after = [f"--dependency=afterok:{job.strip()}", "--wait", "--output=join", "--wrap", join]
        execute(folder, sbatch, *after, SLURM_CONF=conf)
    assert "certs: 0 due, 10 in all" in (folder / "join").read_text()
    assert_whole(folder / "certs")
    assert len(list((folder / "certs").glob("manifest.*-of-3.json"))) == 3


def test_the_kubernetes_job_is_one() -> None:
    """By the published schema, as the client of Python has it: its field names, and which are required."""
    models = need_module("kubernetes.client.models")
    document = yaml.safe_load((JOBS / "kubernetes.yaml").read_text())

    def fits(value: Any, kind: str) -> None:
        if match := re.fullmatch(r"[Ll]ist\[(.*)\]", kind):
            for one in value:
                fits(one, match[1])
        elif match := re.fullmatch(r"[Dd]ict[(\[]\w+, (.*)[)\]]", kind):
            for one in value.values():
                fits(one, match[1])
        elif kind in ("str", "int", "bool"):
            assert type(value).__name__ == kind, value
        elif kind != "object":
            model = getattr(models, kind)
            assert set(value) <= set(model.attribute_map.values()), kind
            arguments = {name: value.get(key) for name, key in model.attribute_map.items()}
            model(**arguments)  # raises ValueError for a required field that is None
            for name, key in model.attribute_map.items():
                if key in value:
                    fits(value[key], model.openapi_types[name])

    fits(document, "V1Job")
    spec = document["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    assert (spec["completionMode"], f"auto/{spec['completions']}") == ("Indexed", container["command"][-2])
    del spec["template"]["spec"]["containers"][0]["name"]
    with pytest.raises(ValueError, match="name"):
        fits(document, "V1Job")


def test_the_kubernetes_jobs_pods(folder: Path) -> None:
    """Each Pod's command with its index, as the cluster says it."""
    document = yaml.safe_load((JOBS / "kubernetes.yaml").read_text())
    (container,) = document["spec"]["template"]["spec"]["containers"]
    places = {"python3": sys.executable, "/mintls/": f"{SCRIPTS.parent}/", "/profile": str(folder), "/certs": "certs"}
    command = [re.sub("^(" + "|".join(places) + ")", lambda one: places[one[1]], word) for word in container["command"]]
    execute(folder, sys.executable, SCRIPTS / "generate.py", "fleet.yaml", "-o", "certs", "--only", "ca")
    for index in range(document["spec"]["completions"]):
        execute(folder, *command, JOB_COMPLETION_INDEX=str(index))
    assert_whole(folder / "certs")


def test_githubs_matrix(folder: Path) -> None:
    """Its steps in order, with artifacts that are directories."""
    workflow = yaml.safe_load((JOBS / "github.yml").read_text())
    variables = {name: value for name, value in workflow["env"].items() if name != "PACKAGES"}

    def steps(job: dict[str, Any], share: str = "") -> None:
        shutil.rmtree(folder / "certs", ignore_errors=True)
        for step in job["steps"]:
            name = step.get("with", {}).get("name", "").replace("${{ matrix.share }}", share)
            if "run" in step and "pip install" not in step["run"]:
                line = step["run"].replace("${{ matrix.share }}", share)
                execute(folder, "sh", "-euc", line, **variables)
            elif "upload" in step.get("uses", ""):
                shutil.copytree(folder / step["with"]["path"], folder / "artifacts" / name)
            elif "download" in step.get("uses", ""):
                for artifact in (folder / "artifacts").glob(step["with"].get("pattern", name)):
                    shutil.copytree(artifact, folder / step["with"]["path"], dirs_exist_ok=True)

    jobs = workflow["jobs"]
    assert (jobs["share"]["needs"], jobs["join"]["needs"]) == ("ca", "share")
    steps(jobs["ca"])
    for share in jobs["share"]["strategy"]["matrix"]["share"]:
        steps(jobs["share"], str(share))
    steps(jobs["join"])
    assert_whole(folder / "certs")


def test_gitlabs_parallel_jobs(folder: Path) -> None:
    """As GitLab's variables number them; the artifacts of all earlier stages are put into one directory."""
    pipeline = yaml.safe_load((JOBS / "gitlab.yml").read_text())
    assert pipeline["stages"] == ["ca", "share", "join"]
    collected = folder / "collected"
    for stage in pipeline["stages"]:
        copies = pipeline[stage].get("parallel", 1)
        assert pipeline[stage]["stage"] == stage
        before = shutil.copytree(collected, folder / f"before-{stage}") if collected.exists() else None
        for index in range(1, copies + 1):
            shutil.rmtree(folder / "certs", ignore_errors=True)
            if before:
                shutil.copytree(before, folder / "certs")
            for line in pipeline[stage]["script"]:
                execute(folder, "sh", "-euc", line, CI_NODE_INDEX=str(index), CI_NODE_TOTAL=str(copies))
            shutil.copytree(folder / "certs", collected, dirs_exist_ok=True)
    assert_whole(folder / "certs")
