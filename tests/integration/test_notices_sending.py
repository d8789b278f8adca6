"""From the outbox to a phone over HTTP: frozen, committed, called, written down; lost answers told once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from flows.send_notices import BY
from reunify.adapters.embedded_postgres import Urls
from reunify.adapters.sms_http import HttpMessages
from reunify.db import Database
from reunify.notices import policy, sending
from reunify.notices.policy import Channel
from reunify.notices.ports import Accepted, Message, NotTried, Refused, Unclear
from reunify.notices.records import NoticeRecord
from tests.integration.notices_world import KEY, NUMBERS, Office, office
from tests.lasting import lasting_database


@pytest.fixture(scope="module")
def settled(server: Urls, administrator: sa.Engine, settled_template: str) -> Iterator[Database]:
    with lasting_database(server, administrator, settled_template) as found:
        yield found


@pytest.fixture
def here(settled: Database, tmp_path: Path) -> Iterator[Office]:
    """With an outbox that is empty: what another test planned is gone."""
    with settled.work() as session:
        session.execute(sa.delete(NoticeRecord))
    with office(settled, tmp_path) as found:
        yield found


def test_a_text_is_sent_and_its_arrival_is_asked_for(here: Office) -> None:
    here.plan("a")
    here.send()
    assert here.states() == ["sent"]
    (text,) = here.book.messages
    assert text.to == NUMBERS["ben"]
    assert text.body.startswith("Reunify: an urgent decision waits for you.")
    here.later(seconds=21)
    here.send()
    assert here.states() == ["delivered"]


def test_planned_twice_it_is_told_once(here: Office) -> None:
    here.plan("a")
    here.plan("a")
    here.plan("a", "carla")
    here.send()
    assert sorted(m.to for m in here.book.messages) == sorted([NUMBERS["ben"], NUMBERS["carla"]])


def test_an_answer_lost_on_the_way_is_asked_for_again_under_the_same_key_and_rings_once(here: Office) -> None:
    here.plan("a")
    here.book.faults["lose_answer"] = 2
    for _ in range(4):
        here.send()
        here.later(seconds=30)
    assert here.book.asked >= 3
    assert len(here.book.messages) == 1
    assert here.states() == ["delivered"]


def test_words_frozen_by_the_first_try_are_the_words_of_every_later_one(here: Office) -> None:
    """The gateway would refuse the same key with other words."""
    here.plan("a")
    here.book.faults["busy"] = 1
    here.send()
    first = here.notices()[0]
    here.later(seconds=30)
    here.send()
    (text,) = here.book.messages
    assert text.body == first.body
    assert text.key == f"reunify:notice:{first.id}"


def test_what_stays_unclear_is_given_up_and_becomes_somebodys_work(here: Office) -> None:
    here.plan("a")
    here.book.faults["busy"] = 100
    for _ in range(policy.TRIES + 2):
        here.send()
        here.later(minutes=2)
    (found,) = here.notices()
    assert (found.state, found.code, found.tries) == ("undelivered", "busy", policy.TRIES)


def test_a_number_the_gateway_refuses_is_known_at_once(here: Office) -> None:
    here.book.no_such.add(NUMBERS["ben"])
    here.plan("a")
    here.send()
    (found,) = here.notices()
    assert (found.state, found.code) == ("undelivered", "no_such_number")


def test_a_phone_that_never_received_it_is_known_after_a_while(here: Office) -> None:
    here.book.off.add(NUMBERS["ben"])
    here.plan("a")
    here.send()
    here.later(seconds=21)
    here.send()
    (found,) = here.notices()
    assert (found.state, found.code) == ("undelivered", "not_delivered")


def test_too_late_to_be_useful_it_is_not_sent_and_a_person_is_asked(here: Office) -> None:
    here.plan("a")
    here.later(hours=1)
    here.send()
    assert here.book.messages == []
    (found,) = here.notices()
    assert (found.state, found.code) == ("undelivered", "too_late")


def test_who_has_left_is_told_nothing_more(here: Office) -> None:
    here.plan("a")
    here.plan("b")
    here.book.faults["lose_answer"] = 1
    here.send()  # one is on its way, and nobody knows whether it arrived
    said = sa.text("UPDATE staff SET active = :so WHERE username = 'ben'")
    with here.house.db.work() as session:
        session.execute(said, {"so": False})
    here.later(seconds=30)
    here.send()
    here.send()
    with here.house.db.work() as session:
        session.execute(said, {"so": True})
    assert here.states() == ["stopped", "stopped"]
    assert len(here.book.messages) <= 1


def test_two_workers_at_one_message_make_one_call(here: Office) -> None:
    here.plan("a")
    (found,) = here.notices()
    start, claimed = Barrier(2), []

    def claim() -> None:
        start.wait()
        with here.house.db.work() as session:
            step = sending.claim(session, notice_id=found.id, own_url="http://x", by=BY, now=here.clock())
        claimed.append(step)

    threads = [Thread(target=claim) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sum(step is not None for step in claimed) == 1


def test_a_worker_that_died_between_the_call_and_the_note_is_followed_under_the_same_key(
    here: Office,
) -> None:
    here.plan("a")
    (found,) = here.notices()
    with here.house.db.work() as session:
        step = sending.claim(session, notice_id=found.id, own_url="http://x", by=BY, now=here.clock())
    assert isinstance(step, sending.ToSend)
    assert here.house.messages is not None
    here.house.messages.send(step.message, key=step.key)
    here.later(seconds=policy.SPOKEN_FOR.total_seconds() - 1)
    assert here.send() == 0
    here.later(seconds=2)
    here.send()
    assert here.states() == ["sent"]
    assert len(here.book.messages) == 1


def test_number_words_and_link_are_kept_where_no_reader_of_the_table_finds_them(here: Office) -> None:
    here.plan("a")
    here.send()
    (text,) = here.book.messages
    token = text.body.rpartition("/")[2]
    with here.house.db.read() as session:
        (row,) = session.execute(sa.text("SELECT n::text AS kept FROM notices n")).all()
    assert token not in row.kept
    assert "5550132" not in row.kept
    assert "urgent" not in row.kept


def test_the_table_refuses_to_call_a_number_it_has_not_frozen(here: Office) -> None:
    here.plan("a")
    with pytest.raises(IntegrityError, match="sending_is_frozen"), here.house.db.work() as session:
        session.execute(sa.update(NoticeRecord).values(state="sending"))


# The adapter ------------------------------------------------------------------------------------------
MESSAGE = Message(NUMBERS["ben"], Channel.TEXT, "one word", "en")


def test_the_adapter_tells_apart_what_was_refused_what_is_unclear_and_what_was_never_tried(
    here: Office,
) -> None:
    gateway, book = here.house.messages, here.book
    assert gateway is not None
    sent = gateway.send(MESSAGE, key="k1")
    assert isinstance(sent, Accepted)
    assert gateway.send(MESSAGE, key="k1") == sent
    book.faults["busy"] = 1
    assert gateway.send(MESSAGE, key="k2") == Unclear("busy")
    book.faults["turn_away"] = 1
    assert gateway.send(MESSAGE, key="k3") == NotTried("unknown_key")
    book.faults["lose_answer"] = 1
    assert gateway.send(MESSAGE, key="k4") == Unclear("no_answer")
    assert gateway.look_up(sent.id) == Accepted(sent.id, delivered=True)
    book.no_such.add(MESSAGE.to)
    assert gateway.send(MESSAGE, key="k5") == Refused("no_such_number")


def test_a_gateway_nobody_answers_at_was_not_tried() -> None:
    gateway = HttpMessages(url="http://127.0.0.1:9", key=KEY, connect_seconds=0.5)
    assert gateway.send(MESSAGE, key="k") == NotTried("no_connection")
    gateway.close()


def test_neither_number_nor_words_nor_key_show_in_what_is_printed(here: Office) -> None:
    assert "555" not in repr(MESSAGE)
    assert "word" not in repr(MESSAGE)
    assert KEY not in repr(here.house.settings)
