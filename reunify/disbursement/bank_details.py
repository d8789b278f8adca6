"""The way to the processor's own page, where a payee types where the money goes: we never see it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.db import Database
from reunify.disbursement import queries, quiet
from reunify.disbursement.ports import BankDetailsPage
from reunify.disbursement.queries import Instruction
from reunify.disbursement.rail_policy import NO_BANK
from reunify.kernel.ids import InstructionId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor, Role
from reunify.kernel.refusals import OutOfStep
from reunify.payees import agreement
from reunify.payees import queries as payees


class NotAskedFor(OutOfStep):
    """This payment does not wait for anybody's bank details."""


class NoPageNow(OutOfStep):
    """The rail is switched off, so that there is no page to type at."""


def asks(made: Instruction) -> bool:
    """The payee is known to the processor, and no bank of theirs is yet."""
    return made.state == "ready" and made.trouble == NO_BANK


def asked_since(session: Session, made: Instruction) -> datetime:
    """Since when nothing but the bank details was wanting: it was made, or tried for the last time."""
    return max([made.created_at, *(tried.first_sent_at for tried in queries.attempts(session, made.id))])


@may(Role.CASE_MANAGER, *FINANCE, family=True)
def address(
    db: Database,
    page: BankDetailsPage | None,
    *,
    instruction_id: InstructionId,
    return_to: str,
    by: Actor,
    clock: Callable[[], datetime],
) -> str:
    """A short-lived address at the processor for this payment's payee. It is kept nowhere.

    Whoever opens it says where the money goes: the caller has checked that `by` may have it. That it was
    asked for is written down before it is made, in the transaction that reads the consent. Raises NotFound,
    NoPageNow, QuietNow, NotAskedFor, NoConsentFor, vault's Erased, ConsentMissing, RecipientRefused,
    GatewayUnavailable.
    """
    if page is None:
        raise NoPageNow("Stripe payouts are switched off: pay it another way, and write it down.")
    with db.work() as session:
        made = queries.instruction(session, instruction_id)
        payee = payees.payee(session, made.payee)
        quiet.check_may_leave(session, instruction_id=made.id, request_id=payee.request_id)
        recipient = payee.stripe_recipient
        if not asks(made) or recipient is None:
            raise NotAskedFor(
                "Stripe does not wait for this payee's bank details: look at the payment again."
            )
        permit = agreement.permit_for_stripe(session, payee, now=clock())
        audit.record(
            session,
            by=by,
            at=clock(),
            subject="instruction",
            subject_id=made.id,
            moved="open_bank_details",
        )
    return page.bank_details_link(recipient=recipient, return_to=return_to, permit=permit, payee=payee.id)
