"""Hand a family over to somebody else's source, and write down what became of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.audit.actions import record
from reunify.consent import actions as consent
from reunify.consent import queries as consents
from reunify.consent.policy import NoConsentFor, Permit
from reunify.eligibility import hand_off_policy as policy
from reunify.eligibility import hand_off_queries as queries
from reunify.eligibility.actions import decide_requirement
from reunify.eligibility.explained import SourceView
from reunify.eligibility.hand_off_policy import HAND_OFF_MOVES, HandOffId
from reunify.eligibility.hand_off_records import HandOff, HandOffConsent
from reunify.eligibility.queries import explanation
from reunify.intake import outcomes, signers
from reunify.intake import queries as intake
from reunify.intake.form import TravelerRole
from reunify.intake.queries import Version
from reunify.kernel.ids import RequestId, new_id
from reunify.kernel.may import may
from reunify.kernel.moves import START, Moved
from reunify.kernel.people import Role, Staff, System
from reunify.kernel.refusals import NotFound
from reunify.rates.queries import today
from reunify.rules.model import Rulebooks

RELEASES = System("hand-off")


@may(Role.CASE_MANAGER)
def hand_over(
    session: Session, *, request_id: RequestId, source: str, told: str, by: Staff, now: datetime
) -> HandOffId:
    """Under the consents of this family that name the source and stand now; the card says when to ask again.

    Raises NotHandedOver, SayMore, HandedOverAlready, NobodyNamed, NoConsentFor, QuietNow.
    """
    said = policy.check_text(told, field="/told")
    intake.lock_request(session, request_id)
    outcomes.check_not_quiet(session, request_id)
    view = policy.check_source(queries.source_of(session, request_id, source))
    if queries.is_open(session, request_id, source):
        raise policy.HandedOverAlready("Handed over already. Write down what became of that first.")
    version = intake.newest_version(session, request_id)
    permits = _permits(session, version, view, now)
    row = _row(version, view, said, by, now)
    row.handed_on = today(session, now=now)
    row.follow_up_on = policy.follow_up_on(
        view.hand_off.follow_up_days if view.hand_off else 0, row.handed_on
    )
    session.add(row)
    session.flush()
    for ask_id, permit in permits:
        session.add(HandOffConsent(hand_off_id=row.id, consent_ask_id=ask_id, until=permit.until))
        consent.record_release(session, permit=permit, by=RELEASES, now=now)
    _audit(session, row, Moved("hand_over", "", row.state), by, now)
    return HandOffId(row.id)


@may(Role.CASE_MANAGER)
def write_outcome(
    session: Session,
    *,
    hand_off_id: HandOffId,
    outcome: str,
    reason: str,
    rulebooks: Rulebooks,
    by: Staff,
    now: datetime,
) -> list[str]:
    """`helped`, `did_not` or `no_answer`; the follow-up is done. Where it did not help, the recorded attempt
    meets the last-resort question that waited for it; gives the requirements that were met so, and the caller
    has the request checked again. Raises NotFound, NoSuchOutcome, SayMore, WrongState.
    """
    became, said = policy.outcome_of(outcome), policy.check_text(reason, field="/reason")
    row = session.get(HandOff, hand_off_id, with_for_update=True)
    if row is None:
        raise NotFound("There is no such hand-off.")
    moved = HAND_OFF_MOVES.apply(row, became.value)
    row.reason, row.ended_by, row.ended_at = said, by.id, now
    session.flush()
    _audit(session, row, moved, by, now)
    if became is policy.BecameOfIt.HELPED:
        return []
    return _meet_last_resort(session, row, rulebooks, by, now)


def _meet_last_resort(
    session: Session, row: HandOff, rulebooks: Rulebooks, by: Staff, now: datetime
) -> list[str]:
    request_id = RequestId(row.request_id)
    waiting = [
        r.id
        for source in explanation(session, request_id).sources
        if source.held
        for r in source.requirements
        if policy.meets(row.source, r)
    ]
    words = {"did_not_help": "did not help", "no_answer": "gave no answer"}[row.state]
    why = f"Handed over on {row.handed_on.isoformat()}, and it {words}: {row.reason}"
    for requirement in waiting:
        decide_requirement(
            session,
            request_id=request_id,
            requirement=requirement,
            decision="met",
            reason=why,
            rulebooks=rulebooks,
            by=by,
            now=now,
        )
    return waiting


def _permits(
    session: Session, version: Version, view: SourceView, now: datetime
) -> list[tuple[UUID, Permit]]:
    """Every consent that names this recipient and stands, each whole: a minor's and a parent's both."""
    consent.take_turns(session, request_id=version.request_id)  # no yes is taken back under our eyes
    names = policy.names_of(view.source, view.name, view.public_name)
    found: list[tuple[UUID, Permit]] = []
    refused: NoConsentFor | None = None
    for asked in consents.asks(session, version.request_id):
        if not policy.names_recipient(asked.recipient.kind, asked.recipient.name, names):
            continue
        needed = signers.needed_for(version.content, asked.about, on=now.date())
        try:
            permit = consent.permit(
                session,
                recipient=asked.recipient,
                what=asked.what,
                about=asked.about,
                request=version.request_id,
                needed=needed,
                now=now,
            )
        except NoConsentFor as lacking:
            refused = lacking
            continue
        found.append((asked.id, permit))
    if not found and refused is not None:
        raise refused
    children = [t.key for t in version.content.travelers if t.role is TravelerRole.CHILD]
    policy.check_named([permit.about for _, permit in found], children, view.name)
    return found


def _row(version: Version, view: SourceView, told: str, by: Staff, now: datetime) -> HandOff:
    card = view.hand_off
    return HandOff(
        id=new_id(),
        request_id=version.request_id,
        number=version.number,
        source=view.source,
        rule_sha256=view.rule_sha256,
        state=HAND_OFF_MOVES.check(START, "hand_over").target,
        told=told,
        phone=card.phone if card else None,
        form=card.form if card else None,
        deadline=card.deadline if card else "",
        handed_by=by.id,
        handed_at=now,
    )


def _audit(session: Session, row: HandOff, moved: Moved, by: Staff, now: datetime) -> None:
    detail = {"source": row.source}
    record(session, by=by, at=now, subject="hand_off", subject_id=row.id, moved=moved, detail=detail)
