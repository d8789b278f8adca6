"""`reunify rules replay` and `reunify rules reproduce`: a draft over the past, and the past over again."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reunify.cli.rules import rules

if TYPE_CHECKING:
    from reunify.settings import Settings

_Since = Annotated[
    datetime | None,
    typer.Option("--since", formats=["%Y-%m-%d"], help="Only what was answered from this day on."),
]


@rules.command("replay")
def rules_replay(
    draft: Annotated[Path, typer.Option(help="A rule file; its tables lie beside it.")],
    since: _Since = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run a draft over every past answer and say who would get another one. Nothing is kept."""
    from reunify.cli.rule_past import replay

    for line in replay(_settings(), draft, since=_day(since), as_json=json):
        typer.echo(line)


@rules.command("reproduce")
def rules_reproduce(
    determination: Annotated[str | None, typer.Argument(help="Its id; or --all.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every stored answer.")] = False,
    since: _Since = None,
) -> None:
    """Decide a stored answer again and compare it byte for byte. Exits with 1 if one differs."""
    from reunify.cli.rule_past import reproduce

    differ = False
    for line, differs in reproduce(_settings(), determination, every=every, since=_day(since)):
        typer.echo(line)
        differ = differ or differs
    raise typer.Exit(1 if differ else 0)


def _day(said: datetime | None) -> date | None:
    return said.date() if said else None


def _settings() -> Settings:
    from reunify.settings import load

    return load()
