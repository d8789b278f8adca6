"""Tell people: an emergency award's ladder, last moments of bookings, news for families; then send it.

A lane of its own: neither a slow gateway nor a long letter may hold up the other.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from flows.work import Every, Work
from reunify.bookings.queries import Alarm, alarms
from reunify.bootstrap import House
from reunify.db import Database
from reunify.kernel.ids import AwardId
from reunify.kernel.people import System
from reunify.kernel.refusals import Refused
from reunify.notices import escalations, families, sending
from reunify.notices.policy import Kind
from reunify.notices.ports import MessageGateway, NotTried, Unclear
from reunify.notices.sending import ToLookUp, ToSend
from reunify.rates.queries import organisation_now
from reunify.reporting import telling
from reunify.reporting.telling import News

BY: Final = System("notices")
LOOK_EVERY: Final = timedelta(seconds=30)
ASK_AGAIN: Final = timedelta(seconds=5)
_AT_ONCE: Final = 20


def works(house: House) -> list[Work]:
    at_bookings, at_families, out = CancelBy(house), Families(house), Sending(house)
    return [
        Work(
            "escalate",
            partial(to_escalate, house),
            partial(escalate, house),
            acts_as=BY,
            verbs=(escalations.look,),
        ),
        Work(
            "watch_bookings", at_bookings.find, at_bookings.run, acts_as=BY, verbs=(families.tell_cancel_by,)
        ),
        Work("tell_families", at_families.find, at_families.run, acts_as=BY, verbs=(families.tell,)),
        Work(
            "send_notices",
            out.find,
            out.run,
            acts_as=BY,
            verbs=(sending.claim, sending.note, sending.note_arrival, sending.cannot_send),
        ),
    ]


def to_escalate(house: House, db: Database, limit: int) -> list[UUID]:
    with db.read() as session:
        found: list[UUID] = telling.awards_to_look_at(session, now=house.now())
    return found[:limit]


def escalate(house: House, ids: list[UUID], run: str | None) -> int:
    moved = 0
    for award_id in ids:
        with house.db.work(wake=True) as session:
            moved += escalations.look(session, award_id=AwardId(award_id), by=BY, now=house.now())
    return moved


class CancelBy:
    """Twice a minute for each worker; what was found is looked up again by the transaction that acts."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._pace = Every(LOOK_EVERY)
        self._found: dict[UUID, Alarm] = {}

    def find(self, db: Database, limit: int) -> list[UUID]:
        now = self._house.now()
        if not self._pace.begin(now):
            return []
        with db.read() as session:
            due = telling.alarms_to_tell(session, alarms(session, now=now))
        self._found = {alarm.booking_id: alarm for alarm in due[:limit]}
        return list(self._found)

    def run(self, ids: list[UUID], run: str | None) -> int:
        moved, now = 0, self._house.now()
        for booking_id in ids:
            alarm = self._found.get(booking_id)
            if alarm is None:
                continue
            with self._house.db.work(wake=True) as session:
                zone = organisation_now(session, now=now).zone
                moved += families.tell_cancel_by(session, alarm=alarm, zone=zone, by=BY, now=now)
        return moved


class Families:
    """Only where texts can be sent at all: without a gateway staff tell families as they always did."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._found: dict[UUID, list[News]] = {}

    def find(self, db: Database, limit: int) -> list[UUID]:
        if self._house.messages is None:
            return []
        self._found = {}
        with db.read() as session:
            for one in telling.news(session, now=self._house.now(), limit=limit):
                if one.kind is Kind.BANK_DETAILS and self._house.bank_page is None:
                    continue  # there is no page at Stripe to send them to
                self._found.setdefault(one.request_id, []).append(one)
        return list(self._found)

    def run(self, ids: list[UUID], run: str | None) -> int:
        moved = 0
        for one in (news for request_id in ids for news in self._found.get(request_id, [])):
            with self._house.db.work(wake=True) as session:
                moved += families.tell(
                    session,
                    request_id=one.request_id,
                    move=one.move,
                    kind=one.kind,
                    changed=one.changed,
                    payee=one.payee,
                    by=BY,
                    now=self._house.now(),
                )
        return moved


class Sending:
    """A gateway that does not answer is left alone for five seconds, and what waits keeps its place."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._silent_until: datetime | None = None

    def find(self, db: Database, limit: int) -> list[UUID]:
        now = self._house.now()
        if self._silent_until is not None and now < self._silent_until:
            return []
        with db.read() as session:
            found: list[UUID] = sending.due(session, now=now, limit=min(limit, _AT_ONCE))
        return found

    def run(self, ids: list[UUID], run: str | None) -> int:
        """Returns how many moved on. The calls themselves are outside any transaction."""
        gateway = self._house.messages
        moved = 0
        for one in ids:
            moved += _off(self._house, one) if gateway is None else self._one(gateway, one)
            if self._silent_until is not None:
                break
        return moved

    def _one(self, gateway: MessageGateway, notice_id: UUID) -> int:
        house, self._silent_until = self._house, None
        try:
            with house.db.work() as session:
                step = sending.claim(
                    session, notice_id=notice_id, own_url=house.settings.own_url, by=BY, now=house.now()
                )
        except Refused:  # the organisation is not set up: nobody is told anything yet
            return 0
        match step:
            case ToSend(message=message, key=key):
                outcome = gateway.send(message, key=key)
                if isinstance(outcome, Unclear | NotTried):
                    self._silent_until = house.now() + ASK_AGAIN
                with house.db.work() as session:
                    sending.note(session, notice_id=notice_id, outcome=outcome, by=BY, now=house.now())
                return 1
            case ToLookUp(gateway_id=gateway_id):
                outcome = gateway.look_up(gateway_id)
                with house.db.work() as session:
                    return int(
                        sending.note_arrival(
                            session, notice_id=notice_id, outcome=outcome, by=BY, now=house.now()
                        )
                    )
            case None:
                return 0


def _off(house: House, notice_id: UUID) -> int:
    with house.db.work() as session:
        return int(sending.cannot_send(session, notice_id=notice_id, by=BY, now=house.now()))
