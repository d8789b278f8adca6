"""The shape of the house, guarded: private records, deny-by-default routes, budgets, one commit."""

from __future__ import annotations

import ast
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in ("reunify", "flows")
    for path in (ROOT / folder).rglob("*.py")
    if path.parent.name != "versions"  # a migration is written by a machine and read once
)
LONGEST_FILE = 300
LONGEST_FUNCTION = 70
# The one place that commits, and the migrations, which run before there is any work.
MAY_COMMIT = {"reunify/db.py", "reunify/migrations/__init__.py"}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("reunify", "flows", cache_dir=None)


def test_a_rooms_records_are_private_to_the_room(graph: grimp.ImportGraph) -> None:
    trespasses = []
    for records in (m for m in graph.modules if m.endswith(".records")):
        room = records.removesuffix(".records")
        for importer in graph.find_modules_that_directly_import(records):
            excepted = importer == "reunify.tables" or importer.startswith("reunify.reporting")
            if not excepted and not importer.startswith(room + "."):
                trespasses.append(f"{importer} reads {records}")
    assert trespasses == []


def test_every_records_module_is_known_to_tables(graph: grimp.ImportGraph) -> None:
    known = graph.find_modules_directly_imported_by("reunify.tables")
    assert {m for m in graph.modules if m.endswith(".records")} <= known


def test_every_source_file_fits_its_budget() -> None:
    long = [f"{p.relative_to(ROOT)}" for p in SOURCES if len(p.read_text().splitlines()) > LONGEST_FILE]
    assert long == []


def test_every_function_fits_a_screen() -> None:
    long = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    long.append(f"{path.relative_to(ROOT)}:{node.name} {lines}")
    assert long == []


def test_only_the_edge_commits() -> None:
    commits = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if ".commit()" in path.read_text() and str(path.relative_to(ROOT)) not in MAY_COMMIT
    ]
    assert commits == []


def test_actions_take_only_keywords_after_the_session() -> None:
    loose = []
    for path in (ROOT / "reunify").glob("*/actions.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                positional = [a.arg for a in node.args.args]
                if positional not in ([], ["session"]):
                    loose.append(f"{path.parent.name}.{node.name}{positional}")
    assert loose == []


def test_no_door_reverses_an_event_of_the_books() -> None:
    """What two people agreed on is not undone by one. Whoever opens such a door asks for two people first."""
    found = []
    for path in SOURCES:
        if path.parent.name == "ledger":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            named = {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
            if isinstance(node, ast.Attribute):
                named = {node.attr}
            if named & {"correct", "correcting"}:
                found.append(f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}")
    assert found == []
