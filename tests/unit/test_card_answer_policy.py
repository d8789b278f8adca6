"""The answer to a merchant: each doubt alone is a no, and a refund relieves the last fund first."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from reunify.disbursement.cards_answer_policy import Asking, Reason, Standing, decide
from reunify.disbursement.cards_policy import back_to
from reunify.kernel.money import Money

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


FIRST, LAST = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("cents", "back"),
    [(300, {LAST: 300}), (500, {LAST: 500}), (501, {LAST: 500, FIRST: 1}), (1_201, None)],
)
def test_a_refund_relieves_the_last_fund_of_the_plan_first(cents: int, back: dict[UUID, int] | None) -> None:
    assert back_to(cents, {FIRST: 700, LAST: 500}) == back
