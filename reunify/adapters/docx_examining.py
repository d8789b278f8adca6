"""Templates that somebody uploads are opened in a process of their own: no keys, no database, little of all.

`python -I -m reunify.adapters.docx_examining` reads a line of JSON and answers one. docxtpl's preparation is
quadratic in some texts, so time is bounded here, not there.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

from reunify.adapters.examining import Busy, limit_ourselves
from reunify.documents.template_ports import Inside

_SECONDS: Final = 20.0
_WAIT_SECONDS: Final = 30.0
_OUT_OF_MEMORY: Final = 3
TOO_SLOW: Final = Inside((("", "takes too long or too much memory to open", "A shorter, plainer file."),))


class ExaminerBroken(Exception):
    """A fault of ours, not of the file: the process did not get as far as reading it."""


class SeparateTemplateExaminer:
    """One short-lived process for all files of a call; one at a time."""

    def __init__(self, *, seconds: float = _SECONDS, command: tuple[str, ...] = ()) -> None:
        self._seconds = seconds
        self._command = command or (sys.executable, "-I", "-m", __name__)
        self._turn = threading.Semaphore(1)

    def examine(
        self, files: Mapping[str, bytes], samples: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> Mapping[str, Inside]:
        """By name. Raises Busy when others have waited too long already, and ExaminerBroken."""
        asked = [
            [name, base64.b64encode(data).decode(), samples.get(name, ())] for name, data in files.items()
        ]
        if not self._turn.acquire(timeout=_WAIT_SECONDS):
            raise Busy("Other files are being read just now. Send it again in a minute.")
        try:
            answer = subprocess.run(  # noqa: S603 - our own interpreter and module
                self._command,
                input=json.dumps(asked).encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=self._seconds,
                env={},  # no address of a database, no key
                check=False,
            )
        except subprocess.TimeoutExpired:
            return dict.fromkeys(files, TOO_SLOW)
        finally:
            self._turn.release()
        if answer.returncode < 0 or answer.returncode == _OUT_OF_MEMORY:
            return dict.fromkeys(files, TOO_SLOW)
        if answer.returncode != 0:
            raise ExaminerBroken(f"{__name__} ended with {answer.returncode}")
        return {name: _understood(said) for name, said in json.loads(answer.stdout).items()}


def _understood(said: dict[str, Any]) -> Inside:
    return Inside(
        tuple((place, found, allowed) for place, found, allowed in said["problems"]),
        frozenset(said["paths"]),
        frozenset(said["printed"]),
        tuple(said["paragraphs"]),
        tuple(said["languages"]),
        said["square"],
        said["plain"],
        said["unfilled"],
    )


def examined_here(
    files: Mapping[str, bytes], samples: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, Inside]:
    """In this process: for what we ship ourselves."""
    from reunify.adapters.docx_inside import inside

    return {name: inside(data, samples.get(name, ())) for name, data in files.items()}


def main() -> None:
    limit_ourselves()
    try:
        _answer()
    except MemoryError:
        sys.exit(_OUT_OF_MEMORY)


def _answer() -> None:
    asked = json.loads(sys.stdin.buffer.read())
    files = {name: base64.b64decode(data) for name, data, _ in asked}
    found = examined_here(files, {name: samples for name, _, samples in asked})
    answer = {
        name: {
            "problems": one.problems,
            "paths": sorted(one.paths),
            "printed": sorted(one.printed),
            "paragraphs": one.paragraphs,
            "languages": one.languages,
            "square": one.square,
            "plain": one.plain,
            "unfilled": one.unfilled,
        }
        for name, one in found.items()
    }
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
