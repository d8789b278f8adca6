"""Writes docs/asvs.md from the marks on the tests (`@pytest.mark.asvs("7.2.4")`). `--check`: is it stale?

The tests are read, not run. Requirements of OWASP ASVS 5.0.0, each in our own few words.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.asvs_requirements import MEANT, NOT_COVERED, REQUIREMENTS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "asvs.md"


def marks() -> dict[str, list[str]]:
    """Requirement -> the test files whose tests prove it."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text()
        for number in _numbers(ast.parse(text)) if "mark.asvs" in text else ():
            found.setdefault(number, set()).add(str(path.relative_to(ROOT)))
    return {number: sorted(files) for number, files in sorted(found.items(), key=lambda one: _order(one[0]))}


def _numbers(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr == "asvs" and ast.unparse(node.func) == "pytest.mark.asvs":
            for argument in node.args:
                if isinstance(argument, ast.Constant):
                    yield str(argument.value)


def page(proved: dict[str, list[str]]) -> str:
    lines = [
        "# What of OWASP ASVS 5.0.0 is proved by a test",
        "",
        "Written by `make asvs` from the marks on the tests; a test compares. Titles in our own words; the",
        "requirements themselves are at https://owasp.org/www-project-application-security-verification-standard/.",
        "",
        f"{len(proved)} requirements are proved by at least one test.",
        "",
        "| requirement | in short | proved in |",
        "|---|---|---|",
    ]
    for number, files in proved.items():
        lines.append(f"| {number} | {REQUIREMENTS.get(number, '?')} | {', '.join(f'`{f}`' for f in files)} |")
    lines += ["", "## Not proved by a test, and why", "", "| requirement | in short | why |", "|---|---|---|"]
    for number in sorted(MEANT.keys() - proved.keys(), key=_order):
        why = NOT_COVERED.get(number, "No test carries its mark yet.")
        lines.append(f"| {number} | {MEANT[number]} | {why} |")
    return "\n".join(lines) + "\n"


def _order(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split("."))


def main(check: bool) -> int:
    written = page(marks())
    if check:
        if not PAGE.exists() or PAGE.read_text() != written:
            sys.stderr.write("docs/asvs.md is stale: type `make asvs`.\n")
            return 1
        return 0
    PAGE.write_text(written)
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
