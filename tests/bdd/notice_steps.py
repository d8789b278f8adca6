"""Who is called and texted, and when they are left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from pytest_bdd import given, parsers, then, when

from flows.send_notices import to_escalate
from reunify.adapters.sms_http import HttpMessages
from reunify.identity import queries, staffing
from reunify.intake import outcomes
from reunify.intake.outcome_policy import Outcome
from reunify.kernel.ids import RequestId
from reunify.sandbox.money import sign_envelope
from reunify.sandbox.phones.book import Book, Sent
from reunify.sandbox.phones.serving import running
from tests.apps import app_of, closed
from tests.bdd.staff_moves import acting
from tests.emergencies import night_answers
from tests.integration.notices_world import KEY, NUMBERS, at, make_urgent
from tests.web.pages_world import OWN_PAGES, TestClient, signed_in


@dataclass
class Phones:
    """`seen`: how many messages were looked at already."""

    book: Book
    seen: int = 0
    links: list[str] = field(default_factory=list)

    def fresh(self) -> list[Sent]:
        found = self.book.messages[self.seen :]
        self.seen = len(self.book.messages)
        return found

    def told(self) -> set[tuple[str, str]]:
        """Since the last look: who by which channel."""
        whose = {number: name for name, number in NUMBERS.items()}
        return {(whose[m.to], m.channel) for m in self.fresh()}


@pytest.fixture
def phones(story: Any) -> Iterator[Phones]:
    with running(key=KEY) as found:
        gateway = HttpMessages(url=found.url, key=KEY, read_seconds=2)
        story.town.house = replace(story.town.house, messages=gateway)
        yield Phones(found.book)
        closed(story.town.house)
        gateway.close()


@given("everybody's phone is on")
def phones_are_on(phones: Phones) -> None:
    assert phones.book.off == set()


@given("Ben's phone is off")
def ben_is_off(phones: Phones) -> None:
    phones.book.off.add(NUMBERS["ben"])


@given(parsers.parse("it is {hour}, and an emergency award waits"))
def award_waits(story: Any, phones: Phones, hour: str) -> None:
    """The father who drives: one colleague may approve and release what he needs."""
    _enter_urgently(story, hour, "d")


@given(parsers.parse("it is {hour}, and an emergency award that needs two people waits"))
def award_waits_for_two(story: Any, phones: Phones, hour: str) -> None:
    _enter_urgently(story, hour, "b")


def _enter_urgently(story: Any, hour: str, letter: str) -> None:
    story.town.clock.at = at(hour)
    draft = story.family(letter)
    ana = story.town.person("ana")
    story.draft = draft
    story.request_id = str(ana.act(story.town.diary, "enter", "/requests", draft)["id"])
    make_urgent(story.town, story.request_id)
    ana.act(story.town.diary, "submit", f"/requests/{story.request_id}/submission")
    story.town.work()
    assert story.progress["award"]["state"] == "awaiting_approval"


@given("an envelope is open")
def envelope_is_open(story: Any) -> None:
    with story.town.house.db.work() as session:
        sign_envelope(session, now=story.town.clock())


@given(parsers.parse("it is {hour}, and the twelve answers of an emergency are in"))
def twelve_answers(story: Any, phones: Phones, hour: str) -> None:
    """In one act, by the door that the night's page has too; the flow sees the lane, nobody sets it."""
    story.town.clock.at = at(hour)
    ana = story.town.person("ana")
    filed = ana.act(story.town.diary, "submit", "/emergencies", night_answers())
    story.request_id = str(filed["id"])
    story.town.work()
    assert story.progress["award"]["state"] == "awaiting_approval"


@given(parsers.parse("Ben has left, and it is {hour}, and an emergency award waits"))
def ben_has_left(story: Any, phones: Phones, hour: str) -> None:
    now = story.town.clock()
    with story.town.house.db.work() as session:
        by = acting(session, "olga", now)
        staffing.disable(session, staff_id=queries.staff_id(session, "ben"), by=by, now=now)
    award_waits(story, phones, hour)


@when(parsers.re(r"it is (?P<hour>\d\d:\d\d)"))
def time_is(story: Any, hour: str) -> None:
    """The worker looks every second; here every five minutes is enough."""
    until: datetime = at(hour)
    while story.town.clock.at < until:
        story.town.clock.at = min(until, story.town.clock.at + timedelta(minutes=5))
        story.town.work()


@when("Ben approves and releases it")
def ben_decides(story: Any) -> None:
    story.act("Ben", "approve and release", f"{story.award_path}/approval-and-release")
    story.town.work()


@when("Ben approves it")
def ben_approves(story: Any) -> None:
    story.act("Ben", "approve", f"{story.award_path}/approval")
    story.town.work()


@when("Carla says in the house that she has it")
def carla_has_it(story: Any) -> None:
    said = story.town.person("carla").act(
        story.town.diary, "say so", f"{story.award_path}/acknowledgement", {}
    )
    assert said == {"state": "acknowledged", "until": at("02:12").isoformat()}


@when("Ben opens the link in his text and says he has it")
def ben_has_it(story: Any, phones: Phones) -> None:
    phone = _phone(story)
    address = _link(phones)
    opened = phone.get(address)
    assert opened.status_code == 200
    assert "I have it" in opened.text
    assert phone.get("/awards/" + story.progress["award"]["id"]).headers.get("location") == "/sign-in"
    seen = story.town.person("carla").see(f"{story.award_path}/escalation")["stages"][0]
    assert seen["acknowledged_by"] == [], "a phone that looks at links by itself holds nothing up"
    assert (phone.get("/n/made-up").status_code, phone.post("/n/made-up").status_code) == (404, 404)
    said = phone.post(address)
    assert said.status_code == 200
    assert "You have it." in said.text


@then("it is released, and nobody on call is told anything more")
def released_and_silent(story: Any, phones: Phones) -> None:
    assert story.progress["award"]["state"] == "released"
    assert {m.to for m in phones.fresh()}.isdisjoint(NUMBERS.values())


@then("saying so by his own link, Ben holds nothing up")
def not_his_to_hold(story: Any, phones: Phones) -> None:
    """He has approved: his text was about that, and the release is another's."""
    assert _phone(story).post(_link(phones)).status_code == 409
    refused = signed_in(story.town.house, "ben").post(
        f"/api/v1{story.award_path}/acknowledgement", headers={"accept": "application/json"}
    )
    assert refused.status_code == 409
    assert "a colleague must decide now" in refused.text


@then("saying so again holds nothing up")
def only_once(story: Any, phones: Phones) -> None:
    said = _phone(story).post(_link(phones))
    assert said.status_code == 409
    assert "Sign in and decide" in said.text


@then(parsers.parse("{who} is sent a text, and nobody else is told"))
def sent_a_text(story: Any, phones: Phones, who: str) -> None:
    assert phones.told() == {(who.lower(), "text")}
    assert to_escalate(story.town.house, story.town.house.db, 10) == [], "until the next rung nobody looks"


@then("Ben is texted again and called")
@then("Ben is texted and called")
def ben_again(phones: Phones) -> None:
    fresh = phones.fresh()
    assert {(m.to, m.channel) for m in fresh[-2:]} == {(NUMBERS["ben"], c) for c in ("text", "call")}


@then("Carla is texted and called")
def carla_too(phones: Phones) -> None:
    assert phones.told() == {("carla", "text"), ("carla", "call")}


@then("Ben, Carla and the supervisor are all texted and called")
def everybody(story: Any, phones: Phones) -> None:
    """Sam's number is not on file in this story: that is written down, and somebody is asked to call."""
    assert phones.told() == {(who, channel) for who in ("ben", "carla") for channel in ("text", "call")}
    told = story.town.person("ben").see(f"{story.award_path}/escalation")["stages"][0]["told"]
    assert [(t["name"], t["why"]) for t in told if t["state"] == "undelivered"] == [
        ("Sam Ortiz", "no number on file"),
        ("Sam Ortiz", "no number on file"),
    ]


@then("nobody is told anything more")
def nothing_more(phones: Phones) -> None:
    assert phones.fresh() == []


@then("Ben was told once, and nobody else ever")
def ben_once(phones: Phones) -> None:
    assert [(m.to, m.channel) for m in phones.book.messages if "urgent" in m.body] == [
        (NUMBERS["ben"], "text")
    ]


@then("the award's page says who was told and when")
def page_says(story: Any) -> None:
    page = signed_in(story.town.house, "ben").get(f"/awards/{story.progress['award']['id']}")
    assert "Who was told that it waits" in page.text
    assert "2:12 a.m. EST: Call to Ben Castellanos, delivered" in page.text
    assert "Everybody was told." in page.text


@then("the work list says that Ben could not be told")
def on_the_list(story: Any) -> None:
    page = signed_in(story.town.house, "carla").get("/")
    assert "a text to Ben Castellanos" in page.text
    assert "The phone did not receive it." in page.text


@when("Carla has told him")
def carla_told_him(story: Any) -> None:
    carla = signed_in(story.town.house, "carla")
    action = carla.get("/").text.partition('action="/notices/')[2].partition('"')[0]
    answer = carla.post(f"/notices/{action}")
    assert answer.status_code == 200
    assert "you have told them" in answer.text


@then("it has left the work list")
def off_the_list(story: Any) -> None:
    assert "Could not be told by phone" not in signed_in(story.town.house, "carla").get("/").text


@when("a quiet outcome is recorded")
def quiet(story: Any) -> None:
    now = story.town.clock()
    with story.town.house.db.work() as session:
        by = replace(acting(session, "ana", now), proved_at=now)
        outcomes.record(
            session,
            request_id=RequestId(UUID(story.request_id)),
            outcome=Outcome.MISSING_AGAIN,
            reason="The agency called.",
            by=by,
            now=now,
        )


def _phone(story: Any) -> TestClient:
    return TestClient(
        app_of(story.town.house), base_url="https://localhost", headers=OWN_PAGES, follow_redirects=False
    )


def _link(phones: Phones) -> str:
    text = next(m for m in phones.book.messages if m.channel == "text")
    return httpx.URL(text.body.rpartition(" ")[2]).path
