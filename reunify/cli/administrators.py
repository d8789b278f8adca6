"""`reunify admin`: the first administrator, and the way back in when no administrator can sign in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from reunify.settings import Settings

commands = typer.Typer(
    help="The first administrator, and the way back in.", rich_markup_mode=None, no_args_is_help=True
)


@commands.command("first")
def first(
    username: Annotated[str, typer.Option(help="What they sign in with.")],
    name: Annotated[str, typer.Option(help="Their own name.")],
) -> None:
    """Make the first administrator, once, and print the one-time code they set up with."""
    from reunify.identity import actions, enrolment
    from reunify.kernel.people import System

    by = System("reunify admin first")

    def made(session: Session, now: datetime) -> str:
        staff_id = actions.first_administrator(session, username=username, name=name, by=by, now=now)
        return enrolment.issue_enrolment(session, staff_id=staff_id, by=by, now=now)

    _tell(username, _in_database(made))


@commands.command("second")
def second(
    username: Annotated[str, typer.Option(help="What they sign in with.")],
    name: Annotated[str, typer.Option(help="Their own name.")],
) -> None:
    """Make one more administrator, only while fewer than two people could confirm each other's changes."""
    from reunify.identity import actions, enrolment
    from reunify.kernel.people import System

    by = System("reunify admin second")

    def made(session: Session, now: datetime) -> str:
        actions.second_administrator(session, username=username, name=name, by=by, now=now)
        return enrolment.issue_as_operator(session, username=username, by=by, now=now)

    _tell(username, _in_database(made))
    typer.echo("It is in the audit trail, and on every administrator's pages for 7 days.")


@commands.command("recover")
def recover(
    username: Annotated[str, typer.Option(help="The administrator who cannot sign in.")],
) -> None:
    """Print a one-time code for an administrator. Every administrator is told of it for a week.

    Only when no two colleagues can vouch: see Recovery on the pages first.
    """
    from reunify.identity import enrolment
    from reunify.kernel.people import System

    by = System("reunify admin recover")
    code = _in_database(
        lambda session, now: enrolment.issue_as_operator(session, username=username, by=by, now=now)
    )
    _tell(username, code)
    typer.echo("It is in the audit trail, and on every administrator's pages for 7 days.")


def made_alone(settings: Settings) -> int:
    """How many accounts one person made alone. Before the tables are there: none."""
    from sqlalchemy.exc import ProgrammingError

    from reunify.cli.database import opened
    from reunify.identity import brought_in

    try:
        with opened(settings) as db, db.read() as session:
            return brought_in.by_one_alone(session)
    except ProgrammingError:
        return 0


def _tell(username: str, code: str) -> None:
    from reunify.settings import load

    typer.echo(f"One-time code for {username}: {code}")
    typer.echo(f"It holds for 60 minutes and works once, at {load().own_url.rstrip('/')}/enrol")


def _in_database(work: Callable[[Session, datetime], str]) -> str:
    from reunify.cli.database import opened
    from reunify.settings import load

    with opened(load()) as db, db.work() as session:
        return work(session, datetime.now(UTC))
