"""Every call that writes to a log, read in the source: constant events, listed keys, one way to log."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from reunify.logs import EVENTS, KEYS

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for folder in ("reunify", "flows") for path in (ROOT / folder).rglob("*.py"))
LEVELS = {"debug", "info", "warning", "error", "critical"}
# Where the standard library's logging may be named: our own set-up, and libraries made quiet.
MAY_NAME_LOGGING = {
    "reunify/logs.py",
    "reunify/db.py",
    "reunify/adapters/papers.py",
    "reunify/adapters/stripe_client.py",
}


def calls() -> Iterator[tuple[str, ast.Call]]:
    for path in SOURCES:
        text = path.read_text()
        for node in ast.walk(ast.parse(text)) if "log = logs.named(" in text else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                if isinstance(owner, ast.Name) and owner.id == "log":
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def what_is_wrong(call: ast.Call) -> str | None:
    """Why the call could say more than it should; None for a good one."""
    assert isinstance(call.func, ast.Attribute)
    if call.func.attr not in LEVELS:
        return f"log.{call.func.attr} is not one of {sorted(LEVELS)}"
    if len(call.args) != 1 or not isinstance(call.args[0], ast.Constant) or call.args[0].value not in EVENTS:
        return "the event is not a constant from logs.EVENTS"
    for key in call.keywords:
        if key.arg is None:
            of = key.value.func if isinstance(key.value, ast.Call) else None
            if not (isinstance(of, ast.Attribute) and of.attr == "fault"):
                return "only **logs.fault(...) may be spread"
        elif key.arg not in KEYS:
            return f"{key.arg} is not in logs.KEYS"
    return None


@pytest.mark.asvs("16.2.5")
def test_every_log_call_uses_a_known_event_and_known_keys() -> None:
    found = {where: what_is_wrong(call) for where, call in calls() if not where.startswith("reunify/logs.py")}
    assert len(found) >= 10
    assert {where: wrong for where, wrong in found.items() if wrong} == {}


def test_every_event_of_the_list_is_written_somewhere() -> None:
    said = {call.args[0].value for _, call in calls() if call.args and isinstance(call.args[0], ast.Constant)}
    assert said >= EVENTS - {"library", "crashed"}  # those two `logs` writes itself


def test_nobody_logs_another_way() -> None:
    elsewhere = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if any(word in path.read_text() for word in ("getLogger(", "import structlog", "basicConfig("))
    ]
    assert set(elsewhere) <= MAY_NAME_LOGGING


@pytest.mark.parametrize(
    "written",
    [
        'log.info(f"paid {name}")',
        'log.info("paid by " + name)',
        'log.info("answered", name=name)',
        'log.info("answered", **everything)',
        'log.info("answered", name)',
        'log.exception("unexpected")',
        'log.info("an event nobody listed")',
    ],
)
def test_the_reader_above_sees_a_call_that_says_too_much(written: str) -> None:
    call = ast.parse(written).body[0]
    assert isinstance(call, ast.Expr)
    assert isinstance(call.value, ast.Call)
    assert what_is_wrong(call.value) is not None
