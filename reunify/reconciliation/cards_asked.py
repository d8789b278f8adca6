"""The question Stripe waits two seconds for: is it signed, what does it ask, and what is our answer?"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.exc import DBAPIError

from reunify.db import Database
from reunify.disbursement import cards_answers
from reunify.disbursement.cards_answer_policy import Asking, Reason
from reunify.kernel.may import may
from reunify.kernel.people import Actor
from reunify.reconciliation import policy
from reunify.reconciliation.policy import NotAnEvent

Clock = Callable[[], datetime]
QUESTION = "issuing_authorization.request"
_IDS = {"iauth": re.compile(r"iauth_[A-Za-z0-9_]{1,64}"), "ic": re.compile(r"ic_[A-Za-z0-9_]{1,64}")}


@may(system=True)
def answer(
    db: Database,
    *,
    raw: bytes,
    signature: str,
    secrets: Sequence[str],
    live: bool,
    by: Actor,
    clock: Clock,
) -> bool:
    """True to approve. Whatever is not plainly a yes of our own books is a no, and the reason is kept.

    `raw`: the body exactly as it came. Raises NotStripe when it is not signed by one of `secrets`: then
    nothing is kept, and Stripe declines (its default is set to *decline*).
    """
    asked_at = clock()
    policy.check_signature(raw, signature, secrets, asked_at)
    try:
        asked = read(raw, live=live)
    except NotAnEvent:
        with db.work() as session:
            return cards_answers.keep(
                session,
                event_id=f"unread:{hashlib.sha256(raw).hexdigest()}",
                asked=None,
                reason=Reason.UNREADABLE,
                asked_at=asked_at,
                now=clock(),
            )
    try:
        with db.work() as session:
            return cards_answers.answer(session, asked=asked, asked_at=asked_at, by=by, clock=clock)
    except DBAPIError:  # the card stayed locked, or the books could not be read, for too long
        with db.work() as session:
            return cards_answers.keep(
                session,
                event_id=asked.event,
                asked=asked,
                reason=Reason.TOO_SLOW,
                asked_at=asked_at,
                now=clock(),
            )


def read(raw: bytes, *, live: bool) -> Asking:
    """What is asked, of the signed bytes. Pure. Raises NotAnEvent.

    The sum asked for stands in `pending_request`; the object's own `amount` is what was approved before.
    """
    notice = policy.read(raw, live=live)
    if notice.type != QUESTION:
        raise NotAnEvent(f"Only {QUESTION} is answered here.")
    about = json.loads(raw)["data"]["object"]
    wanted, card = _within(about, "pending_request"), about.get("card")
    card_id = card if isinstance(card, str) else _within(about, "card").get("id")
    cents, currency = wanted.get("amount"), wanted.get("currency")
    category = _within(about, "merchant_data").get("category")
    if not _is(notice.object_id, "iauth") or not _is(card_id, "ic"):
        raise NotAnEvent("The question names no authorisation or no card.")
    if type(cents) is not int or not isinstance(currency, str) or not isinstance(category, str):
        raise NotAnEvent("The question names no amount, currency or category.")
    if not -(10**12) < cents < 10**12:
        raise NotAnEvent("The amount is larger than any card pays.")
    return Asking(notice.id, str(notice.object_id), str(card_id), cents, currency, category)


def _is(id_: object, kind: str) -> bool:
    return isinstance(id_, str) and _IDS[kind].fullmatch(id_) is not None


def _within(said: dict[str, Any], name: str) -> dict[str, Any]:
    inner = said.get(name)
    return inner if isinstance(inner, dict) else {}
