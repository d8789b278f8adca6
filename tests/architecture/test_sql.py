"""SQL is written down, never put together from what somebody sent."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in ("reunify", "flows")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts and "sandbox" not in path.parts
)
TAKES_SQL = {"sa.text", "text", "sqlalchemy.text"}


def statements(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            named = ast.unparse(node.func)
            if named in TAKES_SQL or named.endswith((".exec_driver_sql", "literal_column")):
                yield node.args[0]


def is_written_down(said: ast.expr) -> bool:
    """Constants, names in capitals and what is made of them; or a function of our own over such constants."""
    match said:
        case ast.Constant():
            return True
        case ast.Name(id=name):
            return name.lstrip("_").isupper()
        case ast.Attribute():
            return True  # a field of a frozen rule; its text is checked where it is written
        case ast.JoinedStr(values=parts):
            return all(is_written_down(p.value) if isinstance(p, ast.FormattedValue) else True for p in parts)
        case ast.BinOp(left=left, right=right):
            return is_written_down(left) and is_written_down(right)
        case ast.Call(args=args):
            return all(is_written_down(a) for a in args)
    return False


@pytest.mark.asvs("1.2.4")
def test_every_statement_takes_its_values_as_parameters() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{said.lineno}": is_written_down(said)
        for path in SOURCES
        for said in statements(ast.parse(path.read_text()))
    }
    assert len(found) > 10
    assert [where for where, good in found.items() if not good] == []


@pytest.mark.parametrize(
    "written",
    [
        'sa.text(f"SELECT * FROM staff WHERE name = {name}")',
        'sa.text("SELECT " + column)',
        "connection.exec_driver_sql(statement)",
        'sa.text("SELECT %s".format(name))',
    ],
)
def test_the_reader_above_sees_a_statement_that_is_put_together(written: str) -> None:
    (said,) = statements(ast.parse(written))
    assert not is_written_down(said)
