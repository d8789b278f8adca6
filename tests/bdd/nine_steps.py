"""The sample families told in features: each step is one the demo takes too, or looks at what came of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pytest_bdd import given, parsers, then, when

from reunify.funds import queries as funds
from reunify.kernel.money import Money
from reunify.ledger import queries as books
from reunify.sandbox import people
from reunify.sandbox.families import sample_family
from reunify.sandbox.money import ASKED, open_asked_award
from reunify.sandbox.story import ACTS, enter
from reunify.sandbox.tale import WHO, Tale, Team
from tests.town import NOW
from tests.web.pages_world import browser, text

OWN = "domestic_reunification"
_COST = re.compile(r"costs\?hold=([0-9a-f-]{36})&amp;to=(\w+)")
_TO_CONFIRM = re.compile(r'/transfers/([0-9a-f-]{36})/confirm"')


def begun(story: Any, draft: dict[str, Any]) -> Tale:
    """Entered and checked by the demo's people, in a house with a federal award that is asked."""
    town = story.town
    with town.house.db.work() as session:
        people.join(session, now=town.clock())
        open_asked_award(session, now=town.clock())
    people_of = {name: town.person(name) for name in WHO}
    team = Team(people_of, town.house.settings.own_url, town.stripe_url, NOW.date(), town.work)
    tale = Tale(team, town.diary, enter(team["ana"], town.diary, draft))
    tale.checked()
    story.request_id, story.draft = tale.request_id, draft
    return tale


def told(letter: str, act: str) -> list[dict[str, Any]]:
    return [one for one in sample_family(letter, NOW.date()).story if one["act"] == act]


def lives(tale: Tale, letter: str, *acts: str, **instead: Any) -> None:
    for act in acts:
        for one in told(letter, act):
            ACTS[act](tale, one | instead)
            tale.checked()


def covered(progress: Mapping[str, Any], fund: str | None = None) -> Money:
    lines = progress["plan"]["lines"]
    return Money(sum(t["ceiling"] for t in lines if t["unit"] == "cents" and fund in (None, t["fund"])))


def source(story: Any, name: str) -> dict[str, Any]:
    (found,) = [s for s in story.progress["sources"] if s["source"] == name]
    return dict(found)


@given(parsers.re(r"the family of story (?P<letter>\w+) has asked for help"), target_fixture="tale")
def has_asked(story: Any, letter: str) -> Tale:
    return begun(story, story.family(letter))


@given("the family of story a has asked for help with the fare alone", target_fixture="tale")
def has_asked_for_fare(story: Any) -> Tale:
    draft = story.family("a")
    draft["cost_lines"] = draft["cost_lines"][:1]
    return begun(story, draft)


# --- a: a hearing abroad ---------------------------------------------------------------------------------


@then(
    "a person decides if they could pay, who else was asked, and of three costs abroad by the rates of April"
)
def person_decides(story: Any, tale: Tale) -> None:
    assert story.progress["stage"] == "staff_decision"
    waiting = re.findall(r'name="requirement" value="([^"]+)"', tale.page())
    assert {w for w in waiting if not w.startswith("line:")} == {"VR-06", "VR-07"}
    assert [w.split(":")[2] for w in waiting if w.startswith("line:")] == ["PD-OLD"] * 3


@when("Ana decides each of them, with her reason")
def decides_each(tale: Tale) -> None:
    waiting = tale.page()
    for one in told("a", "decide"):
        if one["about"] in waiting:
            ACTS["decide"](tale, one)


@when("the mother signs that the program may be told, and Ana writes to it")
def writes_to_it(tale: Tale) -> None:
    lives(tale, "a", "consent", "ask_funder")


@when("it grants $1,500.00 for the fare, and Sam has read its letter too")
def grants(tale: Tale) -> None:
    lives(tale, "a", "funder_answers")


@then(parsers.re(r"the award covers (?P<amount>\S+), and (?P<part>\S+) of it is the program's"))
def award_covers(story: Any, amount: str, part: str) -> None:
    assert story.progress["stage"] == "awaiting_approval"
    assert Money(story.progress["award"]["ceiling_cents"]) == Money.parse(amount)
    assert covered(story.progress) == Money.parse(amount)
    assert covered(story.progress, ASKED) == (Money(0) if part == "none" else Money.parse(part))


@then("the rooms and meals abroad are provisional")
def are_provisional(story: Any, tale: Tale) -> None:
    assert source(story, OWN)["provisional"]
    assert "April 1, 2026, Lima" in tale.page()


@then(parsers.parse("our own fund has paid {ours} and the program {theirs}"))
def have_paid(story: Any, ours: str, theirs: str) -> None:
    with story.town.house.db.read() as session:
        ids = [funds.fund_called(session, code).id for code in (OWN, ASKED)]
        spent = [(b.key.fund_id, b.expended) for b in books.balances(session)]
    found = [Money(sum(cents for fund, cents in spent if fund == wanted)) for wanted in ids]
    assert found == [Money.parse(ours), Money.parse(theirs)]


@when("Ben asks to move that much of the fare to the program")
def asks_to_move(tale: Tale) -> None:
    hold, to = dict.fromkeys(_COST.findall(tale.page("ben", "/costs"))).popitem()[0]
    form = {"cost": hold, "to": to, "amount": "1500.00", "category": "transport"}
    form |= {"reason": "funder_decided_after_bridging", "justification": "Its letter covers this very fare."}
    asked = {f"/move/{name}": value for name, value in form.items()}
    tale.fill("ask for a transfer", "/transfers", asked, "ben")


@when("Carla confirms that the program bears it")
def confirms_move(tale: Tale) -> None:
    (transfer,) = set(_TO_CONFIRM.findall(tale.page("carla", "/costs")))
    tale.fill("confirm it", f"/transfers/{transfer}/confirm", {"finding": ""}, "carla", passkey=True)
    tale.team.work()


# --- c: the free bus ticket ------------------------------------------------------------------------------


@then("Home Free is to be asked, and a person decides who rides along")
def decides_who_rides(story: Any, tale: Tale) -> None:
    assert story.progress["answers"]["home_free"] == "ask"
    assert 'name="requirement" value="HF-05"' in tale.page()


@when("Ana decides that the advocate rides along")
def advocate_rides(tale: Tale) -> None:
    lives(tale, "c", "decide", "amend")


@then(parsers.parse('the request\'s page shows her reason: "{words}"'))
def shows_reason(tale: Tale, words: str) -> None:
    shown = tale.page().partition('<h2 id="decided">')[2].partition("</section>")[0]
    assert "Ana Whitfield" in shown
    assert words in shown


@then("nobody younger than 18 rides a leg alone")
def nobody_alone(story: Any) -> None:
    draft = story.town.person("ana").see(f"/requests/{story.request_id}")["draft"]
    children = {t["key"] for t in draft["travelers"] if t["role"] == "child"}
    assert children
    assert all(set(leg["travelers"]) - children for leg in draft["legs"])


@then("Home Free is worth applying to")
def worth_applying(story: Any) -> None:
    assert story.progress["answers"]["home_free"] == "worth_applying"


@when("mother and daughter sign that Home Free may be told, and Ana hands the case over")
def hands_over_to_home_free(tale: Tale) -> None:
    lives(tale, "c", "consent", "hand_off")


@then("Home Free has helped")
def home_free_helped(tale: Tale) -> None:
    assert handed_over(tale) == {"home_free": "helped"}


def handed_over(tale: Tale) -> dict[str, str]:
    seen = tale.team["ana"].see(f"/requests/{tale.request_id}/hand-offs")["hand_offs"]
    return {one["source"]: one["state"] for one in seen}


# --- b2: the home state pays -----------------------------------------------------------------------------


@then("the home state is worth applying to, and our own fund waits for a person")
def home_state_first(story: Any) -> None:
    answers = story.progress["answers"]
    assert (answers["interstate_compact"], answers[OWN]) == ("worth_applying", "needs_staff_decision")


@then("nobody may hand it over before a consent names the home state")
def no_consent_yet(story: Any, tale: Tale) -> None:
    body = {"source": "interstate_compact", "told": "The Compact office, by telephone."}
    story.tries("Ana", f"/requests/{tale.request_id}/hand-offs", body)
    assert story.answer.status_code in (403, 409)
    assert "consent" in story.answer.json()["detail"]


@when("mother and son sign that the home state may be told, and Ana hands the case over")
def hands_over_to_home_state(tale: Tale) -> None:
    lives(tale, "b2", "consent", "hand_off")
    assert handed_over(tale) == {"interstate_compact": "helped"}


@when("Ana finds that the home state pays")
def home_state_pays(tale: Tale) -> None:
    lives(tale, "b2", "decide")


@then("the request ends kindly: another payer helps, and nobody is refused")
def ends_kindly(story: Any) -> None:
    story.town.work()
    assert story.progress["stage"] == "paid_elsewhere"
    assert story.progress["refusal"] is None


@then("the family's page says so, and no letter says no")
def page_says_so(story: Any, tale: Tale) -> None:
    assert story.progress["documents"] == []
    link = tale.act("make the family's link", "/family-link")
    phone = browser(story.town.house)
    phone.get(f"/f/{link['token']}")
    phone.post("/family", data={"pin": link["pin"]})
    assert "Alguien más ayuda con este viaje" in text(phone.get("/family"))


@then("nothing of our money is set aside")
def nothing_set_aside(story: Any) -> None:
    assert story.progress["plan"] is None
    with story.town.house.db.read() as session:
        assert not any(b.reserved or b.obligated for b in books.balances(session))


# --- h: missing from care --------------------------------------------------------------------------------


@then("nothing is asked about a household")
def no_household(story: Any) -> None:
    assert story.progress["questions"] == []
    met = {r["id"]: r["outcome"] for r in source(story, OWN)["requirements"]}
    assert met["DR-05"] == "met"
    assert story.draft.get("household") is None


@then("tribal police are named as who verifies the case")
def tribal_police(story: Any) -> None:
    assert "tribal police" in story.draft["case"]["verifying_agency"]
    met = {r["id"]: r["outcome"] for r in source(story, OWN)["requirements"]}
    assert met["DR-08"] == "met"


@then(parsers.parse("the county is repaid {amount} for the drive and the meals"))
def county_repaid(story: Any, amount: str) -> None:
    assert Money.parse(amount).cents in [i["amount"] for i in story.progress["instructions"]]


@given("nobody has written down who releases the child")
def nobody_released(story: Any) -> None:
    story.draft["return_authority"]["released_by"] = None


@then("it is not taken before that is said")
def not_taken(story: Any) -> None:
    ana = story.town.person("ana")
    kept = ana.act(story.town.diary, "enter the request", "/requests", story.draft)
    story.tries("Ana", f"/requests/{kept['id']}/submission")
    assert story.answer.status_code == 422
    assert [p["pointer"] for p in story.answer.json()["errors"]] == ["/return_authority/released_by"]
