"""Every kind of work, in river order. A new flow is a module with `work(house) -> Work`, and a line here.

Three lanes, each a process: a letter takes a third of a second, a gateway may be silent for eight, and no
family's answer waits for either.
"""

from __future__ import annotations

from enum import StrEnum

from flows import (
    ageing,
    amendments,
    asks,
    assess,
    bookings,
    cards,
    disburse,
    envelopes,
    housekeeping,
    issue_documents,
    payment_papers,
    reconcile,
    replay_rules,
    reservations,
    scan_evidence,
    send_notices,
    tranches,
)
from flows.work import Work
from reunify.bootstrap import House


class Lane(StrEnum):
    DECIDE_AND_PAY = "decide-and-pay"
    TELL_PEOPLE = "tell-people"
    WRITE_LETTERS = "write-letters"


def works(house: House, lane: Lane | None = None) -> list[Work]:
    """What the worker looks for, upstream first; everything when no lane is named."""
    decide_and_pay = [
        amendments.work(house),
        assess.work(house),
        tranches.work(house),
        *bookings.works(house),
        *disburse.works(house),
        ageing.work(house),
        *reconcile.works(house),
        *cards.works(house),
        asks.work(house),
        reservations.work(house),
        *envelopes.works(house),
        *housekeeping.works(house),
    ]
    write_letters = [
        issue_documents.work(house),
        *payment_papers.works(house),
        scan_evidence.work(house),
        replay_rules.work(house),
    ]
    tell_people = send_notices.works(house)
    match lane:
        case Lane.DECIDE_AND_PAY:
            return decide_and_pay
        case Lane.TELL_PEOPLE:
            return tell_people
        case Lane.WRITE_LETTERS:
            return write_letters
        case None:
            return decide_and_pay + tell_people + write_letters
