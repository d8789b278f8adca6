"""What is bought with the trip's own card: by day, and in the night of story (g)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from pytest_bdd import given, parsers, then, when

from reunify.kernel.money import Money
from reunify.reconciliation import actions as inbox
from reunify.sandbox import desk, nights, people
from reunify.sandbox.families import sample_family, the_night
from reunify.sandbox.money import sign_envelope
from reunify.sandbox.night import ON_CALL
from reunify.sandbox.stripe_simulator.postman import signature
from reunify.sandbox.tale import WHO, Tale, Team
from tests.bdd.nine_steps import begun
from tests.town import NOW, Town

_SECRET = "whsec_" + "n" * 24
AT_NIGHT = NOW + timedelta(hours=17, minutes=7)  # 02:07 where the organisation is


def hears(town: Town) -> None:
    """Stripe's events of the cards arrive, signed; the flows do the rest."""
    now = town.clock()
    for event in town.simulator.simulator.store.all("event_of_card"):
        body = json.dumps(event)
        header = signature(body, secrets=[_SECRET], at=int(now.timestamp()))
        with town.house.db.work() as session:
            inbox.receive(session, raw=body.encode(), signature=header, secrets=[_SECRET], now=now)
    town.work()


def by_card(progress: dict[str, Any]) -> Money:
    paid = [i for i in progress["instructions"] if i["rail"] == "travel_card" and i["state"] == "settled"]
    return Money(sum(i["amount"] for i in paid))


# --- b: by day -------------------------------------------------------------------------------------------


@given("the family of story b, whose seats and first room we book, has asked for help", target_fixture="tale")
def has_asked_to_book(story: Any) -> Tale:
    return begun(story, sample_family("b", NOW.date()).entered)


@when("Ana books with the trip's card, under what was approved")
def books_with_card(story: Any, tale: Tale) -> None:
    desk.book(tale, story.progress["award"]["id"], sample_family("b", NOW.date()).bookings)
    hears(story.town)


@then(parsers.parse("the card has paid {amount} and {less} less is charged than was approved"))
def card_has_paid(story: Any, amount: str, less: str) -> None:
    assert by_card(story.progress) == Money.parse(amount)
    booked = {b["line"] for b in sample_family("b", NOW.date()).bookings}
    approved = [b["ceiling_cents"] for b in story.progress["bookings"] if b["line"] in booked]
    assert Money(sum(approved)) - by_card(story.progress) == Money.parse(less)


# --- g: the night ----------------------------------------------------------------------------------------


@given("it is 02:07, and two finance people have signed an envelope in daytime", target_fixture="team")
def envelope_signed(story: Any) -> Team:
    town = story.town
    with town.house.db.work() as session:
        people.join(session, now=town.clock())
        nights.plan(session, now=town.clock())
        sign_envelope(session, now=town.clock())
    town.clock.at = AT_NIGHT
    known = {name: town.person(name) for name in WHO}
    return Team(known, town.house.settings.own_url, town.stripe_url, AT_NIGHT.date(), town.work)


@when("Ana fills in twelve answers and the return authority", target_fixture="tale")
def fills_in_twelve(story: Any, team: Team) -> Tale:
    answers = the_night(NOW.date()).answers
    assert len(answers.keys() - {"return_authority"}) == 12
    story.request_id = str(team["ana"].act(story.town.diary, "submit", "/emergencies", answers)["id"])
    tale = Tale(team, story.town.diary, story.request_id)
    tale.checked()
    return tale


@then("the answer is eligible, provisional: income and report number are owed, safety is not")
def provisional_answer(story: Any) -> None:
    (fund,) = [s for s in story.progress["sources"] if s["source"] == "domestic_reunification"]
    assert fund["answer"] == "eligible_provisional"
    assert {r["id"] for r in fund["requirements"] if r["owed_by"]} == {"DR-04", "DR-05"}


@then("whoever is not on call cannot approve it alone")
def not_on_call(story: Any, team: Team) -> None:
    assert team["fay"].is_refused(f"{story.award_path}/approval-and-release", 403)


@when("Ben, on call tonight, says yes to it and lets the money go")
def approves_in_one(story: Any, team: Team) -> None:
    team[ON_CALL[0]].act(story.town.diary, "approve and release", f"{story.award_path}/approval-and-release")


@when("Ana books the seats and the room with the trip's own card")
def books_at_night(story: Any, tale: Tale) -> None:
    desk.book(tale, story.progress["award"]["id"], the_night(NOW.date()).bookings)


@then("the mother has a locator for the flight at six, and a room")
def has_locator(story: Any) -> None:
    states = {b["line"]: b["state"] for b in story.progress["bookings"]}
    assert states == {"seat-adult": "ticketed", "seat-child": "ticketed", "night-1": "ticketed"}


@then(parsers.parse("{count:d} people did it in {acts:d} acts"))
def so_many_acts(story: Any, count: int, acts: int) -> None:
    assert (len(story.town.diary.people), len(story.town.diary.acts)) == (count, acts)


@then("Ana has a script to read to her in Spanish, with the locator in it")
def has_script(tale: Tale) -> None:
    script = tale.page(part="/read-aloud")
    assert 'lang="es"' in script
    assert the_night(NOW.date()).bookings[0]["locator"][0] in script


@when("Fay, who had no part in it, looks at it by day")
def fay_reviews(story: Any, tale: Tale, team: Team) -> None:
    award = story.progress["award"]["id"]
    team["fay"].act(story.town.diary, "review", f"/reviews/{award}", {"answer": "yes"})
    hears(story.town)


@then(parsers.parse("the card has paid {amount} and the mother's meal money waits to be handed out"))
def card_paid_at_night(story: Any, amount: str) -> None:
    progress = story.progress
    assert by_card(progress) == Money.parse(amount)
    meals = sum(t["ceiling"] for t in progress["plan"]["lines"] if t["line"].startswith("meals-"))
    assert meals
    assert [i["amount"] for i in progress["instructions"] if i["state"] == "to_log"] == [meals]
