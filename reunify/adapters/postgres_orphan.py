"""End a PostgreSQL whose parent was killed, before another starts on the same files."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path


def end_orphan(cluster: Path) -> None:
    """We hold the lock, so a server still alive on this cluster lost its parent: end it before starting.

    A pid in a stale file may meanwhile belong to another program; PostgreSQL would then refuse to start.
    """
    pid_file = cluster / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    if _command_name(pid) is None:
        return  # nobody has this number: PostgreSQL sees that the file is stale and recovers
    if _command_name(pid) != "postgres":
        pid_file.unlink(missing_ok=True)
        return
    for ask, seconds in ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0)):
        try:
            os.kill(pid, ask)
        except (ProcessLookupError, PermissionError):
            return
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if _command_name(pid) != "postgres":
                return
            time.sleep(0.02)


def _command_name(pid: int) -> str | None:
    """The program's short name; None if no such process runs (a zombie does not run)."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self/stat").exists():
            return None
        asked = subprocess.run(  # noqa: S603 - a fixed program and a number
            ["/bin/ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return Path(asked.stdout.strip()).name or None
    name, _, rest = said.partition("(")[2].rpartition(")")
    return None if rest.split()[0] == "Z" else name
