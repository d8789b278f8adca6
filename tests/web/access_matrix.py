"""Writes docs/access-matrix.md from the application. `--check` fails if it no longer tells the truth."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import SecretStr

from reunify.bootstrap import House, build
from reunify.kernel.ids import StaffId, new_id
from reunify.kernel.people import Role, Staff
from reunify.kernel.sight import Sight, sight_of
from reunify.settings import Settings
from tests.web.doors import Door, doors

FILE = Path(__file__).parents[2] / "docs" / "access-matrix.md"
_SIGHT = {
    Sight.WHOLE: "whole",
    Sight.MONEY: "money only",
    Sight.MASKED: "masked",
    Sight.NONE: "not there (404)",
}
HEAD = """# Who may do what

Drawn from the application by `make diagrams`; `make check` compares. A test calls every route below as every
role, with a case of their own, of their team and of another team, and expects what stands here. Only a call
that would be let in and change something is left to the walks.

## How much of a case each role sees

A hidden case answers exactly like one that does not exist. "Money only": amounts, payees' names, funds and
dates. "Masked": amounts and outcomes under a pseudonym. For a time, and written down, a case manager may open
another team's case in an emergency, and an auditor may read true names by order (2 CFR 200.337(b)); both see
it whole.

"""


def page(found: Iterable[Door]) -> str:
    lines = [HEAD.rstrip(), "", *_sights(), ""]
    rooms: dict[str, list[Door]] = {}
    for door in sorted(found, key=lambda d: (d.path, d.method)):
        rooms.setdefault(_room(door), []).append(door)
    for room in sorted(rooms):
        lines += [f"## {room}", "", "| Route | Who may | Passkey just now | Which case, and how it is seen |"]
        lines += ["|---|---|---|---|", *(_row(door) for door in rooms[room]), ""]
    return "\n".join(lines)


def _sights() -> list[str]:
    me, other = StaffId(new_id()), StaffId(new_id())
    rows = [
        "| Role | Their own | Their team's | Another team's | A draft of another team |",
        "|---|---|---|---|---|",
    ]
    for role in Role:
        by = Staff(me, "", frozenset({role}), team="ours")
        seen = [
            sight_of(by, owner=me, team="ours", submitted=True),
            sight_of(by, owner=other, team="ours", submitted=True),
            sight_of(by, owner=other, team="theirs", submitted=True),
            sight_of(by, owner=other, team="theirs", submitted=False),
        ]
        rows.append(f"| {_words(role)} | " + " | ".join(_SIGHT[s] for s in seen) + " |")
    return rows


def _room(door: Door) -> str:
    parts = [p for p in door.path.split("/") if p not in ("", "api", "v1")]
    return (
        (parts[0] if parts and not parts[0].startswith("{") else "work list").replace("-", " ").capitalize()
    )


def _row(door: Door) -> str:
    if door.for_family:
        who, which = "the family, by link and PIN", "their own, their household's part"
    elif door.public:
        who, which = "everybody", ""
    else:
        who = ", ".join(_words(r) for r in Role if r in door.roles) or "any role"
        scopes = [c.scope for c in door.calls if hasattr(c, "scope")]
        who += f"; a token with `{scopes[0]}`" if scopes else ""
        which = " or ".join(_SIGHT[s] for s in door.sights) if door.sights else ""
    return f"| `{door.method} {door.path}` | {who} | {'yes' if door.step_up else ''} | {which} |"


def _words(role: Role) -> str:
    return role.value.replace("_", " ")


def main(check: bool) -> int:
    with TemporaryDirectory() as data:
        house = _house(Path(data))
        said = page(doors(house))
    if not check:
        FILE.write_text(said)
    elif not FILE.exists() or FILE.read_text() != said:
        sys.stderr.write("Out of date: access-matrix.md. Run `make diagrams`.\n")
        return 1
    return 0


def _house(data: Path) -> House:
    """Wired, and never asked anything: no database is opened to list the routes."""
    said: dict[str, Any] = {
        "data": data,
        "sandbox": True,
        "database_url": SecretStr("postgresql+psycopg://x/x"),
    }
    return build(Settings(**said))


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv))
