"""A process that is being started when a signal arrives is ended as well."""

import subprocess
import sys

import pytest
from deadline import patient
from processes import SCRIPTS

STARTING = """
import os, signal, subprocess, sys
from mintls.openssl.processes import Processes
from mintls.signals import handle_signals
handle_signals()
processes, started = Processes(), []
def start():
    started.append(subprocess.Popen(["sleep", "600"], start_new_session=True))
    os.kill(os.getpid(), signal.{signal})  # before anything has remembered the process
    return started[0]
try:
    with processes.running("sleep", start):
        print("not interrupted")
finally:
    try:
        print(-started[0].wait({seconds}))
    except subprocess.TimeoutExpired:
        started[0].kill()
"""


@pytest.mark.parametrize(("name", "status"), [("SIGINT", -2), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_while_a_process_is_started(name: str, status: int) -> None:
    command = [sys.executable, "-c", STARTING.replace("{signal}", name).replace("{seconds}", str(patient(2)))]
    done = subprocess.run(command, cwd=SCRIPTS, capture_output=True, text=True, timeout=patient(30))
    assert (done.returncode, done.stdout) == (status, "9\n"), done.stderr
