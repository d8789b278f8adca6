"""Two households, consents taken back, links made anew: as families and those who help them do it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi.testclient import TestClient
from pytest_bdd import given, then, when

from flows import disburse
from reunify.consent import actions as consent
from reunify.consent import queries as consents
from reunify.documents import queries as documents
from reunify.identity import family_links, family_policy
from reunify.identity.family_links import NewLink
from reunify.identity.family_policy import CallBack
from reunify.identity.policy import PIN_TRIES, LinkNotOpen
from reunify.identity.queries import staff_id
from reunify.intake import queries as intake
from reunify.intake import signers
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Role, Staff
from reunify.sandbox.people import DemoPerson
from tests.apps import app_of
from tests.bdd.family_steps import text_of

SUE = DemoPerson("sue", "Sue Ortega", "velvet-anchor-19", frozenset({Role.SUPERVISOR}))
HIDDEN = ("Quiet Orchard", "Boise", "208 555 0177", "tomas.hidden", "Whispering Pines")
PLACE = {"city": "Boise", "state": "ID"}


def staff(story: Any, name: str, *roles: Role) -> Staff:
    with story.town.house.db.read() as session:
        return Staff(staff_id(session, name), name.title(), frozenset(roles))


def ana(story: Any) -> Staff:
    return staff(story, "ana", Role.CASE_MANAGER)


# Two households --------------------------------------------------------------------------------------------
@given("a boy whose parents live apart, his father at a protected address")
def two_households(story: Any) -> None:
    draft = story.family("b")
    mother = draft["travelers"][0]
    mother["household"] = "mother"
    draft["travelers"].append(
        {
            "key": "father",
            "name": "Tomás Hidalgo",
            "role": "parent",
            "household": "father",
            "contact": {
                "language": "en",
                "phone": "+1 208 555 0177",
                "email": "tomas.hidden@example.org",
                "address": "77 Quiet Orchard Road\nBoise, ID 83702",
                "may_post": True,
                "address_protected": True,
            },
        }
    )
    on = draft["legs"][-1] | {"key": "on", "travelers": ["father", "child"], "destination": PLACE}
    draft["legs"].append(on)
    draft["payees"].append({"key": "lodge", "kind": "vendor", "name": "Whispering Pines Lodge"})
    for line in draft["cost_lines"]:
        line["household"] = "mother"
    fare = draft["cost_lines"][0] | {"key": "fare-father", "traveler": "father", "household": "father"}
    night = draft["cost_lines"][2] | {"key": "night-father", "payee": "lodge", "household": "father"}
    draft["cost_lines"] += [fare, night]
    story.enter(draft)
    assert story.progress["stage"] == "awaiting_approval"


def papers_of(story: Any, household: str) -> dict[str, str]:
    with story.town.house.db.read() as session:
        found = documents.list_for_request(session, RequestId(UUID(story.request_id)))
    return {d.kind: text_of(story, str(d.id)) for d in found if d.household == household}


@then("the mother's papers tell her trip and what we pay for her")
def mothers_papers(story: Any) -> None:
    papers = papers_of(story, "mother")
    assert set(papers) == {"approval_letter", "itinerary"}
    assert "Marisol Quintero Vega" in papers["itinerary"]
    assert "un lugar seguro" in papers["itinerary"]
    assert "Hidalgo" not in " ".join(papers.values())


@then("the father's papers tell his trip and what we pay for him")
def fathers_papers(story: Any) -> None:
    papers = papers_of(story, "father")
    assert set(papers) == {"approval_letter", "itinerary"}
    assert "Tomás Hidalgo" in papers["itinerary"]
    assert "Boise" in papers["itinerary"]
    assert "Marisol" not in " ".join(papers.values())


@then("none of the mother's papers tells where the father is")
def none_tells(story: Any) -> None:
    said = " ".join(papers_of(story, "mother").values())
    assert not [secret for secret in HIDDEN if secret in said]


@when("the mother opens her page")
def mother_opens(story: Any) -> None:
    link = first_link(story, "mother")
    story.draft["phone"] = opened_phone(story, link)


@then("she finds her own papers and none of the father's")
def finds_her_own(story: Any) -> None:
    page = story.draft["phone"].get("/family").text
    own, others = ids_of(story, "mother"), ids_of(story, "father")
    assert all(document in page for document in own)
    assert not [document for document in others if document in page]
    assert not [secret for secret in HIDDEN if secret in page]


@then("she cannot fetch one of his even if she knows its address")
def cannot_fetch(story: Any) -> None:
    phone = story.draft["phone"]
    assert phone.get(f"/family/documents/{ids_of(story, 'mother')[0]}/pdf").status_code == 200
    for document in ids_of(story, "father"):
        assert phone.get(f"/family/documents/{document}/pdf").status_code == 404


def ids_of(story: Any, household: str) -> list[str]:
    with story.town.house.db.read() as session:
        found = documents.list_for_request(session, RequestId(UUID(story.request_id)))
    return [str(d.id) for d in found if d.household == household]


@when("a night is added without saying for whom")
def night_for_nobody(story: Any) -> None:
    more = {"key": "more", "what": "A second room", "household": None}
    lines = [*story.draft["cost_lines"], story.draft["cost_lines"][2] | more]
    story.tries("Ana", f"/requests/{story.request_id}/answers", {"answers": {"/cost_lines": lines}})


@then("the request is not taken until it is said whose cost it is")
def not_taken(story: Any) -> None:
    assert story.answer.status_code == 422
    (problem,) = story.answer.json()["errors"]
    assert problem["pointer"].endswith("/household")
    assert "whose cost this is" in problem["detail"]


# Links -----------------------------------------------------------------------------------------------------
def first_link(story: Any, reader: str) -> NewLink:
    with story.town.house.db.work() as session:
        return family_links.make_family_link(
            session,
            request_id=RequestId(UUID(story.request_id)),
            reader=reader,
            by=ana(story),
            now=story.town.clock(),
        )


def opened_phone(story: Any, link: NewLink) -> TestClient:
    phone = TestClient(app_of(story.town.house), base_url="https://localhost")  # https, or no cookie is kept
    phone.headers["sec-fetch-site"] = "same-origin"
    phone.get(f"/f/{link.token}")
    assert phone.post("/family", data={"pin": link.pin}).status_code == 200
    return phone


@given("a mother whose link was closed by five wrong numbers")
def link_closed(story: Any) -> None:
    story.enter(story.family("b"))
    link = first_link(story, "mother")
    for _ in range(PIN_TRIES):
        with story.town.house.db.work() as session:
            assert family_links.open_family_link(session, token=link.token, pin="x", now=now(story)) is None
    story.draft["old"] = link
    story.town.clock.at += timedelta(hours=12, minutes=7)  # 02:07; Ana signs in anew
    story.town._people.pop("ana").close()


def now(story: Any) -> Any:
    return story.town.clock()


def on_file(story: Any) -> list[str]:
    with story.town.house.db.read() as session:
        versions = intake.versions(session, UUID(story.request_id))
    return signers.numbers_on_file(versions, "mother", now=now(story))


def call_back(story: Any, number: str) -> NewLink:
    with story.town.house.db.work() as session:
        return family_links.make_family_link(
            session,
            request_id=RequestId(UUID(story.request_id)),
            reader="mother",
            call_back=CallBack(number, "Marisol"),
            on_file=on_file(story),
            by=ana(story),
            now=now(story),
        )


@when("Ana calls the number on file and speaks with her")
def calls_back(story: Any) -> None:
    story.draft["new"] = call_back(story, on_file(story)[0])


@then("she opens her page with the new link")
def opens_new(story: Any) -> None:
    opened_phone(story, story.draft["new"])


@then("the old link stays closed")
def old_closed(story: Any) -> None:
    old = story.draft["old"]
    with pytest.raises(LinkNotOpen), story.town.house.db.work() as session:
        family_links.open_family_link(session, token=old.token, pin=old.pin, now=now(story))


@when("the caller asks to be called at another number")
def another_number(story: Any) -> None:
    with pytest.raises(family_policy.NotOnFile):
        call_back(story, "+1 505 555 0100")


@then("no new link is made")
def no_new_link(story: Any) -> None:
    old_closed(story)


@given("no number of hers is on file")
def no_number(story: Any) -> None:
    told = {"/travelers/0/contact/phone": None, "/travelers/0/readiness/phone_for_gate_texts": None}
    story.act("Ana", "answer", f"/requests/{story.request_id}/answers", {"answers": told})
    assert on_file(story) == []


@when("Ana says how she knows her")
def ana_vouches(story: Any) -> None:
    with story.town.house.db.work() as session:
        story.draft["word"] = family_links.vouch(
            session,
            request_id=RequestId(UUID(story.request_id)),
            reader="mother",
            how_known="The desk officer put her on the line",
            on_file=on_file(story),
            by=ana(story),
            now=now(story),
        )


def on_word(story: Any, by: Staff) -> NewLink:
    with story.town.house.db.work() as session:
        return family_links.make_with_second_person(
            session,
            request_id=RequestId(UUID(story.request_id)),
            voucher_id=story.draft["word"],
            by=by,
            now=now(story),
        )


@then("Ana alone makes no link")
def ana_alone(story: Any) -> None:
    with pytest.raises(family_policy.OnePersonTwice):
        on_word(story, ana(story))


@then("Sue, her supervisor, makes it on Ana's word")
def sue_makes_it(story: Any) -> None:
    story.town.hire(SUE)
    opened_phone(story, on_word(story, staff(story, "sue", Role.SUPERVISOR)))


# Consents --------------------------------------------------------------------------------------------------
@given("a mother who agreed in writing to be paid through Stripe")
def agreed(story: Any) -> None:
    draft = story.family("f")
    draft["case"]["report_number"] = "SG-26-30981"
    assert draft["payees"][0]["stripe_consent"] is True
    story.enter(draft)


def the_question(story: Any) -> consents.Ask:
    with story.town.house.db.read() as session:
        (found,) = consents.asks(session, UUID(story.request_id))
    return found


@when("she takes it back on her own page")
def takes_back(story: Any) -> None:
    phone = story.draft["phone"] = opened_phone(story, first_link(story, "mother"))
    answer = decide(story, phone, answer="back")
    assert "You took it back" in answer.text


def decide(story: Any, phone: TestClient, **said: str) -> httpx.Response:
    body = {"ask": str(the_question(story).id), "lang": "en", **said}
    answer: httpx.Response = phone.post("/family/consents", data=body)
    assert answer.status_code == 200
    return answer


@when("she agrees again for six months")
def agrees_again(story: Any) -> None:
    answer = decide(story, story.draft["phone"], answer="yes", name="Tanisha Example", months="6")
    assert "You agreed. It ends by itself on May" in answer.text


@given("her payment is about to be sent")
def about_to_be_sent(story: Any) -> None:
    story.act("Ben", "approve", f"{story.award_path}/approval")
    story.act("Carla", "release", f"{story.award_path}/release")
    house = story.town.house
    disburse.instruct(house, disburse.find_awards(house.db, 10), None)
    (at,) = story.progress["instructions"]
    assert (at["rail"], at["state"]) == ("global_payout", "ready")


@when("she tells Ana that she takes it back")
def tells_ana(story: Any) -> None:
    with story.town.house.db.work() as session:
        consent.take_back(session, ask=the_question(story), giver="mother", by=ana(story), now=now(story))


@when("the worker goes on")
def worker_goes_on(story: Any) -> None:
    story.town.work()


@then("her payment is sent by Stripe")
def sent_by_stripe(story: Any) -> None:
    (at,) = story.progress["instructions"]
    assert (at["rail"], at["state"]) == ("global_payout", "settled")


@then("her page says that Stripe was told")
def page_says_told(story: Any) -> None:
    page = story.draft["phone"].get("/family/consents?lang=en").text
    assert "Stripe, on November" in page
    assert "the name, the e-mail and the country" in page
