"""Run one of scripts/ and die, as by SIGKILL, just before its N-th change of the disk or start of a process.

    python dies.py N SCRIPT WORD...

With N 0 it lives, and writes to stderr how many there were. What Python does is seen by an audit hook (PEP 578).
"""

import atexit
import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

CHANGES = {"os.chmod", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "subprocess.Popen"}
limit, script = int(sys.argv[1]), Path(sys.argv[2])
seen = 0


def count(event: str, arguments: tuple[Any, ...]) -> None:
    global seen
    if event in CHANGES or (event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
        seen += 1
        if seen == limit:
            os.kill(os.getpid(), signal.SIGKILL)


sys.argv = sys.argv[2:]
sys.path.insert(0, str(script.parent))
if not limit:
    atexit.register(lambda: sys.stderr.write(f"{seen}\n"))
sys.addaudithook(count)
runpy.run_path(str(script), run_name="__main__")
