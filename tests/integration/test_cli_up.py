"""`reunify up` for real: everything answers, one house per data folder, and nobody is left behind."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reunify.cli.ports import answers, free_port, is_free


class Up:
    """A running `reunify up` and what it says."""

    def __init__(self, data: Path, ports: dict[str, str]) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("REUNIFY_", "PREFECT_"))}
        self.environment = environment | {"REUNIFY_DATA": str(data)} | ports
        self.process = subprocess.Popen(
            [sys.executable, "-m", "reunify.cli", "up"],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self.process.stdout.close()

    def says(self, word: str, *, within: float = 30) -> str:
        until = time.monotonic() + within
        while time.monotonic() < until:
            try:
                line = self._lines.get(timeout=0.2)
            except queue.Empty:
                if self.process.poll() is not None:
                    break
                continue
            self.said.append(line)
            if word in line:
                return line
        pytest.fail(f"never said {word!r}:\n{''.join(self.said)}")

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        code = self.process.wait(30)
        self._reader.join(10)
        return code


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    folder = Path("/tmp") / f"reunify-up-{os.getpid()}"
    folder.mkdir()
    yield folder
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def _processes_on(data: Path) -> list[str]:
    """Programs that name the folder or carry it in their environment, their watchers not counted."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if command and not command.startswith(b"/bin/sh") and str(data).encode() in command + environment:
            found.append(command.replace(b"\0", b" ").decode()[:100])
    return found


def _soon_nobody_on(data: Path) -> list[str]:
    until = time.monotonic() + 12
    while _processes_on(data) and time.monotonic() < until:
        time.sleep(0.1)
    return _processes_on(data)


def test_the_house_starts_refuses_a_second_survives_a_kill_and_stops_clean(data: Path) -> None:
    api, prefect = free_port(), free_port()
    ports = {"REUNIFY_API_PORT": str(api), "REUNIFY_PREFECT_PORT": str(prefect)}
    house = Up(data, ports)
    try:
        house.says(f"http://localhost:{api}")
        house.says("Stop with")
        assert answers(api, "/api/v1/health")
        second = subprocess.run(
            [sys.executable, "-m", "reunify.cli", "up"],
            env=house.environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert second.returncode == 1
        assert f"process {house.process.pid}" in second.stderr
    finally:
        house.end(signal.SIGKILL)

    house = Up(data, ports)
    try:
        house.says("Stop with")
        assert answers(api, "/api/v1/health")
        until = time.monotonic() + 40
        while not answers(prefect, "/api/health") and time.monotonic() < until:
            time.sleep(0.2)
        assert answers(prefect, "/api/health")
        well = subprocess.run(
            [sys.executable, "-m", "reunify.cli", "doctor"],
            env=house.environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert well.returncode == 0, well.stdout
        assert not [line for line in house.said if "ended" in line]
    finally:
        code = house.end(signal.SIGTERM)
    assert code == 0
    assert _soon_nobody_on(data) == []
    assert is_free(api)
