"""Register the payees of a request; remember who they are at Stripe."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.consent.policy import STRIPE, Permit, Told
from reunify.intake.form import PayeeSaid, TravelRequest
from reunify.kernel.ids import PayeeId, RequestId, new_id
from reunify.kernel.may import may
from reunify.kernel.people import Actor
from reunify.kernel.refusals import NotFound, Refused
from reunify.payees import agreement, queries
from reunify.payees.queries import Payee
from reunify.payees.records import PayeeRecord


class AlreadyAtStripe(Refused):
    """This version of the payee already has another recipient account."""


class NoConsent(Refused):
    """The permit does not say that Stripe may be told of this payee."""


@may(system=True)
def register(
    session: Session, *, request_id: RequestId, content: TravelRequest, by: Actor, now: datetime
) -> dict[str, PayeeId]:
    """Payee key -> id. An unchanged payee keeps its id; any change is a new version with a new id.

    What was approved stays bound to the version it named: a new version needs a new approval.
    """
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(str(request_id), 0))))
    known = queries.newest(session, request_id)
    for said in content.payees:
        before = known.get(said.key)
        agreement.follow(
            session,
            request_id=request_id,
            content=content,
            said=said,
            before=before,
            by=by,
            now=now,
        )
    result: dict[str, PayeeId] = {}
    for said in content.payees:
        before = known.get(said.key)
        if before is not None and _same(before, said):
            result[said.key] = before.id
            continue
        record = PayeeRecord(
            id=new_id(),
            request_id=request_id,
            key=said.key,
            version=before.version + 1 if before else 1,
            kind=said.kind,
            legal_name=said.name,
            email=said.email,
            country=said.country,
            stripe_consent=said.stripe_consent,
            registered_at=now,
        )
        session.add(record)
        detail = {"version": record.version}
        audit.record(
            session, by=by, at=now, subject="payee", subject_id=record.id, moved="register", detail=detail
        )
        result[said.key] = PayeeId(record.id)
    session.flush()  # all payees in one statement, all audit rows in another
    return result


@may(system=True)
def record_recipient(
    session: Session, *, payee_id: PayeeId, recipient: str, permit: Permit, by: Actor, now: datetime
) -> None:
    """Keep the Stripe account id of this payee, made under the permit. Saying it twice is harmless.

    Raises NotFound, NoConsent, AlreadyAtStripe.
    """
    record = session.get(PayeeRecord, payee_id, with_for_update=True)
    if record is None:
        raise NotFound("There is no such payee.")
    if not permit.covers(STRIPE, Told.PAYMENT_DETAILS, record=record.id, request=record.request_id):
        raise NoConsent("This payee has not agreed to be paid through Stripe: pay and log it another way.")
    if record.stripe_recipient == recipient:
        return
    if record.stripe_recipient is not None:
        raise AlreadyAtStripe("This payee already has a Stripe recipient: look at both before paying.")
    record.stripe_recipient = recipient
    audit.record(
        session,
        by=by,
        at=now,
        subject="payee",
        subject_id=record.id,
        moved="record_recipient",
        detail={"recipient": recipient},
    )


def _same(before: Payee, said: PayeeSaid) -> bool:
    return (before.kind, before.legal_name, before.email, before.country, before.stripe_consent) == (
        said.kind,
        said.name,
        said.email,
        said.country,
        said.stripe_consent,
    )
