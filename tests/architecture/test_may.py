"""Deny by default, guarded: every public verb says who may, every flow in whose name it calls what."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import flows
import reunify
from flows.registry import works
from flows.work import Work
from reunify.db import Database
from reunify.kernel.may import May
from tests.town import Town, built

ACTORS = {"Actor", "Staff", "System", "Family", "Service"}
# These write down whoever acts, or answer what whoever asks may see or do; nobody is let in by them.
ANSWER_WHOEVER_ASKS = {
    "reunify.audit.actions.record",
    "reunify.intake.reach.reach",
    "reunify.intake.reach.requests",
}
# The outside: pages ask their own audience, the sandbox plays people, the command line is a shell.
NOT_ROOMS = ("reunify.web", "reunify.sandbox", "reunify.cli", "reunify.migrations", "reunify.kernel")


def rooms() -> Iterator[ModuleType]:
    """Every module of every room but the policies, which only answer, and the queries, which only show."""
    for found in pkgutil.walk_packages(reunify.__path__, "reunify."):
        last = found.name.rpartition(".")[2]
        if not found.name.startswith(NOT_ROOMS) and "policy" not in last and "queries" not in last:
            yield importlib.import_module(found.name)


def verbs() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Public functions with a keyword `by` that is an actor."""
    for module in rooms():
        for name, found in vars(module).items():
            own = inspect.isfunction(found) and found.__module__ == module.__name__
            if own and not name.startswith(("_", "check_", "can_", "may_")) and _takes_an_actor(found):
                yield f"{module.__name__}.{name}", found


def _takes_an_actor(function: Callable[..., Any]) -> bool:
    by = inspect.signature(function).parameters.get("by")
    if by is None or by.kind is not inspect.Parameter.KEYWORD_ONLY:
        return False
    return bool(ACTORS & {part.strip() for part in str(by.annotation).split("|")})


@pytest.fixture
def town(db: Database, tmp_path: Path) -> Iterator[Town]:
    with built(db, tmp_path, cards=True) as found:
        yield found


@pytest.mark.asvs("8.2.1", "8.3.1")
def test_every_public_verb_says_who_may() -> None:
    found = dict(verbs())
    assert len(found) > 50
    silent = [
        name
        for name, verb in found.items()
        if not hasattr(verb, "__may__") and name not in ANSWER_WHOEVER_ASKS
    ]
    assert silent == []


def test_nobody_at_all_is_never_what_a_verb_says() -> None:
    for name, verb in verbs():
        may: May | None = getattr(verb, "__may__", None)
        if may is not None:
            assert may.roles or may.system or may.family or may.service, name


def test_every_flow_says_in_whose_name_it_calls_which_verbs(town: Town) -> None:
    for work in works(town.house):
        assert work.acts_as is not None, f"{work.name} does not say in whose name it acts"
        assert work.verbs, f"{work.name} does not say what it calls"
        for verb in work.verbs:
            if _takes_an_actor(verb):
                verb.__may__.check(work.acts_as)  # type: ignore[attr-defined]


def test_a_flow_calls_no_verb_it_did_not_declare(town: Town) -> None:
    declared = {_name(verb) for work in works(town.house) for verb in work.verbs}
    called = {name for module in _flow_modules() for name in _called_by_name(module)}
    assert called
    assert called <= declared


def _flow_modules() -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(flows.__path__, "flows."):
        yield importlib.import_module(found.name)


def _called_by_name(module: ModuleType) -> Iterator[str]:
    """Every call with `by=BY`, as the function it reaches."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            named = [k for k in node.keywords if k.arg == "by"]
            if named and isinstance(node.func.value, ast.Name):
                yield _name(getattr(vars(module)[node.func.value.id], node.func.attr))


def _name(verb: Callable[..., Any]) -> str:
    return f"{verb.__module__}.{verb.__name__}"


def test_the_work_class_is_what_the_registry_gives(town: Town) -> None:
    assert all(isinstance(work, Work) for work in works(town.house))
