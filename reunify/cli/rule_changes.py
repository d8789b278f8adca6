"""`reunify rules load, status, approve, suspend, resume, retire`: the verbs of the pages, for two people.

An operator types for somebody who is known to the house; that it was typed here is written down beside it.
Of two acts on one thing only one is typed here: the other person signs in. A demo is the exception.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from reunify.cli.rules import rules

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from reunify.kernel.people import Staff
    from reunify.settings import Settings

_By = Annotated[str, typer.Option("--by", help="Who does it: a user name.")]
_Reason = Annotated[str, typer.Option("--reason", help="Why, in a few words.")]
_Confirm = Annotated[bool, typer.Option("--confirm", help="Another person confirms what one has asked.")]
_Withdraw = Annotated[bool, typer.Option("--withdraw", help="Withdraw what one has asked by mistake.")]
_PAGE = "on the page Rules, with a passkey"
_ASKED = f"Asked. Another person confirms it {_PAGE}."
_WITHDRAWN = "Withdrawn: nobody confirms it any more. Nothing has changed in force."
_Source = Annotated[str, typer.Argument(help="The source, as its folder is called.")]

_Version = Annotated[str, typer.Argument(help="The fingerprint, or its first eight digits or more.")]


@rules.command("load")
def rules_load() -> None:
    """Put what this release ships into review. Nothing is in force before two people approve it."""
    from reunify.kernel.people import System
    from reunify.rules import actions

    def load(session: Session, now: datetime) -> list[str]:
        new = actions.load_shipped(session, by=System("reunify rules load"), now=now)
        if not new:
            return ["Every version this release ships is known already."]
        return [
            *(f"In review: {_named(session, sha256)}" for sha256 in new),
            "Each is replayed by the worker. Then two rules authors approve it, on the page Rules; one of "
            "them may do it here: reunify rules approve <fingerprint> --by <user name> --reason <why>",
        ]

    _in_database(load)


@rules.command("status")
def rules_status() -> None:
    """Say which versions there are, how each stands, and whom it waits for."""
    from reunify.rules import health, moving, queries

    def status(session: Session, now: datetime) -> list[str]:
        lines = []
        for source in queries.sources(session):
            lines.append(f"{source.source}{' (suspended)' if source.suspended else ''}")
            for row in source.versions:
                waits = "".join(f", somebody else must {a.confirms.replace('_', ' ')}" for a in row.pending)
                state = row.status.replace("_", " ")
                lines.append(f"  {row.effective_from}  {row.sha256[:12]}  {state}{waits}")
        today = moving.today(session, now)
        return [*lines, *health.health(session, today=today).staff] or ["There are no rules yet."]

    _in_database(status)


@rules.command("approve")
def rules_approve(
    sha: _Version,
    by: _By,
    reason: _Reason = "",
) -> None:
    """Approve a version in review. What a release ships needs two people, one after the other."""
    from reunify.eligibility import replays
    from reunify.rules import queries

    def approve(session: Session, now: datetime) -> list[str]:
        who = _person(session, by, now)
        sha256 = queries.fingerprint_like(session, sha)
        done = replays.approve_version(session, sha256=sha256, reason=reason, by=who, now=now)
        _typed_here(session, "approve", who, now, sha256=sha256)
        if not done:
            named = _named(session, sha256)
            return [f"{who.name} has taken it on. Another rules author approves it {_PAGE}: {named}"]
        return [f"In force: {_named(session, sha256)}"]

    _in_database(approve)


@rules.command("suspend")
def rules_suspend(
    source: _Source, by: _By, reason: _Reason = "", confirm: _Confirm = False, withdraw: _Withdraw = False
) -> None:
    """Two people: from the second the other confirms, the source asks staff instead of answering."""
    from reunify.rules import actions

    done = f"The rules of {source} are suspended: staff are asked instead."
    ways = (
        (partial(actions.ask_suspension, reason=reason), _ASKED),
        (actions.confirm_suspension, done),
        (partial(actions.withdraw_suspension_ask, reason=reason), _WITHDRAWN),
    )
    _on_source("suspend", source, by, *ways[_way(confirm=confirm, withdraw=withdraw)])


@rules.command("resume")
def rules_resume(
    source: _Source, by: _By, reason: _Reason = "", confirm: _Confirm = False, withdraw: _Withdraw = False
) -> None:
    """Two people: the suspended rules answer again."""
    from reunify.rules import actions

    ways = (
        (partial(actions.ask_resumption, reason=reason), _ASKED),
        (actions.confirm_resumption, f"The rules of {source} answer again."),
        (partial(actions.withdraw_resumption_ask, reason=reason), _WITHDRAWN),
    )
    _on_source("resume", source, by, *ways[_way(confirm=confirm, withdraw=withdraw)])


@rules.command("retire")
def rules_retire(
    sha: _Version, by: _By, reason: _Reason = "", confirm: _Confirm = False, withdraw: _Withdraw = False
) -> None:
    """Two people: a version in force answers nothing new. What was never in force, one person withdraws."""
    from reunify.rules import actions, queries

    way = _way(confirm=confirm, withdraw=withdraw)

    def retire(session: Session, now: datetime) -> list[str]:
        who = _person(session, by, now)
        sha256 = queries.fingerprint_like(session, sha)
        _typed_here(session, "retire", who, now, sha256=sha256)
        if way == 2:
            actions.withdraw_retirement_ask(session, sha256=sha256, reason=reason, by=who, now=now)
            return [_WITHDRAWN]
        done = actions.retire(session, sha256=sha256, reason=reason, confirms=way == 1, by=who, now=now)
        return [f"Retired: {_named(session, sha256)}"] if done else [_ASKED]

    _in_database(retire)


def _way(*, confirm: bool, withdraw: bool) -> int:
    """0: ask; 1: confirm; 2: withdraw."""
    if confirm and withdraw:
        raise typer.BadParameter("Say --confirm or --withdraw, not both.")
    return 2 if withdraw else int(confirm)


def _on_source(verb: str, source: str, by: str, act: Callable[..., object], done: str) -> None:
    def on_source(session: Session, now: datetime) -> list[str]:
        who = _person(session, by, now)
        _typed_here(session, verb, who, now, source=source)
        act(session, source=source, by=who, now=now)
        return [done]

    _in_database(on_source)


def amiss(settings: Settings) -> tuple[tuple[str, ...], bool]:
    """What of the rules wants a person, and whether it holds up answers; nothing before the tables are."""
    from sqlalchemy.exc import ProgrammingError

    from reunify.cli.database import HouseRefused, opened
    from reunify.rules import moving
    from reunify.rules.health import health

    try:
        with opened(settings) as db, db.read() as session:
            found = health(session, today=moving.today(session, datetime.now(UTC)))
    except ProgrammingError:
        return (), False
    except HouseRefused as silent:
        return (str(silent),), False
    return found.staff, found.broken


def _person(session: Session, username: str, now: datetime) -> Staff:
    """As they stand now; the verb asks for their role. Raises NotFound."""
    from reunify.identity import queries, sessions

    return sessions.standing(session, queries.staff_id(session, username), now=now)


def _named(session: Session, sha256: str) -> str:
    from reunify.rules import queries

    row = queries.version(session, sha256).row
    return f"{row.source} of {row.effective_from} ({sha256[:12]})"


def _typed_here(session: Session, verb: str, who: Staff, now: datetime, **about: str) -> None:
    """Beside the row of the verb itself: the person did not sign in for this. `about`: which rules."""
    from reunify.audit import actions as audit
    from reunify.kernel.people import System

    by = System(f"reunify rules {verb}")
    audit.record(
        session,
        by=by,
        at=now,
        subject="staff",
        subject_id=who.id,
        moved="act_at_command_line",
        detail=about,
    )


def _in_database(work: Callable[[Session, datetime], list[str]]) -> None:
    from reunify.cli.database import opened
    from reunify.rules.moving import typed_here
    from reunify.settings import load

    settings = load()
    with opened(settings) as db, db.work(wake=True) as session:
        typed_here(session, for_both=settings.sandbox)
        lines = work(session, datetime.now(UTC))
    for line in lines:
        typer.echo(line)
