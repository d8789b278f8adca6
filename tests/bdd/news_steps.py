"""What families hear by text, and whom the last hour of a booking reaches."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pytest_bdd import given, parsers, then, when

from reunify.identity import queries, roster
from reunify.identity.duties import Duty
from tests.bdd.notice_steps import Phones
from tests.bdd.people_steps import TONIGHT
from tests.bdd.staff_moves import acting
from tests.integration.notices_world import NUMBERS, at
from tests.unit.test_notices_texts import TELLS
from tests.web.pages_world import signed_in

MOTHER = "+19155550142"


@given(parsers.re(r"the mother of the boy in Atlanta may be texted from (?P<first>\S+) to (?P<last>\S+)"))
def may_be_texted(story: Any, phones: Phones, first: str, last: str) -> None:
    _enter(story, may_text=True, safe_from=first, safe_until=last)


@given("the mother of the boy in Atlanta may not be texted")
def may_not_be_texted(story: Any, phones: Phones) -> None:
    _enter(story, may_text=False)


@given("Ana is on call for cases tonight")
def ana_on_call(story: Any) -> None:
    now = story.town.clock()
    with story.town.house.db.work() as session:
        roster.add_shift(
            session,
            duty=Duty.NIGHT_CASE_MANAGER,
            person_id=queries.staff_id(session, "ana"),
            backup_id=None,
            span=TONIGHT,
            by=acting(session, "sam", now),
            now=now,
        )


@when("her award is released at night")
def released_at_night(story: Any) -> None:
    """Half past one in Alexandria, half past eleven where she is."""
    story.town.clock.at = at("01:30")
    story.act("Ben", "approve", f"{story.award_path}/approval")
    story.act("Carla", "release", f"{story.award_path}/release")
    story.town.work()


@when("it is morning where she is")
def morning(story: Any) -> None:
    story.town.clock.at = at("10:05")
    story.town.work()


@when(parsers.parse("her room is booked, free to cancel until {hour}"))
def room_is_booked(story: Any, phones: Phones, hour: str) -> None:
    phones.fresh()
    line = next(one for one in story.draft["cost_lines"] if one["category"] == "lodging")
    room = {
        "line": line["key"],
        "vendor": "Peachtree Sample Inn",
        "locator": "QK7P2M",
        "price_cents": line["ceiling_cents"],
        "step": "booked",
        "paid_with": "invoice",
        "cancel_by": at(hour).isoformat(),
    }
    story.town.person("ana").sign_in()
    story.act("Ana", "book", f"{story.award_path}/bookings", {"lines": [room]})
    story.town.clock.at += timedelta(minutes=1)
    story.town.work()


@then("she is sent nothing")
def nothing_for_her(phones: Phones) -> None:
    assert phones.book.to(MOTHER) == []


@then("she reads in Spanish that there is news, and nothing of what it is about")
def news_in_spanish(phones: Phones) -> None:
    texts = phones.book.to(MOTHER)  # of the award, and of the money that reached her
    assert 1 <= len(texts) <= 2
    assert all(text.body.startswith("Hay noticias sobre su viaje.") for text in texts)
    assert not any(TELLS.search(text.body) for text in texts)


@then("nobody is asked to do anything about it")
def nothing_on_the_list(story: Any) -> None:
    assert "Could not be told by phone" not in signed_in(story.town.house, "ana").get("/").text


@then("Ana alone reads until when it can be cancelled")
def ana_reads(phones: Phones) -> None:
    (text,) = phones.fresh()
    assert text.to == NUMBERS["ana"]
    assert "until 06:00 EST" in text.body
    assert TELLS.search(text.body) is None


def _enter(story: Any, **reach: Any) -> None:
    draft = story.family("b")
    for traveler in draft["travelers"]:
        if "contact" in traveler:
            traveler["contact"] |= reach
    story.enter(draft)
