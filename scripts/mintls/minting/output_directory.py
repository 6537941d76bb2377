"""An output directory: created, locked, and checked for write access by other users."""

import fcntl
import grp
import os
import pwd
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path

from mintls.errors import OutputError

PATIENCE = 600.0  # seconds to wait for a different run
NOTICE, PAUSE = 1.0, 0.05  # seconds: before a message about the wait, and between two attempts
MODE = 0o755  # no other user can write it, whatever the umask


def make_directory(directory: Path) -> list[Path]:
    """Create it with its parents; returns those created, the innermost first. Raises OSError."""
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(MODE, exist_ok=True)
    return missing


def lock(directory: Path, patience: float = PATIENCE) -> int:
    """An exclusive flock on the directory itself, which needs no file; repeated if it was replaced meanwhile.

    Any user who can read a directory can lock it: after a second a line on stderr reports the wait. Raises
    OutputError after `patience` seconds, OSError if it cannot be opened.
    """
    begun, reported = time.monotonic(), False
    while True:
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            while not _locked(handle):
                waited = time.monotonic() - begun
                if waited > patience:
                    sentence = f"{directory} has been locked by another process for {patience:g} s"
                    raise OutputError(f"{sentence}; end it (fuser -v shows it), or choose a different -o")
                if waited > NOTICE and not reported:
                    sys.stderr.write(f"waiting for another process that has locked {directory}\n")
                    reported = True
                time.sleep(PAUSE)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), os.stat(directory)):
                    return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
        make_directory(directory)


def check_private(directory: Path) -> None:
    """Raises OutputError if another user can write the directory or a parent of it, and so replace its files.

    In a directory with the sticky bit, such as /tmp, users cannot replace files of others (inode(7)).
    """
    place = directory.resolve()
    for path in (place, *place.parents):
        status = path.stat()
        if status.st_uid not in (0, os.geteuid()) and not _is_unmapped(status.st_uid):
            why = f"belongs to the user {_user(status.st_uid)}"
        elif status.st_mode & stat.S_ISVTX:
            continue
        elif status.st_mode & stat.S_IWOTH:
            why = "may be written by every user"
        elif status.st_mode & stat.S_IWGRP and not _is_own_group(status.st_gid):
            why = f"may be written by the group {_group(status.st_gid)}"
        else:
            continue
        hint = "chmod go-w it" if "written" in why else "run this as that user"
        raise OutputError(f"{path} {why}, who could read the private keys; {hint}, or choose a different -o")


def group_number(group: str) -> int:
    """Of a group by name or number. Raises KeyError when there is none of that name."""
    return int(group) if group.isdecimal() else grp.getgrnam(group).gr_gid


def missing_group(group: str) -> str:
    """Why this user cannot give a file to the group; empty if that is possible."""
    try:
        number = group_number(group)
    except KeyError:
        return f"there is no group {group!r} on this machine; create it, or write its number"
    if os.geteuid() == 0 or number in (os.getegid(), *os.getgroups()):
        return ""
    return f"only a member of the group {group!r} can give it a file; run this as one, or as root"


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_own_group(gid: int) -> bool:
    """Whether the group is the user's private group, which has no other member."""
    try:
        group, user = grp.getgrgid(gid), pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return group.gr_gid == user.pw_gid and group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}


def _is_unmapped(uid: int) -> bool:
    """Whether it represents users outside this user namespace, among them root (user_namespaces(7))."""
    try:
        mapped = Path("/proc/self/uid_map").read_text(encoding="ascii").split()
        overflow = int(Path("/proc/sys/kernel/overflowuid").read_text(encoding="ascii"))
    except OSError:
        return False
    return uid == overflow and mapped[:3] != ["0", "0", "4294967295"]


def _user(uid: int) -> str:
    with suppress(KeyError):
        return pwd.getpwuid(uid).pw_name
    return str(uid)


def _group(gid: int) -> str:
    with suppress(KeyError):
        return grp.getgrgid(gid).gr_name
    return str(gid)
