"""A process that is being started when a signal arrives is ended as well."""

import subprocess
import sys

import pytest
from deadline import patient
from processes import SCRIPTS

STARTING = """
import gc, os, signal, subprocess, sys, weakref
from mintls.openssl.processes import Processes
from mintls.signals import handle_signals
handle_signals()
processes, started = Processes(), []
def start():
    process = subprocess.Popen(["sleep", "600"], start_new_session=True)
    started.extend([process.pid, weakref.ref(process)])
    os.kill(os.getpid(), signal.{signal})  # before anything has remembered the process
    return process
try:
    with processes.running("sleep", start):
        print("not interrupted")
except (KeyboardInterrupt, SystemExit) as end:
    status = 130 if isinstance(end, KeyboardInterrupt) else end.code
gc.collect()
try:
    os.kill(started[0], signal.SIGKILL)
    print("it runs")
except ProcessLookupError:
    print("held" if started[1]() else "ended and forgotten")
sys.exit(status)
"""


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_while_a_process_is_started(name: str, status: int) -> None:
    """And held no longer: the __del__ of plumbum's processes fails while Python shuts down."""
    command = [sys.executable, "-c", STARTING.replace("{signal}", name)]
    done = subprocess.run(command, cwd=SCRIPTS, capture_output=True, text=True, timeout=patient(30))
    assert (done.returncode, done.stdout) == (status, "ended and forgotten\n"), done.stderr
