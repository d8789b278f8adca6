"""Strangers' files are read in a process of their own: no keys, no database, little memory, little time.

`python -I -m reunify.adapters.examining` reads a file, and answers a line of JSON and the safe copy.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import suppress

from reunify.files.evidence_policy import FileNotTaken, MediaType, Reason, media_type_of
from reunify.files.ports import Examined
from reunify.kernel.refusals import Retryable

_SECONDS = 20.0
_CPU_SECONDS = 15
_MEMORY = 1024 * 1024 * 1024  # bytes; a picture of 64 million dots takes about half
_AT_ONCE = 2
_WAIT_SECONDS = 30.0


class Busy(Retryable):
    """Too many files are being read at this moment."""


class SeparateExaminer:
    """One short-lived process a file, at most two at a time. Whatever goes wrong in there stays in there."""

    def __init__(self, *, seconds: float = _SECONDS, command: tuple[str, ...] = ()) -> None:
        self._seconds = seconds
        self._command = command or (sys.executable, "-I", "-m", __name__)
        self._turns = threading.Semaphore(_AT_ONCE)

    def examine(self, content: bytes) -> Examined:
        """Raises FileNotTaken, and Busy when others have waited too long already."""
        media_type_of(content)  # most refusals need no process
        if not self._turns.acquire(timeout=_WAIT_SECONDS):
            raise Busy("Many files are being read just now. Send it again in a minute.")
        try:
            answer = subprocess.run(  # noqa: S603 - our own interpreter and module
                self._command,
                input=content,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # a parser's complaint may quote the paper
                timeout=self._seconds,
                env={},  # no address of a database, no key
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise FileNotTaken(Reason.TOO_SLOW) from None
        finally:
            self._turns.release()
        if answer.returncode != 0:
            raise FileNotTaken(Reason.TOO_SLOW)
        return _understood(answer.stdout)


def _understood(answer: bytes) -> Examined:
    line, _, safe = answer.partition(b"\n")
    said = json.loads(line)
    if "reason" in said:
        raise FileNotTaken(Reason(said["reason"]))
    if said["safe_type"] is None:
        return Examined(MediaType(said["media_type"]))
    return Examined(MediaType(said["media_type"]), safe, MediaType(said["safe_type"]))


def examined_here(content: bytes) -> Examined:
    """In this process. Raises FileNotTaken."""
    from reunify.adapters import images, papers

    media_type = media_type_of(content)
    return images.drawn_again(content, media_type) if media_type.is_image else papers.checked(content)


def limit_ourselves() -> None:
    """Of this process: a gigabyte, fifteen seconds of processor time, no file written."""
    import resource

    for what, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # macOS has no limit of address space
            resource.setrlimit(what, (most, most))


def main() -> None:
    limit_ourselves()
    out = sys.stdout.buffer
    try:
        found = examined_here(sys.stdin.buffer.read())
    except FileNotTaken as refused:
        out.write(json.dumps({"reason": refused.reason}).encode() + b"\n")
        return
    out.write(json.dumps({"media_type": found.media_type, "safe_type": found.safe_type}).encode() + b"\n")
    out.write(found.safe_copy or b"")


if __name__ == "__main__":
    main()
