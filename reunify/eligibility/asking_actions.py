"""What we do: write down what a funder was asked for a family, and under which consent.

The request's row is held first, as checks and approvals hold it: none of them passes another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.consent import actions as consent
from reunify.consent import queries as consents
from reunify.consent.policy import Permit, RecipientKind
from reunify.eligibility import asking_checks as checks
from reunify.eligibility import queries
from reunify.eligibility.asking_policy import ASK_MOVES, How, working_days_after
from reunify.eligibility.asking_records import FunderAsk, FunderAskConsent, FunderAskLine
from reunify.eligibility.budget import BUDGET_CATEGORY
from reunify.funds.keeping import kept_as_it_is
from reunify.funds.policy import FundKind, NoSuchFund
from reunify.funds.queries import Fund
from reunify.intake import queries as intake
from reunify.intake import signers
from reunify.intake.queries import Version
from reunify.kernel.ids import RequestId, new_id
from reunify.kernel.may import may
from reunify.kernel.moves import START
from reunify.kernel.people import Role, Staff, System
from reunify.kernel.refusals import BadInput, Problem
from reunify.rates.queries import organisation_now

# Who tells a funder is written down with the ask itself; the release is written by rule.
RELEASES = System("ask of a funder")


@may(Role.CASE_MANAGER)
def record_ask(
    session: Session,
    *,
    request_id: RequestId,
    source: str,
    asked_on: date,
    how: str,
    reference: str,
    amounts: Mapping[str, int],
    told: Collection[UUID],
    names_nobody: bool,
    by: Staff,
    now: datetime,
) -> UUID:
    """Keep that the funder of this source was asked. `amounts` by line key, in the source's own unit.

    `told`: consents (questions of this request) that cover what the letter tells; else `names_nobody`.
    Raises NotWorthAsking, SourceOver, BadInput, NoConsentFor, ToldWithoutLeave, FunderNotNamed, AskedAlready.
    """
    intake.lock_request(session, request_id)
    seen = queries.explanation(session, request_id)
    found = checks.check_worth_asking(next((s for s in seen.sources if s.source == source), None))
    org = organisation_now(session, now=now)
    today = now.astimezone(org.zone).date()
    begun = intake.authorship(session, request_id).begun.astimezone(org.zone).date()
    checks.check_ask(
        found, asked_on=asked_on, begun=begun, today=today, how=how, reference=reference, amounts=amounts
    )
    fund = _fund(session, source, asked_on)
    version = intake.newest_version(session, request_id)
    permits = _permits(session, version, fund, told, names_nobody, _end_of(asked_on, org.zone, now), now)
    ask = FunderAsk(
        id=new_id(),
        request_id=request_id,
        number=version.number,
        fund_id=fund.id,
        source=source,
        unit=fund.unit.value,
        asked_on=asked_on,
        how=How(how).value,
        reference=reference.strip(),
        names_family=bool(permits),
        departs_on=min((leg.departs.date() for leg in version.content.legs), default=None),
        answer_due=working_days_after(asked_on, org.funder_answer_working_days),
        state=ASK_MOVES.check(START, "ask").target,
        asked_by=by.id,
        recorded_at=now,
    )
    _keep(session, ask, version, amounts, permits, now)
    detail = {"source": source, "lines": len(amounts), "consents": len(permits)}
    audit.record(
        session, by=by, at=now, subject="request", subject_id=request_id, moved="ask_funder", detail=detail
    )
    return ask.id


def _end_of(day: date, zone: ZoneInfo, now: datetime) -> datetime:
    """Of a day that has come: its last moment, or now. What was signed that day was signed in time."""
    last = datetime.combine(day + timedelta(days=1), time(), zone) - timedelta(microseconds=1)
    return min(now.astimezone(zone), last)


def _fund(session: Session, source: str, asked_on: date) -> Fund:
    """The source as the books know it; nobody closes it meanwhile. Raises NotWorthAsking, SourceOver."""
    try:
        fund = kept_as_it_is(session, source)
    except NoSuchFund:
        raise checks.NotWorthAsking(
            "The books do not know this source yet. A fund manager opens it, as one that is asked."
        ) from None
    if fund.kind is not FundKind.ASKED or fund.state != "open":
        raise checks.NotWorthAsking("This source is not open in the books as one that is asked.")
    checks.check_source(fund, asked_on)
    return fund


def _permits(
    session: Session,
    version: Version,
    fund: Fund,
    told: Collection[UUID],
    names_nobody: bool,
    told_at: datetime,
    now: datetime,
) -> list[tuple[UUID, Permit]]:
    """Leave to tell each thing the letter tells, then and now. No personal data goes to a funder without it
    (ADR 11). `told_at`: when the letter went out."""
    if bool(told) is names_nobody:
        remedy = "Tick each consent the letter rests on, or that it names nobody of the family."
        raise BadInput([Problem("/told", remedy)])
    if told:
        consent.take_turns(session, request_id=version.request_id)  # no yes is taken back under our eyes
    found = []
    for ask_id in sorted(told):
        asked = consents.ask(session, version.request_id, ask_id)
        if asked.recipient.kind is not RecipientKind.FUNDER:
            raise checks.FunderNotNamed("This consent is not for a funder.", field="/told")
        checks.check_names_funder(asked.recipient.name, (fund.name, fund.public_name))
        permit = consent.permit(
            session,
            recipient=asked.recipient,
            what=asked.what,
            about=asked.about,
            request=version.request_id,
            needed=signers.needed_for(version.content, asked.about, on=now.date()),
            now=now,
        )
        needed = signers.needed_for(version.content, asked.about, on=told_at.date())
        checks.check_had_leave([(one.given_at, one.standing) for one in asked.given], needed, told_at)
        found.append((ask_id, permit))
    return found


def _keep(
    session: Session,
    ask: FunderAsk,
    version: Version,
    amounts: Mapping[str, int],
    permits: Sequence[tuple[UUID, Permit]],
    now: datetime,
) -> None:
    waiting = sa.select(FunderAsk.id).where(
        FunderAsk.request_id == ask.request_id, FunderAsk.fund_id == ask.fund_id, FunderAsk.state == "open"
    )
    if session.scalar(waiting) is not None:
        raise checks.AskedAlready("This funder was asked already and has not answered: record its answer.")
    session.add(ask)
    session.flush()
    categories = {line.key: BUDGET_CATEGORY[line.category].value for line in version.content.cost_lines}
    for key, amount in sorted(amounts.items()):
        session.add(
            FunderAskLine(ask_id=ask.id, line_key=key, budget_category=categories[key], amount=amount)
        )
    for consent_ask, permit in permits:
        session.add(FunderAskConsent(ask_id=ask.id, consent_ask_id=consent_ask, until=permit.until))
        consent.record_release(session, permit=permit, by=RELEASES, now=now)
    session.flush()
