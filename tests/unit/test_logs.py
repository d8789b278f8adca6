"""What a log line may hold, whoever writes it: known events, known keys, never a word about a family."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from reunify import logs

SECRET = "Quillfeather"


class Kept(io.StringIO):
    """A stream that remembers; a terminal if told so."""

    def __init__(self, *, terminal: bool = False) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def kept() -> Iterator[Kept]:
    yield from _configured(Kept())


@pytest.fixture
def terminal() -> Iterator[Kept]:
    yield from _configured(Kept(terminal=True))


def _configured(stream: Kept) -> Iterator[Kept]:
    """The process's logging as it runs in production, put back afterwards."""
    import threading

    root = logging.getLogger()
    before = root.handlers[:], root.level, sys.excepthook, threading.excepthook
    others = {
        name: (logging.getLogger(name).handlers[:], logging.getLogger(name).propagate)
        for name in list(logging.Logger.manager.loggerDict)
    }
    # A server started by another test, Prefect's among them, leaves its own levels here.
    servers = [logging.getLogger(name) for name in ("uvicorn", "uvicorn.error")]
    left = [(server, server.level, server.disabled) for server in servers]
    for server in servers:
        server.setLevel(logging.NOTSET)
        server.disabled = False
    logs.configure(stream)
    yield stream
    logging.captureWarnings(False)
    root.handlers[:], root.level, sys.excepthook, threading.excepthook = before
    for server, level, disabled in left:
        server.setLevel(level)
        server.disabled = disabled
    for name, (handlers, propagate) in others.items():
        logging.getLogger(name).handlers[:] = handlers
        logging.getLogger(name).propagate = propagate


def broken() -> None:
    raise ValueError(f"the row of {SECRET}")


@pytest.mark.asvs("16.2.1")
@pytest.mark.asvs("16.2.2", "16.2.4")
def test_a_line_says_when_what_and_which_call(kept: Kept) -> None:
    with logs.bound(call="C-3334"):
        logs.named("web").info("answered", method="GET", route="/f/{token}", status=303, ms=1.5, staff=None)
    (line,) = kept.lines()
    assert line.pop("at").endswith("Z")
    assert line == {
        "call": "C-3334", "event": "answered", "level": "info", "method": "GET", "ms": 1.5,
        "process": "web", "route": "/f/{token}", "status": 303,
    }  # fmt: skip


@pytest.mark.asvs("16.2.5")
def test_keys_and_events_nobody_listed_are_left_out(kept: Kept) -> None:
    logs.named("web").info("answered", name=SECRET, status=200)
    logs.named("web").info(f"{SECRET} was seen")
    assert SECRET not in kept.getvalue()
    assert [line["event"] for line in kept.lines()] == ["answered", "library"]


@pytest.mark.asvs("16.4.1")
@pytest.mark.parametrize("value", ["a\nb", "a\r\n{}", "\x1b[31m", "a b", '"}', "x" * 201, "ñ", "\u2028"])
def test_no_value_can_forge_a_line(kept: Kept, terminal: Kept, value: str) -> None:
    logs.named("web").info("answered", route=value, where=[value])
    for line in kept.lines():
        assert (line["route"], line["where"]) == ("?", ["?"])
    assert len(terminal.getvalue().splitlines()) == 1


def test_a_terminal_shows_words_for_people(terminal: Kept) -> None:
    logs.named("worker").warning("prefect_silent")
    assert "prefect_silent" in terminal.getvalue()
    assert "warning" in terminal.getvalue()
    with pytest.raises(ValueError, match=r"Expecting|Extra"):
        terminal.lines()


@pytest.mark.asvs("16.2.5")
@pytest.mark.parametrize(
    "name",
    ["stripe", "sqlalchemy.engine.Engine", "httpx", "uvicorn.access", "uvicorn.error", "prefect.flow_runs"],
)
@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR])
def test_a_librarys_words_and_arguments_never_pass(kept: Kept, name: str, level: int) -> None:
    library = logging.getLogger(name)
    before = library.level
    library.setLevel(logging.DEBUG)
    library.log(level, "GET %s", f"/f/{SECRET}")
    library.log(level, f"body: {SECRET}")
    library.log(level, {"body": SECRET})
    library.setLevel(before)
    assert SECRET not in kept.getvalue()
    assert len(kept.lines()) == (3 if level >= logging.WARNING else 0)
    for line in kept.lines():
        assert (line["event"], line["source"]) == ("library", name)


def test_a_sentence_we_know_is_shown_without_what_was_put_into_it(kept: Kept) -> None:
    sentence = "Uvicorn running on %s://%s:%d (Press CTRL+C to quit)"
    logging.getLogger("uvicorn.error").info(sentence, "http", SECRET, 80)
    (line,) = kept.lines()
    assert line["said"] == sentence
    assert SECRET not in kept.getvalue()


@pytest.mark.asvs("16.2.5")
def test_of_an_exception_only_its_class_and_the_lines_of_code_are_told(kept: Kept) -> None:
    try:
        broken()
    except ValueError as wrong:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
        logs.named("web").error("unexpected", **logs.fault(wrong))
    assert SECRET not in kept.getvalue()
    for line in kept.lines():
        assert line["kind"] == "ValueError"
        assert line["where"][-1].startswith("tests/unit/test_logs.py:")
        assert not [place for place in line["where"] if place.startswith("/")]


def test_a_warning_keeps_its_text_to_itself(kept: Kept) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"about {SECRET}", stacklevel=1)
    assert SECRET not in kept.getvalue()
    assert [line["source"] for line in kept.lines()] == ["py.warnings"]


@pytest.mark.asvs("16.5.1")
@pytest.mark.parametrize("where", ["", "import threading; threading.Thread(target=f).start()"])
@pytest.mark.asvs("16.5.4")
def test_a_process_or_thread_that_dies_does_not_print_why_in_words(where: str) -> None:
    code = (
        f"from reunify import logs; logs.configure()\ndef f(): raise ValueError('{SECRET}')\n{where or 'f()'}"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert SECRET not in done.stderr + done.stdout
    (line,) = (json.loads(line) for line in done.stderr.splitlines())
    assert (line["event"], line["kind"], line["level"]) == ("crashed", "ValueError", "critical")


@pytest.mark.asvs("16.5.1")
def test_a_command_that_fails_by_our_fault_prints_where_and_not_what() -> None:
    code = (
        "import sys; sys.argv = ['reunify', 'doctor']\n"
        "from reunify.cli import doctor, main\n"
        f"def broken(): raise ValueError('{SECRET}')\n"
        "doctor.examine = broken\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert SECRET not in done.stderr + done.stdout
    (line,) = (json.loads(line) for line in done.stderr.splitlines())
    assert (line["event"], line["kind"]) == ("crashed", "ValueError")
