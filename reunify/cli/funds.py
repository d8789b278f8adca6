"""`reunify funds ...`: the sources, what is left in them, and every change of them.

An operator types for somebody who is known to the house; that it was typed here is written down beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from reunify.kernel.people import Staff
    from reunify.ledger.policy import Unit

funds = typer.Typer(
    help="The sources money comes from: read and change them.", rich_markup_mode=None, no_args_is_help=True
)

Code = Annotated[str, typer.Argument(help="The source's code, as in `funds list`.")]
By = Annotated[str, typer.Option("--by", help="Who does it: a user name.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, in a few words.")]
From = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day; today if absent.")
]
Change = Callable[["Session", "Staff", datetime], str]


@funds.command("list")
def funds_list() -> None:
    """Every source: its kind, what is left, until when, and how it stands."""
    from reunify.cli.fund_reading import listed

    _read(listed)


@funds.command("show")
def funds_show(code: Code) -> None:
    """Everything dated about one source."""
    from reunify.cli.fund_reading import shown

    _read(lambda session, now: shown(session, code, now))


@funds.command("open")
def funds_open(
    code: Code,
    name: Annotated[str, typer.Option(help="What staff call it.")],
    public_name: Annotated[str, typer.Option(help="What families may read.")],
    starts: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="Its first day.")],
    by: By,
    reason: Reason = "",
    ends: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Its last day.")] = None,
    kind: Annotated[str, typer.Option(help="held, asked or elsewhere.")] = "held",
    unit: Annotated[str, typer.Option(help="cents, night or mile.")] = "cents",
    amount: Annotated[
        list[str] | None, typer.Option(help="Such as meals=1500.00, or lodging=400 nights; repeat it.")
    ] = None,
    award_number: Annotated[str | None, typer.Option(help="Of a federal award.")] = None,
    listing: Annotated[str | None, typer.Option(help="Its assistance listing, like 12.345.")] = None,
    pay_until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Last day to pay; of an award 120 days after its end."),
    ] = None,
    own_rules: Annotated[bool, typer.Option(help="Its rules are the organisation's own.")] = False,
) -> None:
    """A new source, authorized from its first day on."""
    from reunify.cli.fund_words import amounts_of, choice
    from reunify.funds import actions
    from reunify.funds.policy import FundKind
    from reunify.ledger.policy import Unit

    counted = choice(Unit, unit, "--unit")

    def do(session: Session, who: Staff, now: datetime) -> str:
        actions.open_fund(
            session,
            code=code,
            name=name,
            public_name=public_name,
            kind=choice(FundKind, kind, "--kind"),
            unit=counted,
            amounts=amounts_of(amount or [], counted),
            period_start=starts.date(),
            period_end=_date(ends),
            organisation_set=own_rules,
            award_number=award_number,
            assistance_listing=listing,
            liquidation_date=_date(pay_until),
            reason=reason,
            by=who,
            now=now,
        )
        return f"Open: {code}."

    change("open", code, by, do)


@funds.command("freeze")
def funds_freeze(code: Code, by: By, reason: Reason = "") -> None:
    """Nothing new is set aside from it until it is thawed."""
    _move("freeze", code, by, reason, f"Frozen: {code}.")


@funds.command("thaw")
def funds_thaw(code: Code, by: By, reason: Reason = "") -> None:
    """It is allocated from again."""
    _move("thaw", code, by, reason, f"Open again: {code}.")


@funds.command("close")
def funds_close(
    code: Code,
    by: By,
    reason: Reason = "",
    cash_goes: Annotated[
        str, typer.Option(help="What becomes of the cash on hand, such as the day it was sent back.")
    ] = "",
) -> None:
    """For good. Refused, with the list, while something on it is open."""
    from reunify.funds import actions, queries
    from reunify.reporting.fund_holds import open_elsewhere

    def do(session: Session, who: Staff, now: datetime) -> str:
        fund = queries.fund_called(session, code)
        actions.close(
            session,
            code=code,
            reason=reason,
            open_elsewhere=lambda: open_elsewhere(session, fund),
            cash_goes=cash_goes,
            by=who,
            now=now,
        )
        return f"Closed for good: {code}."

    change("close", code, by, do)


def _move(verb: str, code: str, by: str, reason: str, done: str) -> None:
    from reunify.funds import actions

    def do(session: Session, who: Staff, now: datetime) -> str:
        actions.move(session, code=code, verb=verb, reason=reason, by=who, now=now)
        return done

    change(verb, code, by, do)


def change(verb: str, code: str, by: str, do: Change) -> None:
    """In one transaction, in that person's name and with their role; then says what `do` says."""
    from reunify.audit import actions as audit
    from reunify.cli.database import opened
    from reunify.identity import queries, sessions
    from reunify.kernel.people import System
    from reunify.settings import load

    now = datetime.now(UTC)
    with opened(load(), with_keys=True) as db, db.work(wake=True) as session:
        who = sessions.standing(session, queries.staff_id(session, by), now=now)
        audit.record(
            session,
            by=System(f"reunify funds {verb}"),
            at=now,
            subject="staff",
            subject_id=who.id,
            moved="act_at_command_line",
            detail={"code": code},
        )
        said = do(session, who, now)
    typer.echo(said)


def unit_of(session: Session, code: str) -> Unit:
    from reunify.funds import queries

    return queries.fund_called(session, code).unit


def first_day(session: Session, said: datetime | None, now: datetime) -> date:
    """As said, or today on the organisation's calendar."""
    from reunify.funds.changing import today

    return said.date() if said else today(session, now)


def _date(said: datetime | None) -> date | None:
    return said.date() if said else None


def _read(work: Callable[[Session, datetime], list[str]]) -> None:
    from reunify.cli.database import opened
    from reunify.settings import load

    with opened(load(), with_keys=True) as db, db.read() as session:
        lines = work(session, datetime.now(UTC))
    for line in lines:
        typer.echo(line)
