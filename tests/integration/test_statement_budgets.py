"""How many statements an act or a page may ask of PostgreSQL. One more needs a reason, written down here.

Numbers, not milliseconds: they are the same on every machine, and a question asked for each row shows.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from flows import assess, disburse
from reunify.adapters.embedded_postgres import Urls
from reunify.approval import queries as approval
from reunify.bookings.policy import Step, ToBook
from reunify.bootstrap import House
from reunify.db import Database
from reunify.disbursement import queries as disbursement
from reunify.disbursement import sending
from reunify.identity.queries import staff_id
from reunify.intake import actions as intake
from reunify.kernel.ids import InstructionId, RequestId, VersionId
from reunify.kernel.people import Staff
from reunify.reporting import progress
from reunify.rules import actions as rule_actions
from reunify.rules import queries as rules
from reunify.sandbox.families import sample_families
from reunify.sandbox.people import PEOPLE_BY_NAME
from reunify.web import award_acts, booking_acts
from tests.integration.desk_world import boy
from tests.integration.people_world import standing
from tests.integration.sf425_world import Q1, TRANSPORT, Award, at, settled
from tests.lasting import lasting_database
from tests.town import NOW, Town, built
from tests.web.pages_world import TestClient, browser, signed_in

FAMILIES = 50
CHECKED = 3
BOY = next(f.draft for f in sample_families(NOW.date()) if f.letter == "b")


@dataclass
class Ear:
    """Hears every statement of one engine."""

    heard: list[str]

    @contextmanager
    def at_most(self, most: int) -> Iterator[None]:
        self.heard.clear()
        yield
        if not 0 < len(self.heard) <= most:
            pytest.fail("\n".join([f"{len(self.heard)} statements, not {most}:", *self.heard]))


@dataclass(frozen=True)
class Place:
    """Fifty families are entered, three of them checked; their requests, the checked first."""

    town: Town
    ear: Ear
    staff: dict[str, Staff]
    asked: list[RequestId]

    @property
    def house(self) -> House:
        return self.town.house

    def award(self, request_id: RequestId) -> UUID:
        with self.house.db.read() as session:
            award = approval.newest_award(session, request_id)
        assert award is not None
        return award.id


@pytest.fixture(scope="module")
def place(
    server: Urls, administrator: sa.Engine, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    data = tmp_path_factory.mktemp("budgets")
    with (
        lasting_database(server, administrator, template) as db,
        built(db, data, settle_after=None) as town,
    ):
        with db.read() as session:
            staff = {
                name: Staff(staff_id(session, name), name, PEOPLE_BY_NAME[name].roles)
                for name in ("ana", "ben", "carla")
            }
        made = Place(town, listening(db), staff, [])
        for number in range(FAMILIES):
            request_id = entered(made, number)
            if number < CHECKED:
                assert assess.assess(made.house, [submitted(made, request_id)], None) == 1
            made.asked.append(request_id)
        yield made


def listening(db: Database) -> Ear:
    ear = Ear([])

    def hear(_: Any, __: Any, statement: str, *___: Any) -> None:
        ear.heard.append(" ".join(statement.split())[:160])

    sa.event.listen(db.engine, "before_cursor_execute", hear)
    return ear


def entered(place: Place, number: int, like: dict[str, Any] = BOY) -> RequestId:
    """A family of its own: another child, another mother."""
    draft = copy.deepcopy(like)
    for person in (draft["case"]["child"], *draft["travelers"]):
        person["name"] = f"{person['name']} {number}"
    with place.house.db.work() as session:
        return intake.create(session, draft=draft, by=place.staff["ana"], now=NOW).id


def submitted(place: Place, request_id: RequestId) -> VersionId:
    with place.house.db.work() as session:
        return intake.submit(
            session, request_id=request_id, case_types=place.house.case_types, by=place.staff["ana"], now=NOW
        )


# Acts ------------------------------------------------------------------------------------------------------
def test_entering_and_submitting(place: Place) -> None:
    """A new key for the request, for its booking facts and for the child, each with the row it seals; the
    child is looked for among those known; the rules in force, which must cover the trip; the audit row;
    the turn of each traveler, who is looked for in other requests, and where they are by this one."""
    with place.ear.at_most(7):
        request_id = entered(place, 1000)
    with place.ear.at_most(16):
        submitted(place, request_id)


def test_a_check(place: Place) -> None:
    """What is in force held, the request's lock, the version, the child's turn; rules and what they read;
    payees and the consent told with them; each source's terms and conditions, limits, balances and one
    posting; the award and who is behind it; audit rows, at each flush."""
    version = submitted(place, entered(place, 1001))
    with place.ear.at_most(40):
        assert assess.assess(place.house, [version], None) == 1


def test_a_second_check(place: Place) -> None:
    """Nothing is registered or asked anew. What stood on the first version is replaced, its reservation
    freed: one posting more, with its own look for a repeat. Whether a source is released in parts is asked
    before anything is given back."""
    request_id = place.asked[2]
    with place.house.db.work() as session:
        version = intake.check_again(
            session, request_id=request_id, case_types=place.house.case_types, by=place.staff["ana"], now=NOW
        )
    with place.ear.at_most(43):
        assert assess.assess(place.house, [version], None) == 1


def test_approving_releasing_and_paying(place: Place) -> None:
    """Each act takes the request's lock, then the award's, and reads anew all that the digest covers. Paying
    reads the digest twice (to instruct, to send) and the consent at each step before Stripe hears of anybody.
    """
    award_id = place.award(place.asked[1])
    with place.ear.at_most(22):
        award_acts.approve(place.house, award_id, place.staff["ben"])
    with place.ear.at_most(20):  # one asks whether each fund's period still covers today
        award_acts.release(place.house, award_id, place.staff["carla"])
    with place.ear.at_most(42):  # four payees' consents, four instructions
        assert disburse.instruct(place.house, [award_id], None) == 1
    with place.house.db.read() as session:
        ready = [made.id for made in disbursement.to_send(session, now=NOW)]
    assert ready
    # The recipient, the attempt, the call, the outcome: a transaction for each. That nothing is quiet, paid
    # in an outage, tried before or changed about the consent since it was read is one question.
    with place.ear.at_most(39):
        assert disburse.disburse(place.house, list(ready), None) == len(ready) == 1


def test_paying_several_at_once(place: Place) -> None:
    """Twenty for all of them: what stands about their payees, the locks, what they pay from, the attempts,
    their audit rows and what came of them are a question each. Eleven more for each payment, all of them to
    read its digest anew.
    """
    ready = [made for number in range(1010, 1013) for made in to_pay(place, number)]
    db, gateway, clock = place.house.db, place.house.gateway, place.house.now
    assert gateway is not None
    for one in ready:
        assert sending.ensure_recipient(db, gateway, instruction_id=one, by=disburse.BY, clock=clock)
    with place.ear.at_most(20 + 3 * 11):
        assert disburse.disburse(place.house, [*ready], None) == len(ready) == 3


def to_pay(place: Place, number: int) -> list[InstructionId]:
    """A family's payments, released and instructed."""
    request_id = entered(place, number)
    assert assess.assess(place.house, [submitted(place, request_id)], None) == 1
    award = place.award(request_id)
    award_acts.approve(place.house, award, place.staff["ben"])
    award_acts.release(place.house, award, place.staff["carla"])
    assert disburse.instruct(place.house, [award], None) == 1
    with place.house.db.read() as session:
        return [made.id for made in disbursement.to_send(session, now=NOW) if made.award == award]


def test_booking_several_lines_in_one_act(place: Place) -> None:
    """The digest as it stands, the plan and the list read once, what each line holds locked in one question.
    Each line more costs thirteen: what became of it, its event, its audit row, one posting that binds us to
    the price and one that frees the rest. The first act opens the list, two statements for each of its lines.
    The worker's bell is rung from a thread of its own, and may be heard in the next act.
    """
    request_id = entered(place, 1002, boy())
    assert assess.assess(place.house, [submitted(place, request_id)], None) == 1
    award = place.award(request_id)
    award_acts.approve(place.house, award, place.staff["ben"])
    award_acts.release(place.house, award, place.staff["carla"])
    told = [
        ToBook(key, Step.TICKETED, "Prairie Air", "QK7P2M", 100, 0, "invoice")
        for key in ("fare-child", "fare-mother", "night-1")
    ]
    with place.ear.at_most(41):
        booking_acts.book(place.house, award, told[:1], place.staff["ana"])
    with place.ear.at_most(43):
        booking_acts.book(place.house, award, told[1:], place.staff["ana"])


# Pages -----------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def ana(place: Place) -> TestClient:
    return signed_in(place.house, "ana")


@pytest.fixture(scope="module")
def ben(place: Place) -> TestClient:
    return signed_in(place.house, "ben")


def opened(place: Place, page: TestClient, path: str, most: int) -> None:
    page.get(path)
    with place.ear.at_most(most):
        assert page.get(path).status_code == 200


def test_the_work_list_of_fifty_requests(place: Place, ana: TestClient) -> None:
    """Three questions who is calling, six for the stages, one each for second looks, for funders to ask
    again, for reservations that run out, for facts owed, hand-offs, what reached nobody by phone, whom
    else a family can call and the desk, of any of her families, however old; and none for each request."""
    opened(place, ana, "/", 24)


@pytest.fixture(scope="module")
def asked_to_stop(place: Place) -> int:
    """Noor has asked to suspend every source; how many there are."""
    place.town.hire(PEOPLE_BY_NAME["sam"])
    with place.house.db.work() as session:
        by = standing(session, staff_id(session, "noor"), NOW)
        listed = rules.in_force(session).versions
        for source in sorted(listed):
            rule_actions.ask_suspension(session, source=source, reason="It harms", by=by, now=NOW)
    return len(listed)


@pytest.mark.parametrize(
    ("who", "waits", "most"), [("ada", True, 22), ("noor", False, 15), ("sam", True, 28)]
)
def test_the_work_list_of_who_may_act_on_rules(
    place: Place, asked_to_stop: int, who: str, waits: bool, most: int
) -> None:
    """A question each for what of the rules and of the letters waits; none for each version or ask."""
    page = signed_in(place.house, who)
    opened(place, page, "/", most)
    assert page.get("/").text.count("suspend this source?") == (asked_to_stop if waits else 0)


def test_one_request(place: Place, ana: TestClient) -> None:
    """Five questions who is calling and whether the case is theirs; then each room once, whether new rules
    owe it a second look, whether a funder was asked, and the facts its need is scored by; its bookings,
    what people decided, and whether it is quiet."""
    opened(place, ana, f"/requests/{place.asked[0]}", 31)


def test_requests_to_others(place: Place, ana: TestClient) -> None:
    """One question for all consents and one for all bookings, however many legs and partners there are."""
    opened(place, ana, f"/requests/{place.asked[0]}/outside", 14)


def test_one_request_as_finance_sees_it(place: Place, ben: TestClient) -> None:
    opened(place, ben, f"/requests/{place.asked[0]}", 24)  # whether it is quiet


def test_finances_queue(place: Place, ben: TestClient) -> None:
    """However much waits: nothing is asked for each award, refusal, payment, card in trouble or item in
    suspense. One question for suspense, one for the last proofs, one for the lines of vendors' bills."""
    opened(place, ben, "/finance", 23)


def test_the_accounts_and_suspense(place: Place, ben: TestClient) -> None:
    """The last proofs are one question, and the differences, and each account's sum in the books."""
    opened(place, ben, "/cash", 11)
    opened(place, ben, "/suspense", 8)


def test_one_award(place: Place, ben: TestClient) -> None:
    """With the rules in force, to say which were suspended since; its card, or whether it needs one; why
    another request of the same people goes on; and who was told at night."""
    opened(place, ben, f"/awards/{place.award(place.asked[0])}", 26)


def test_what_lapses_and_what_looks_paid_twice(place: Place, ben: TestClient) -> None:
    """Three families' money is set aside; nothing is asked for each of them."""
    opened(place, ben, "/funds/forecast", 17)
    opened(place, ben, "/funds/duplicates", 14)


def test_the_report_to_the_funder(place: Place, ben: TestClient) -> None:
    """The sums of all entries are one question, so are those dated later, and what changed since a report."""
    award = Award(place.house.db, settled(place.house.db)).open({TRANSPORT: 100_000}, at(1, 2))
    award.draw(1_000, at(2, 1))
    opened(place, ben, f"/funds/{award.code}/sf425?quarter=2026Q1", 11)
    award.prepare(Q1, at(4, 1))
    opened(place, ben, f"/funds/{award.code}/sf425?quarter=2026Q1", 13)


def test_a_familys_page(place: Place, ana: TestClient) -> None:
    page = ana.post(f"/requests/{place.asked[0]}/links", data={"reader": "mother"})
    address, _, pin = re.findall(r'class="(?:secret|code)[^"]*">([^<]+)<', page.text)
    phone = browser(place.house)
    phone.get(address.removeprefix(place.house.settings.own_url))
    assert phone.post("/family", data={"pin": pin}).status_code == 200
    opened(place, phone, "/family", 24)  # with its bookings, whom else they can call, and whether it is quiet


# What the savings must not change --------------------------------------------------------------------------
def test_one_request_is_told_the_same_stage_as_the_list_tells(place: Place) -> None:
    with place.house.db.read() as session:
        listed = progress.stages(session, place.asked)
        told = {i: progress.of(session, request_id=i).stage for i in place.asked[: CHECKED + 1]}
    assert told == {i: listed[i] for i in told}
    assert len(set(told.values())) > 1
