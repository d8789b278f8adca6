"""What the processes say about themselves: JSON lines on stderr, readable words in a terminal.

A line holds an event from a fixed list and values for known keys: ids, numbers, names of classes, patterns of
routes. What a library says passes only if it is a known sentence, and then without its arguments: they may
hold a name, a link's secret, a whole request. docs/guides/logs.md says how to read them.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TextIO

import structlog
from structlog.typing import FilteringBoundLogger

# Every event and every key there is: a test compares them with the calls in the code.
EVENTS: Final = frozenset(
    {
        "answered",  # one call over HTTP: method, route, status, ms
        "refused",  # the call was refused: the refusal's class
        "unexpected",  # our own fault: the number a person may tell us is `call`
        "crashed",  # a process or thread ends by a fault
        "at_the_door",  # somebody signed in or out, proved themselves, or failed to
        "looking_for_work",
        "work_not_found",  # a kind of work could not be looked for
        "batch_failed",
        "piece_failed",
        "card_waits",
        "payment_waits",
        "prefect_answers",
        "prefect_silent",
        "prefect_failed",
        "library",  # a library said something that is not on the list of known sentences
    }
)
KEYS: Final = frozenset(
    {
        "call", "count", "kind", "lane", "means", "method", "ms", "piece", "process", "route", "run",
        "source", "staff", "status", "subject", "verb", "where", "work",
    }
)  # fmt: skip
# Constant sentences of libraries, as written in their source; shown without arguments.
SENTENCES: Final = frozenset(
    {
        "Started server process [%d]",
        "Waiting for application startup.",
        "Application startup complete.",
        "Uvicorn running on %s://%s:%d (Press CTRL+C to quit)",
        "Invalid HTTP request received.",
        "Shutting down",
        "Waiting for application shutdown.",
        "Application shutdown complete.",
        "Finished server process [%d]",
        "Exception in ASGI application\n",
        "Cancel %s running task(s), timeout graceful shutdown exceeded",
    }
)
_PLAIN = re.compile(r"[A-Za-z0-9_.:/{}@<>,+()\[\]-]{0,200}")
_FRAMES = 6
_FIRST = ("at", "level", "process", "event")
_ROOT = str(Path(__file__).resolve().parents[1]) + "/"
_PACKAGES = re.compile(r"^.*/(?:site-packages|python3\.\d+)/")


class Line(dict[str, Any]):
    """One of our own events on its way through the standard library's handlers."""


def named(process: str) -> FilteringBoundLogger:
    """The logger of one part of the house: `log.info("event", key=value)`, both from the lists above."""
    made: FilteringBoundLogger = structlog.wrap_logger(
        logging.getLogger(f"reunify.{process}"),
        processors=[structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level, _handed_over],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return made


def known(said: MutableMapping[str, Any]) -> Line:
    """Only listed events and keys; text that is not plain is left out, so that no value can forge a line."""
    event = said.get("event")
    line = Line(event=event if event in EVENTS else "library")
    for key, value in said.items():
        if key in KEYS or key in ("level", "said"):
            line[key] = _plain(value)
    return line


def fault(wrong: BaseException) -> dict[str, Any]:
    """The class and the lines of code: `log.error("unexpected", **fault(wrong))`. Never the text."""
    return {"kind": type(wrong).__name__, "where": _frames(wrong.__traceback__)}


@contextmanager
def bound(**values: Any) -> Iterator[None]:
    """Every line written meanwhile carries these: a call's number, a run's."""
    with structlog.contextvars.bound_contextvars(**values):
        yield


def configure(stream: TextIO | None = None) -> None:
    """Once for each process, after the libraries set up their own. Whatever they put up is taken down."""
    out = stream or sys.stderr
    handler = logging.StreamHandler(out)
    handler.setFormatter(_Lines(pretty=out.isatty()))
    handler.addFilter(_worth_saying)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in list(logging.Logger.manager.loggerDict):
        other = logging.getLogger(name)
        other.handlers.clear()
        other.propagate = True
    logging.captureWarnings(True)
    log = named("process")

    def crashed(kind: type[BaseException], wrong: BaseException, at: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        log.critical("crashed", kind=kind.__name__, where=_frames(at))

    def thread_crashed(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            crashed(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook = crashed
    threading.excepthook = thread_crashed


def _handed_over(
    logger: Any, method: str, said: MutableMapping[str, Any]
) -> tuple[tuple[Line], dict[str, Any]]:
    return (known(said),), {}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    text = str(value)
    return text if _PLAIN.fullmatch(text) or text in SENTENCES else "?"


def _worth_saying(record: logging.LogRecord) -> bool:
    return isinstance(record.msg, Line) or record.levelno >= logging.WARNING or _is_known(record)


def _is_known(record: logging.LogRecord) -> bool:
    return isinstance(record.msg, str) and record.msg in SENTENCES


class _Lines(logging.Formatter):
    def __init__(self, *, pretty: bool) -> None:
        super().__init__()
        self._stamp = structlog.processors.TimeStamper(fmt="iso", utc=True, key="at")
        if pretty:
            self._render: Any = structlog.dev.ConsoleRenderer(timestamp_key="at")
        else:
            self._render = structlog.processors.JSONRenderer()

    def format(self, record: logging.LogRecord) -> str:
        line: Any = record.msg if isinstance(record.msg, Line) else _of_a_library(record)
        line = self._stamp(None, "", {**line, "process": record.name.removeprefix("reunify.")})
        ordered = {key: line[key] for key in (*_FIRST, *sorted(line)) if line.get(key) is not None}
        return str(self._render(None, "", ordered))


def _of_a_library(record: logging.LogRecord) -> Line:
    wrong = record.exc_info[1] if record.exc_info else None
    said: dict[str, Any] = {"event": "library", "level": record.levelname.lower(), "source": record.name}
    said["where"] = f"{record.module}:{record.lineno}"
    if _is_known(record):
        said["said"] = record.msg
    if wrong is not None:
        said |= fault(wrong)
    return known(said)


def _frames(at: TracebackType | None) -> list[str]:
    """`reunify/db.py:79`, outermost first; no folder of this machine."""
    frames = traceback.extract_tb(at)[-_FRAMES:]
    return [f"{_PACKAGES.sub('', f.filename.removeprefix(_ROOT))}:{f.lineno}" for f in frames]
