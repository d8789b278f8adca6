"""Adds `funds forecast` and `funds duplicates` to the commands over sources."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from reunify.cli.funds import funds

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@funds.command("forecast")
def funds_forecast() -> None:
    """What lapses of each source and when, its pace, and which open requests it could pay."""
    from reunify.cli.funds_ahead_words import forecast

    _read(forecast)


@funds.command("duplicates")
def funds_duplicates(
    everything: Annotated[
        bool, typer.Option("--all", help="With those a person looked at and found to be none.")
    ] = False,
) -> None:
    """The same cost paid or set aside twice, by reference; no names. Exit code 1 if one was not looked at."""
    from reunify.cli.funds_ahead_words import duplicates

    if _read(lambda session, now: duplicates(session, now, everything=everything)):
        raise typer.Exit(1)


def _read(work: Callable[[Session, datetime], tuple[list[str], bool]]) -> bool:
    """Print it; whether something is owed a look."""
    from reunify.cli.database import opened
    from reunify.settings import load

    with opened(load(), with_keys=True) as db, db.read() as session:
        lines, owed = work(session, _now())
    for line in lines:
        typer.echo(line)
    return owed


def _now() -> datetime:
    return datetime.now(UTC)
