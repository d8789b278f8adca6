"""A family reads on paper what was paid: when it reaches them, and all of it once the trip is over."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from flows import payment_papers
from reunify.adapters.embedded_postgres import Urls
from reunify.adapters.pdf_converter import CannotMakePdf, DxpdfConverter
from reunify.approval import queries as approval
from reunify.disbursement import actions as disbursement
from reunify.documents import queries
from reunify.documents.queries import Document
from reunify.funds import queries as sources
from reunify.intake import outcomes
from reunify.intake.outcome_policy import Outcome
from reunify.kernel.ids import InstructionId, RequestId
from reunify.kernel.money import Money
from reunify.reporting import progress, telling
from reunify.sandbox.families import sample_family
from reunify.web.pages import family_plan
from tests.integration.closeout_world import GIFT, OWN, STATE, Closing
from tests.lasting import lasting_database
from tests.town import NOW, built
from tests.unit.test_documents_samples import text_of

ADVICE, CLOSEOUT = "payment_advice", "closeout_letter"


class Quick(DxpdfConverter):
    """What the letters look like as PDF is looked at where they are rendered."""

    def convert_each(self, documents: Sequence[bytes]) -> list[bytes | CannotMakePdf]:
        return [b"%PDF-1.7 of " + str(len(one)).encode() for one in documents]


@pytest.fixture(scope="module")
def house(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Closing]:
    data = tmp_path_factory.mktemp("papers")
    with (
        lasting_database(server, administrator, settled_template) as db,
        built(db, data) as town,
    ):
        town.house = replace(town.house, converter=Quick())
        yield Closing(town)


@pytest.fixture
def closing(house: Closing) -> Closing:
    house.begin()
    return house


def turn(closing: Closing) -> int:
    """What both kinds of work find and do now."""
    works, db = payment_papers.works(closing.town.house), closing.town.house.db
    return sum(work.run(work.find(db, 100), None) for work in works)


def papers(closing: Closing, request: RequestId, kind: str) -> list[Document]:
    """Oldest first."""
    with closing.read() as session:
        found = queries.list_for_request(session, request)
    return sorted((d for d in found if d.kind == kind), key=lambda d: (d.household, d.revision))


def said(closing: Closing, paper: Document) -> str:
    with closing.read() as session:
        return text_of(queries.content(session, paper.id, "docx").body)


def sent_back(closing: Closing, request: RequestId) -> InstructionId:
    """The bank returns the one payment of the request, and the house hears of it."""
    answer = httpx.post(
        f"{closing.town.stripe_url}/_control/payments/{closing.payment(request)}/return", json={}
    )
    answer.raise_for_status()
    closing.town.clock.at += timedelta(hours=1)
    closing.town.work()
    (made,) = closing.town.progress(str(request))["instructions"]
    assert made["state"] == "returned"
    return InstructionId(UUID(made["id"]))


def listed(closing: Closing, request: RequestId, *, came_back: bool = False) -> list[tuple[str, str]]:
    """Papers as the mother's page lists them: what kind, and of which day. `came_back`: all of the money."""
    with closing.read() as session:
        now, seen = progress.of(session, request_id=request), family_plan.seen_by(session, request, "mother")
        assert seen is not None
        if came_back:
            now = replace(now, instructions=tuple(replace(i, state="returned") for i in now.instructions))
        found = family_plan.papers(family_plan.own_documents(session, request, seen), "en", now)
    return [(one.kind, one.day) for one in found if one.kind in (ADVICE, CLOSEOUT)]


def by_fund(closing: Closing, cents: dict[str, int]) -> str:
    """As the paper names who bears a line: public names, with amounts where several do."""
    with closing.read() as session:
        return " and ".join(
            f"{sources.fund_called(session, code).public_name} {Money(part)}" for code, part in cents.items()
        )


def pays_again(closing: Closing, instruction: InstructionId) -> None:
    with closing.work() as session:
        by, now = closing.staff["carla"], closing.town.clock()
        disbursement.try_again(session, instruction_id=instruction, by=by, now=now)
    closing.town.clock.at += timedelta(hours=1)
    closing.town.work()


def test_a_payment_is_told_once_and_one_that_came_back_only_when_it_is_paid_again(closing: Closing) -> None:
    request = closing.paid_out()
    turn(closing)
    (first,) = papers(closing, request, ADVICE)
    told = said(closing, first)
    assert "On Wednesday, November 25, 2026 we paid $400.00 to you by bank transfer." in told
    assert "Your bank may need until Monday, November 30, 2026 to show it." in told
    assert "came back" not in told
    turn(closing)
    assert len(papers(closing, request, ADVICE)) == 1
    with closing.read() as session:
        news = [n for n in telling.news(session, now=closing.town.clock(), limit=50) if n.payee == "mother"]
    assert [n.move for n in news if n.request_id == request] == [f"document:{first.id}"]
    assert listed(closing, request) == [(ADVICE, "November 25, 2026")]

    instruction = sent_back(closing, request)
    turn(closing)
    assert len(papers(closing, request, ADVICE)) == 1
    assert listed(closing, request) == [], "no paper is shown of money that is not there"
    bounced = "Money came back: do not hand out"
    assert bounced in closing.town.person("ana").reads(f"/requests/{request}")
    pays_again(closing, instruction)
    turn(closing)
    before, again = papers(closing, request, ADVICE)
    assert (before.id, again.revision) == (first.id, 1)
    assert "An earlier payment came back to us. This is the one that counts." in said(closing, again)
    assert len(listed(closing, request)) == 1
    assert bounced not in closing.town.person("ana").reads(f"/requests/{request}")


def test_what_is_no_longer_so_once_the_papers_are_made_is_not_kept(closing: Closing) -> None:
    request = closing.paid_out()
    closing.later(4)

    class Slow(Quick):
        def convert_each(self, documents: Sequence[bytes]) -> list[bytes | CannotMakePdf]:
            sent_back(closing, request)
            return super().convert_each(documents)

    house = replace(closing.town.house, converter=Slow())
    _, close = payment_papers.works(house)
    close.run(close.find(house.db, 100), None)
    assert papers(closing, request, CLOSEOUT) == []


def test_the_closing_letter_says_what_the_books_say_until_all_goes_quiet(closing: Closing) -> None:
    request = closing.paid_out()
    closing.later(3)  # the last day of the trip
    turn(closing)
    assert papers(closing, request, CLOSEOUT) == []
    closing.later(4)
    moved, asked = closes(closing, request)
    assert moved == 1
    assert asked <= 69, "drafted twice, before it is made and where it is kept; one more needs a reason"
    turn(closing)  # the other families' trips are over too
    assert turn(closing) == 0
    closing.move(request, 25_000)
    turn(closing)
    closing.verify(request, closing.pays_back(request, 10_000))
    turn(closing)
    letters = [said(closing, paper) for paper in papers(closing, request, CLOSEOUT)]
    assert closing.lies(request) == {OWN: 15_000, GIFT: 15_000}
    assert by_fund(closing, {OWN: 15_000, GIFT: 25_000}) in letters[1]
    for code, cents in {OWN: 15_000, GIFT: 15_000, STATE: 10_000}.items():
        assert by_fund(closing, {code: cents}) in letters[2]
    assert [text.count("$400.00") for text in letters] == [2, 2, 2], "the line and the total, to the cent"
    replaces = "This letter takes the place of the one we sent before."
    assert [replaces in text for text in letters] == [False, True, True]
    assert all("Please send what you still have by January 27, 2027." in text for text in letters)
    assert listed(closing, request)[0] == (CLOSEOUT, "")
    assert listed(closing, request, came_back=True) == []

    closing.verify(request, closing.pays_back(request, 5_000, bank_reference="WIRE-78"))
    goes_quiet(closing, request)
    turn(closing)
    assert len(papers(closing, request, CLOSEOUT)) == 3


def closes(closing: Closing, request: RequestId) -> tuple[int, int]:
    """This one trip, and how many statements that asks of PostgreSQL."""
    house, heard = closing.town.house, list[str]()

    def hear(connection: object, cursor: object, statement: str, *rest: object) -> None:
        heard.append(statement)

    with closing.read() as session:
        award = approval.newest_award(session, request)
    assert award is not None
    _, close = payment_papers.works(house)
    sa.event.listen(house.db.engine, "before_cursor_execute", hear)
    try:
        return close.run([award.id], None), len(heard)
    finally:
        sa.event.remove(house.db.engine, "before_cursor_execute", hear)


def goes_quiet(closing: Closing, request: RequestId) -> None:
    now = closing.town.clock()
    with closing.work() as session:
        outcomes.record(
            session,
            request_id=request,
            outcome=Outcome.MISSING_AGAIN,
            reason="Told by the police this morning.",
            by=replace(closing.staff["ana"], proved_at=now),
            now=now,
        )


def test_two_households_each_read_what_was_paid_for_them_alone(closing: Closing) -> None:
    draft = of_two_households()
    request = RequestId(UUID(closing.town.submitted(draft)))
    closing.released(request)
    closing.town.work()
    closing.later(10)
    turn(closing)
    for kind in (ADVICE, CLOSEOUT):
        hers, his = papers(closing, request, kind)
        assert (hers.household, his.household, his.language) == ("hers", "his", "es")
        assert "Tanisha Bell" in said(closing, hers)
        assert "$112.00" in said(closing, hers)
        assert "Marcus" not in said(closing, hers)
        assert "$36.00" in said(closing, his)
        assert "Tanisha" not in said(closing, his)


def of_two_households() -> dict[str, Any]:
    """Each parent rides for their own money; his letters are in Spanish."""
    draft = copy.deepcopy(sample_family("f", NOW.date()).draft)
    draft["case"]["report_number"] = "SG-26-30981"
    mother, bus, payee = draft["travelers"][0], draft["cost_lines"][0], draft["payees"][0]
    contact = mother["contact"] | {"language": "es", "email": "marcus.bell@example.org"}
    father = mother | {"key": "father", "name": "Marcus Bell", "household": "his", "contact": contact}
    mother["household"] = "hers"
    draft["travelers"].append(father)
    draft["legs"] = [leg | {"household": "hers"} for leg in draft["legs"]]
    draft["legs"].append(draft["legs"][0] | {"key": "his-out", "travelers": ["father"], "household": "his"})
    him = {"key": "father", "name": "Marcus Bell", "traveler": "father", "email": "marcus.bell@example.org"}
    draft["payees"].append(payee | him)
    his = {"key": "bus-father", "payee": "father", "traveler": "father", "household": "his"}
    cheap = {"quote_cents": 3600, "ceiling_cents": 3600}
    draft["cost_lines"] = [bus | {"household": "hers"}, bus | his | cheap]
    return draft


def test_a_payment_whose_paper_nobody_may_read_holds_up_no_other(closing: Closing) -> None:
    shared, theirs = UUID(int=1), UUID(int=2)
    house = closing.town.house

    def waits(*_: object, limit: int, **__: object) -> list[UUID]:
        return [shared, theirs][:limit]

    turn = payment_papers.Turn(house, timedelta(0), waits, lambda *_, **__: [])
    assert turn.find(house.db, 1) == [shared]
    assert turn.run([shared], None) == 0
    assert turn.find(house.db, 1) == [theirs]
    closing.town.clock.at += timedelta(hours=1)
    assert turn.find(house.db, 1) == [shared], "asked anew: somebody may have said whose it is"
