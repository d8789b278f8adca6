"""The real ClamAV daemon, with a signature the test makes: nothing is downloaded, nothing harmful is used."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from reunify.adapters.clamav import BadAddress, Clamd
from reunify.cli import doctor
from reunify.files.evidence_policy import LARGEST_EVIDENCE
from reunify.files.ports import Clean, Infected, Unavailable
from tests import papers

MARKER = b"This is a harmless marker that our own signature calls malware."
pytestmark = pytest.mark.asvs("5.4.3")


@dataclass
class Daemon:
    process: subprocess.Popen[bytes]
    unix: str
    tcp: str

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(10)


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    program = shutil.which("clamd") or "/usr/sbin/clamd"
    if not Path(program).exists():
        pytest.fail("There is no clamd here: `make clamav` installs it.")
    with tempfile.TemporaryDirectory(prefix="clamd") as name:  # a socket's path must be short
        home = Path(name)
        running = _started(program, home)
        try:
            yield running
        finally:
            running.stop()


def _started(program: str, home: Path) -> Daemon:
    (home / "db").mkdir()
    (home / "db" / "ours.ndb").write_text(f"Ours.Marker:0:*:{MARKER.hex()}\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    me = pwd.getpwuid(os.getuid()).pw_name
    (home / "clamd.conf").write_text(
        f"DatabaseDirectory {home}/db\nLocalSocket {home}/s\nTCPSocket {port}\nTCPAddr 127.0.0.1\nUser {me}\n"
        f"Foreground yes\nStreamMaxLength 11M\nMaxThreads 2\nConcurrentDatabaseReload no\n"
    )
    process = subprocess.Popen(
        [program, "-c", str(home / "clamd.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    running = Daemon(process, f"unix:{home}/s", f"tcp://127.0.0.1:{port}")
    ends = time.monotonic() + 60
    while isinstance(Clamd(running.unix).scan(b"hello"), Unavailable):
        assert process.poll() is None, "clamd ended"
        assert time.monotonic() < ends, "clamd did not start"
        time.sleep(0.05)
    return running


@pytest.mark.parametrize("way", ["unix", "tcp"])
def test_clean_papers_are_clean_and_the_marker_is_found(daemon: Daemon, way: str) -> None:
    scanner = Clamd(getattr(daemon, way))
    for content in (papers.photo(), papers.pdf(), b"", b"x" * 1_000_000):
        assert scanner.scan(content) == Clean()
    assert scanner.scan(MARKER) == Infected("Ours.Marker.UNOFFICIAL")
    assert scanner.scan(papers.photo() + MARKER) == Infected("Ours.Marker.UNOFFICIAL")


def test_the_doctor_says_whether_it_answers(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> str:
        return next(f.said for f in doctor.examine() if f.what == "malware scan")

    monkeypatch.delenv("REUNIFY_CLAMAV", raising=False)
    assert said().startswith("no scanner")
    monkeypatch.setenv("REUNIFY_CLAMAV", daemon.unix)
    assert said() == "answers"
    monkeypatch.setenv("REUNIFY_CLAMAV", "tcp://127.0.0.1:1")
    assert said() == "does not answer"


def test_the_largest_paper_is_scanned_to_its_end(daemon: Daemon) -> None:
    content = b"\0" * (LARGEST_EVIDENCE - len(MARKER)) + MARKER
    assert Clamd(daemon.unix).scan(content) == Infected("Ours.Marker.UNOFFICIAL")


def test_what_the_daemon_will_not_scan_is_never_called_clean(daemon: Daemon) -> None:
    assert isinstance(Clamd(daemon.unix).scan(b"x" * 12 * 1024 * 1024), Unavailable)


def test_a_daemon_that_died_is_unavailable() -> None:
    program = shutil.which("clamd") or "/usr/sbin/clamd"
    with tempfile.TemporaryDirectory(prefix="clamd") as name:
        running = _started(program, Path(name))
        running.stop()
        assert isinstance(Clamd(running.unix).scan(MARKER), Unavailable)
        assert isinstance(Clamd(running.tcp).scan(MARKER), Unavailable)
        Path(running.unix.removeprefix("unix:")).unlink(missing_ok=True)
        assert isinstance(Clamd(running.unix).scan(MARKER), Unavailable)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"stream: ",
        b"stream: OK",
        b"OK\0",
        b"stream: OK FOUND or not\0",
        b"\xff" * 5000,
        b"stream: OKAY\0",
    ],
)
def test_only_a_clear_answer_counts(answer: bytes) -> None:
    with _one_that_says(answer) as address:
        said = Clamd(address).scan(b"content")
    assert isinstance(said, Unavailable)


@contextlib.contextmanager
def _one_that_says(answer: bytes) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            line, _ = server.accept()
            with line:
                got = b""
                while not got.endswith(struct.pack("!I", 0)):
                    got += line.recv(65536)
                line.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        thread.join(5)


@pytest.mark.parametrize(
    "address", ["", "clamd", "unix:clamd.ctl", "tcp://", "tcp://host", "tcp://host:x", "http://h:1"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(BadAddress):
        Clamd(address)
