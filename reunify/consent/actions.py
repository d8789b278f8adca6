"""Ask, answer, take back, and tell under a permit. Each change is a row of its own with its audit row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.consent import policy, queries, wording
from reunify.consent.policy import Needed, Permit, Recipient, Told
from reunify.consent.queries import Ask
from reunify.consent.records import ConsentAsk, ConsentRecord, ConsentRevocation, ReleaseRecord
from reunify.consent.wording import Language
from reunify.kernel.ids import RequestId
from reunify.kernel.may import may
from reunify.kernel.people import Actor, Family, Role, written_by


@dataclass(frozen=True, slots=True)
class Paper:
    """Signed on paper: where it is kept, and who saw the signature."""

    reference: str
    witness: UUID


@may(Role.CASE_MANAGER, Role.SUPERVISOR, system=True)
def ask(
    session: Session,
    *,
    request_id: RequestId,
    recipient: Recipient,
    what: Told,
    about: str,
    by: Actor,
    now: datetime,
) -> Ask:
    """Put the question to those who must sign; the same question twice is one, with its answers."""
    take_turns(session, request_id=request_id)
    before = queries.find(session, request_id, recipient=recipient, what=what, about=about)
    if before is not None:
        return before
    record = ConsentAsk(
        request_id=request_id,
        recipient_kind=recipient.kind.value,
        recipient=recipient.name,
        what=what.value,
        about=about,
        asked_by=written_by(by),
        asked_at=now,
    )
    session.add(record)
    session.flush()
    _noted(session, record.id, "ask", by, now, what=what.value, recipient=recipient.kind.value)
    return Ask(record.id, request_id, recipient, what, about, now, ())


@may(family=True)
def agree_on_page(
    session: Session,
    *,
    ask: Ask,
    needed: Needed,
    name: str,
    months: int,
    language: Language,
    by: Family,
    now: datetime,
) -> UUID:
    """The reader of the link signs by typing a name. Raises NotAGiver, NotSigned, TooLong."""
    policy.check_giver(by.reader, needed)
    return _answer(
        session, ask, "yes", giver=by.reader, language=language, by=by, now=now,
        signed_name=policy.check_signed(name), ends_at=policy.end_of(now, months), link_id=by.id,
    )  # fmt: skip


@may(family=True)
def refuse_on_page(
    session: Session, *, ask: Ask, needed: Needed, language: Language, by: Family, now: datetime
) -> UUID:
    """The reader says no. Nothing they asked for stops; it only goes another way. Raises NotAGiver."""
    policy.check_giver(by.reader, needed)
    return _answer(session, ask, "no", giver=by.reader, language=language, by=by, now=now, link_id=by.id)


@may(Role.CASE_MANAGER, Role.SUPERVISOR, system=True)
def record_paper(
    session: Session,
    *,
    ask: Ask,
    needed: Needed,
    giver: str,
    name: str,
    months: int,
    paper: Paper,
    language: Language,
    by: Actor,
    now: datetime,
) -> UUID:
    """A signature on paper, seen by the witness. Raises NotAGiver, NotSigned, TooLong, NoWitness."""
    policy.check_giver(giver, needed)
    return _answer(
        session, ask, "yes", giver=giver, language=language, by=by, now=now,
        signed_name=policy.check_signed(name), ends_at=policy.end_of(now, months),
        paper_reference=policy.check_paper(paper.reference), witness=paper.witness,
    )  # fmt: skip


@may(Role.CASE_MANAGER, Role.SUPERVISOR, system=True, family=True)
def take_back(session: Session, *, ask: Ask, giver: str, by: Actor, now: datetime) -> None:
    """No more from now on: by the giver on the page, or told to staff.

    Raises AlreadyTakenBack, NotAGiver.
    """
    if isinstance(by, Family) and by.reader != giver:
        raise policy.NotAGiver("Only the person who agreed can take it back.")
    take_turns(session, request_id=ask.request_id)
    standing = queries.ask(session, ask.request_id, ask.id).newest.get(giver)
    if standing is None or standing.answer != "yes" or standing.revoked_at is not None:
        raise policy.AlreadyTakenBack("There is no consent to take back: it was taken back, or never given.")
    session.add(
        ConsentRevocation(
            request_id=ask.request_id,
            consent_id=standing.id,
            how="page" if isinstance(by, Family) else "told",
            taken_by=written_by(by),
            at=now,
        )
    )
    session.flush()
    _noted(session, standing.id, "take_back", by, now, what=ask.what.value)


def permit(
    session: Session,
    *,
    recipient: Recipient,
    what: Told,
    about: str,
    request: RequestId,
    needed: Needed,
    now: datetime,
    record: UUID | None = None,
    since: datetime | None = None,
    asked: Sequence[Ask] | None = None,
) -> Permit:
    """Leave to tell this, from the consents as they stand. Raises NoConsentFor: it names who must sign.

    `record`: the very words that are told. `since`: no answer counts that is older than they are. `asked`:
    the request's questions, where they were read with those of others.
    """
    asked = queries.asks(session, request) if asked is None else asked
    found = queries.among(asked, recipient=recipient, what=what, about=about)
    answers = found.newest.values() if found else ()
    given = [one.standing for one in answers if since is None or one.given_at >= since]
    return policy.permit_from(
        given, needed, request=request, recipient=recipient, what=what, about=about, now=now, record=record
    )


@may(system=True)
def record_release(session: Session, *, permit: Permit, by: Actor, now: datetime) -> None:
    """It was told: the family's page says so. The same once more adds nothing."""
    take_turns(session, request_id=permit.request)
    key = (permit.recipient, permit.what, permit.about)
    if key in {(r.recipient, r.what, r.about) for r in queries.releases(session, permit.request)}:
        return
    record = ReleaseRecord(
        request_id=permit.request,
        recipient_kind=permit.recipient.kind.value,
        recipient=permit.recipient.name,
        what=permit.what.value,
        about=permit.about,
        told_at=now,
    )
    session.add(record)
    session.flush()
    _noted(session, record.id, "tell", by, now, what=permit.what.value)


def take_turns(session: Session, *, request_id: UUID) -> None:
    """Until the transaction ends nobody answers, takes back or sends: a yes taken back is never overtaken."""
    session.execute(sa.select(queries.turn_of(sa.literal(str(request_id)))))


def _answer(
    session: Session,
    ask: Ask,
    answer: policy.Answer,
    *,
    giver: str,
    language: Language,
    by: Actor,
    now: datetime,
    signed_name: str | None = None,
    ends_at: datetime | None = None,
    link_id: UUID | None = None,
    paper_reference: str | None = None,
    witness: UUID | None = None,
) -> UUID:
    take_turns(session, request_id=ask.request_id)
    record = ConsentRecord(
        request_id=ask.request_id,
        ask_id=ask.id,
        giver=giver,
        answer=answer,
        how="page" if link_id else "paper",
        text_version=wording.VERSION,
        language=language,
        signed_name=signed_name,
        link_id=link_id,
        witness=witness,
        paper_reference=paper_reference,
        given_at=now,
        ends_at=ends_at,
    )
    session.add(record)
    session.flush()
    _noted(session, record.id, "agree" if answer == "yes" else "say_no", by, now, what=ask.what.value)
    return record.id


def _noted(session: Session, subject_id: UUID, verb: str, by: Actor, now: datetime, **detail: str) -> None:
    audit.record(session, by=by, at=now, subject="consent", subject_id=subject_id, moved=verb, detail=detail)
