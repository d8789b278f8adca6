"""A program on a leash: it ends when we end it, and it ends when we are killed and cannot."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

# The watcher reads a pipe only we hold open. When we die, however we die, the pipe ends: it then asks the
# program's whole group to stop and, some seconds later, makes it. Works where prctl does not exist, and is
# not tied to the thread that started the program, as PR_SET_PDEATHSIG is.
_WATCH = """
trap "" HUP INT TERM QUIT
read _
kill -s "$2" -- "-$1" || exit
n=0
while [ $n -lt 40 ] && kill -0 -- "-$1"; do sleep 0.2; n=$((n + 1)); done
kill -9 -- "-$1"
"""


class Leash:
    """One child program in a process group of its own. `program.poll()` tells whether it still runs."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        output: IO[bytes] | int | None = None,
        cwd: Path | None = None,
        uid: int | None = None,
        gid: int | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self._signal = stop_signal
        groups: list[int] | None = [] if uid is not None else None
        self.program = subprocess.Popen(  # noqa: S603 - callers pass fixed programs
            command,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output is not None else None,
            start_new_session=True,
            user=uid,
            group=gid,
            extra_groups=groups,
        )
        try:
            self._watcher = subprocess.Popen(  # noqa: S603 - a fixed script
                ["/bin/sh", "-c", _WATCH, "leash", str(self.program.pid), stop_signal.name[3:]],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
                user=uid,
                group=gid,
                extra_groups=groups,
            )
        except OSError:
            self.program.kill()
            self.program.wait()
            raise

    @property
    def pid(self) -> int:
        return self.program.pid

    def alive(self) -> bool:
        return self.program.poll() is None

    def ask_to_stop(self) -> None:
        """Send the stop signal and return at once."""
        if self.alive():
            self.program.send_signal(self._signal)

    def stop(self, *, within_seconds: float = 10) -> int:
        """Ask, wait, then kill what is left of the group. Returns the exit code. Safe to call twice."""
        self.ask_to_stop()
        try:
            code = self.program.wait(within_seconds)
        except subprocess.TimeoutExpired:
            self._kill_group()
            code = self.program.wait()
        self._kill_group()
        self._release()
        return code

    def _kill_group(self) -> None:
        try:
            os.killpg(self.program.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return  # nobody is left in the group

    def _release(self) -> None:
        if self._watcher.poll() is None:
            self._watcher.kill()
        self._watcher.wait()
        if self._watcher.stdin is not None:
            self._watcher.stdin.close()
