"""A house that tells people over a wire: the sandbox's phones on the other side, time in the test's hands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr

from flows import send_notices
from flows.work import Work
from reunify.adapters.docx_renderer import DocxRenderer
from reunify.adapters.pdf_converter import DxpdfConverter
from reunify.adapters.sms_http import HttpMessages
from reunify.bootstrap import ROOT, House
from reunify.db import Database
from reunify.identity.queries import staff_id
from reunify.kernel.ids import StaffId
from reunify.notices import outbox
from reunify.notices.policy import Channel, Kind
from reunify.notices.records import NoticeRecord
from reunify.sandbox.phones.book import Book
from reunify.sandbox.phones.serving import running
from reunify.settings import Settings
from tests.apps import closed
from tests.town import NOW, Clock, Town, built

KEY = "sms_test_key"
NUMBERS = {"ana": "+17035550131", "ben": "+17035550132", "carla": "+17035550133", "sam": "+17035550135"}


@dataclass
class Office:
    """One worker's notices lane over a database of its own."""

    house: House
    clock: Clock
    book: Book
    works: dict[str, Work]

    def later(self, **more: float) -> None:
        self.clock.at += timedelta(**more)

    def send(self) -> int:
        """One look of the worker at what is to be sent."""
        work = self.works["send_notices"]
        ids = work.find(self.house.db, 100)
        return work.run(ids, None) if ids else 0

    def plan(self, move: str, who: str = "ben") -> None:
        """An urgent text to one of us, about no family at all."""
        with self.house.db.work() as session:
            outbox.plan(
                session,
                move=move,
                kind=Kind.AWARD_WAITS,
                channel=Channel.TEXT,
                staff_id=StaffId(staff_id(session, who)),
                by=send_notices.BY,
                now=self.clock(),
            )

    def notices(self) -> list[NoticeRecord]:
        """As kept, in the order they were planned."""
        with self.house.db.read() as session:
            n = NoticeRecord
            found = list(session.scalars(sa.select(n).order_by(n.planned_at, n.move, n.person, n.channel)))
            for one in found:
                assert (one.number is None) == (one.body is None)  # opened here, where their keys are
            session.expunge_all()
        return found

    def states(self) -> list[str]:
        return [one.state for one in self.notices()]


@contextmanager
def office(db: Database, data: Path) -> Iterator[Office]:
    """For a database that has the demo's people."""
    clock = Clock()
    with running(key=KEY) as phones:
        gateway = HttpMessages(url=phones.url, key=KEY, read_seconds=2)
        house = House(
            settings=Settings(data=data, sandbox=True, sms_url=phones.url, sms_key=SecretStr(KEY)),
            db=db,
            renderer=DocxRenderer(ROOT / "document_templates"),
            converter=DxpdfConverter(),
            gateway=None,
            statement=None,
            case_types=(),
            webhook_secrets=(),
            now=clock,
            messages=gateway,
        )
        yield Office(house, clock, phones.book, {w.name: w for w in send_notices.works(house)})
        gateway.close()


@contextmanager
def town_with_phones(db: Database, data: Path) -> Iterator[tuple[Town, Book]]:
    """The whole house in one process, and everybody's phone."""
    with running(key=KEY) as phones, built(db, data) as town:
        gateway = HttpMessages(url=phones.url, key=KEY, read_seconds=2)
        town.house = replace(town.house, messages=gateway)
        yield town, phones.book
        closed(town.house)
        gateway.close()


def make_urgent(town: Town, request_id: str) -> None:
    """The request takes the lane of an emergency, as if it had been entered there."""
    with town.house.db.work() as session:
        session.execute(
            sa.text("UPDATE requests SET lane = 'emergency' WHERE id = :id"), {"id": UUID(request_id)}
        )


def at(words: str) -> datetime:
    """`02:10` of the night after the demo's first day, in Alexandria, as UTC."""
    hours, minutes = (int(part) for part in words.split(":"))
    return NOW.replace(hour=5, minute=0) + timedelta(days=1, hours=hours, minutes=minutes)
