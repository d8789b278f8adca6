"""The family's way to Stripe's own page, where they type where their money goes; and back from it.

The browser is sent on by a page and not by a redirect: a form may only lead to our own addresses (CSP).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.bootstrap import House
from reunify.consent.policy import NoConsentFor
from reunify.disbursement import bank_details
from reunify.disbursement.bank_details import NoPageNow, NotAskedFor
from reunify.disbursement.ports import ConsentMissing
from reunify.intake import signers
from reunify.kernel.ids import InstructionId, RequestId
from reunify.kernel.money import Money
from reunify.kernel.people import Family
from reunify.kernel.refusals import NotFound, Refused, Retryable
from reunify.payees.queries import by_id
from reunify.reporting import progress as reporting
from reunify.reporting.progress import Progress
from reunify.web import payee_bank
from reunify.web.audience import AtFamily, AtHouse, OpenLinkFirst, anyone, family
from reunify.web.errors import status_of
from reunify.web.pages import family_plan as plan
from reunify.web.pages.family_plan import Seen
from reunify.web.pages.family_shell import family_page, language_of_page, say_without_plan
from reunify.web.pages.view import organisation_now
from reunify.web.payee_bank import PAGE

router = APIRouter(include_in_schema=False)
_WRONG: tuple[tuple[type[Exception], str], ...] = (
    (NoConsentFor, "bank_no_consent"),
    (ConsentMissing, "bank_no_consent"),
    (NoPageNow, "bank_off"),
    (NotAskedFor, "bank_moved_on"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One payment that waits for bank details the reader may give."""

    id: UUID
    amount: str
    name: str = field(repr=False)


def asked(session: Session, now: Progress, seen: Seen) -> list[Asked]:
    """Those of the reader's household that Stripe cannot send yet; never another adult traveler's."""
    if plan.state_of(now) != "approved":
        return []
    waiting = [made for made in now.instructions if bank_details.asks(made)]
    payees = by_id(session, {made.payee for made in waiting})
    return [
        Asked(made.id, str(Money(made.amount)), payees[made.payee].legal_name)
        for made in waiting
        if payees[made.payee].kind == "person"
        and seen.reader in signers.bank_givers(seen.content, payees[made.payee].key)
    ]


@router.post(PAGE)
def onward(
    request: Request,
    opened: AtFamily,
    at: AtHouse,
    payment: Annotated[UUID, Form()],
    lang: Annotated[str | None, Form()] = None,
) -> Response:
    """To Stripe's page, by an address that is shown once and kept nowhere."""
    who, request_id = opened
    with at.db.read() as session:
        seen = _seen(session, request_id, who)
        now = reporting.of(session, request_id=request_id)
        if all(made.id != payment for made in now.instructions):
            raise NotFound("There is no such payment.")
        if all(one.id != payment for one in asked(session, now, seen)):
            if any(made.id == payment and bank_details.asks(made) for made in now.instructions):
                raise NotFound("There is no such payment.")  # somebody else's, in the same words
            return _back(request, at, opened, lang, wrong=NotAskedFor(""))
        org = organisation_now(session, at)
        language = language_of_page(request, lang, seen.language)
    try:
        address = bank_details.address(
            at.db,
            at.bank_page,
            instruction_id=InstructionId(payment),
            return_to=payee_bank.return_address(at),
            by=who,
            clock=at.now,
        )
    except (Refused, Retryable) as wrong:
        return _back(request, at, opened, lang, wrong=wrong)
    return family_page(request, "family/bank_going.html", language, org, address=address)


@router.get(PAGE, dependencies=[Depends(anyone)])
def back(request: Request, at: AtHouse, lang: str | None = None) -> Response:
    """Back from Stripe, done or not. Whoever has no page of ours open, a vendor too, is only thanked."""
    try:
        opened = family(request)
    except OpenLinkFirst:
        return say_without_plan(
            request, at, lang, "family/bank_back.html", status=200, wrong=None, bank_asked=[], inside=False
        )
    return _back(request, at, opened, lang)


def _back(
    request: Request,
    at: House,
    opened: tuple[Family, RequestId],
    lang: str | None,
    *,
    wrong: Exception | None = None,
) -> Response:
    who, request_id = opened
    with at.db.work() as session:
        seen = _seen(session, request_id, who)
        now = reporting.of(session, request_id=request_id)
        org = organisation_now(session, at)
        waiting = asked(session, now, seen)
        audit.record(session, by=who, at=at.now(), subject="request", subject_id=request_id, moved="read")
    said = None
    if wrong is not None:
        said = next((word for kind, word in _WRONG if isinstance(wrong, kind)), "bank_later")
    return family_page(
        request,
        "family/bank_back.html",
        language_of_page(request, lang, seen.language),
        org,
        status=200 if wrong is None else status_of(wrong)[0],
        wrong=said,
        bank_asked=waiting if said in (None, "bank_later") else [],
        inside=True,
    )


def _seen(session: Session, request_id: RequestId, who: Family) -> Seen:
    seen = plan.seen_by(session, request_id, who.reader)
    if seen is None:
        raise OpenLinkFirst("Please open your private link again and type the PIN we told you.")
    return seen
