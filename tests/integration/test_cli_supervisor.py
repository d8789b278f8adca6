"""The supervisor: what ends is started again, what is stopped stays stopped, a kill leaves nobody behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reunify.adapters.leash import Leash
from reunify.cli.supervisor import Child, Supervisor

_SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
_STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('on', flush=True); time.sleep(60)",
]
_SUPERVISE = """
import sys, time
from pathlib import Path
from reunify.cli.supervisor import Child, Supervisor
supervisor = Supervisor(Path(sys.argv[1]), print)
with_child = "import subprocess, sys, time; subprocess.Popen(['sleep', '60']); time.sleep(60)"
supervisor.start(Child("a", [sys.executable, "-c", with_child], {}))
supervisor.start(Child("b", ["sleep", "60"], {}))
print(*supervisor.pids().values(), flush=True)
time.sleep(60)
"""


def _soon(is_so: Callable[[], bool], seconds: float = 8) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.03)
    return False


def _group_is_empty(group: int) -> bool:
    """Zombies nobody has collected yet do not count."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            return False
    return True


def test_a_child_that_ends_is_started_again_and_it_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(tmp_path, said.append)
    supervisor.start(Child("sleeper", _SLEEP, {}))
    try:
        first = supervisor.pids()["sleeper"]
        os.kill(first, 9)
        assert _soon(lambda: supervisor.pids().get("sleeper", first) != first)
        assert said == ["sleeper ended (code -9); starting it again in 0.5 s"]
    finally:
        supervisor.stop()


def test_one_that_keeps_ending_is_started_less_and_less_often(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(tmp_path, said.append)
    supervisor.start(Child("broken", [sys.executable, "-c", "raise SystemExit(3)"], {}))
    try:
        assert _soon(lambda: len(said) == 3)
        assert [line.rpartition("in ")[2] for line in said] == ["0.5 s", "1 s", "2 s"]
    finally:
        supervisor.stop()


def test_a_stop_ends_all_children_even_a_stubborn_one(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, print)
    supervisor.start(Child("willing", _SLEEP, {}))
    supervisor.start(Child("stubborn", _STUBBORN, {}))
    pids = supervisor.pids()
    assert _soon(lambda: "on" in (tmp_path / "stubborn.log").read_text())
    began = time.monotonic()
    supervisor.stop(within_seconds=1)
    assert time.monotonic() - began < 3
    assert all(_group_is_empty(pid) for pid in pids.values())
    assert supervisor.pids() == {}


def test_when_the_supervisor_is_killed_nobody_is_left(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _SUPERVISE, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    groups = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(groups) == 2
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert _soon(lambda: all(_group_is_empty(group) for group in groups), seconds=5)


def test_a_program_that_does_not_exist_leaves_nothing_running(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Leash([str(tmp_path / "nothing")])


def test_a_log_is_readable_by_us_alone(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path / "logs", print)
    supervisor.start(Child("teller", [sys.executable, "-c", "print('hello')"], {}))
    try:
        log = tmp_path / "logs" / "teller.log"
        assert _soon(lambda: "hello" in log.read_text())
        assert log.stat().st_mode & 0o077 == 0
    finally:
        supervisor.stop()
