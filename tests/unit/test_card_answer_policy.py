"""The answer to a merchant: each doubt alone is a no, and a refund relieves the last fund first."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from reunify.disbursement.cards_answer_policy import SENTENCES, Asking, Reason, Standing, decide
from reunify.disbursement.cards_policy import back_to
from reunify.kernel.money import Money
from reunify.reconciliation.cards_asked import QUESTION, read
from reunify.reconciliation.policy import NotAnEvent

AIR = "airlines_air_carriers"
ASKED = Asking("evt_1", "iauth_1", "ic_1", 600, "usd", AIR)
WELL = Standing(
    is_active=True,
    award_stands=True,
    is_quiet=False,
    merchants={AIR},
    held=Money(1_000),
    spoken_for=Money(400),
)
DOUBTS = {
    Reason.CARD_UNKNOWN: (ASKED, None),
    Reason.CARD_NOT_ACTIVE: (ASKED, replace(WELL, is_active=False)),
    Reason.AWARD_NOT_STANDING: (ASKED, replace(WELL, award_stands=False)),
    Reason.QUIET: (ASKED, replace(WELL, is_quiet=True)),
    Reason.OTHER_CURRENCY: (replace(ASKED, currency="cad"), WELL),
    Reason.NOTHING_ASKED: (replace(ASKED, cents=-1), WELL),
    Reason.OTHER_CATEGORY: (replace(ASKED, category="bus_lines"), WELL),
    Reason.MORE_THAN_HELD: (replace(ASKED, cents=601), WELL),
}


def test_what_is_held_to_the_last_cent_is_approved() -> None:
    assert decide(ASKED, WELL) is Reason.APPROVED


@pytest.mark.parametrize("reason", sorted(DOUBTS))
def test_one_doubt_alone_declines(reason: Reason) -> None:
    assert decide(*DOUBTS[reason]) is reason


def test_every_reason_is_told_in_a_plain_sentence() -> None:
    assert SENTENCES.keys() == set(Reason)
    assert all(sentence.endswith(".") for sentence in SENTENCES.values())


def question(**other: Any) -> bytes:
    about = {
        "id": "iauth_1",
        "card": {"id": other.get("card", "ic_1")},
        "merchant_data": {"category": AIR},
        "pending_request": other.get("pending", {"amount": 600, "currency": "usd"}),
    }
    kind = other.get("type", QUESTION)
    event = {"id": "evt_1", "object": "event", "type": kind, "livemode": False, "data": {"object": about}}
    return json.dumps(event).encode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"pending": {"amount": "1", "currency": "usd"}},
        {"pending": {"amount": True, "currency": "usd"}},
        {"pending": None},
        {"card": 7},
        {"type": "issuing_authorization.created"},
    ],
    ids=["amount is text", "amount is a truth", "nothing is pending", "no card", "no question"],
)
def test_only_what_is_plainly_a_question_is_read(wrong: dict[str, Any]) -> None:
    assert read(question(), live=False) == ASKED
    with pytest.raises(NotAnEvent):
        read(question(**wrong), live=False)


FIRST, LAST = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("cents", "back"),
    [(300, {LAST: 300}), (500, {LAST: 500}), (501, {LAST: 500, FIRST: 1}), (1_201, None)],
)
def test_a_refund_relieves_the_last_fund_of_the_plan_first(cents: int, back: dict[UUID, int] | None) -> None:
    assert back_to(cents, {FIRST: 700, LAST: 500}) == back
