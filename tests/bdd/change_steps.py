"""What happens when a family's story changes after people have decided."""

from __future__ import annotations

from typing import Any

from pytest_bdd import given, parsers, then, when

from reunify.kernel.people import Role
from reunify.sandbox.people import DemoPerson
from tests.bdd.staff_moves import OLGA, hired, lend, moves_to

EVE = DemoPerson(
    "eve", "Eve Marsh", "ribbon-castle-61", frozenset({Role.FINANCE_APPROVER, Role.FINANCE_RELEASER})
)


def answer(story: Any, who: str, answers: dict[str, Any]) -> None:
    path = f"/requests/{story.request_id}/answers"
    story.act(who, "answer", path, {"answers": answers})
    story.town.work()


@given("her award has been released")
def award_released(story: Any) -> None:
    hired(story, OLGA, EVE)
    story.act("Eve", "approve and release", f"{story.award_path}/approval-and-release")
    story.town.work()
    assert story.progress["stage"] == "paying"


@when("her phone number changes")
def phone_changes(story: Any) -> None:
    answer(story, "Ana", {"/travelers/0/contact/phone": "+1 918 555 0199"})


@when("the payee's name changes")
def payee_changes(story: Any) -> None:
    answer(story, "Ana", {"/payees/0/name": "Somebody Else"})


@when("Ana records that the journey is not safe or lawful")
def not_safe(story: Any) -> None:
    answer(story, "Ana", {"/return_authority/decision": "not_safe_or_lawful"})


@when("a taxi is added to the costs")
def taxi_added(story: Any) -> None:
    lines = [*story.draft["cost_lines"], {**story.draft["cost_lines"][2], "key": "taxi-2"}]
    answer(story, "Ana", {"/cost_lines": lines})


@when("Eve, who released it and now covers for Ana, changes the phone number")
def releaser_changes(story: Any) -> None:
    moves_to(story, "eve", Role.RULES_AUTHOR)
    lend(story, "ana", "eve", Role.CASE_MANAGER)
    answer(story, "Eve", {"/travelers/0/contact/phone": "+1 918 555 0199"})


@then(parsers.re(r"her payment (?P<can>can|cannot) be logged"))
def may_be_logged(story: Any, can: str) -> None:
    (at,) = story.progress["instructions"]
    body = {
        "instrument": "check",
        "external_reference": "1042",
        "paid_on": story.town.clock().date().isoformat(),
        "evidence": "Check seen",
    }
    story.tries("Ben", f"/payments/{at['id']}/record", body)
    assert story.answer.status_code == (201 if can == "can" else 409)


@then("a person is asked to look")
def person_asked(story: Any) -> None:
    assert story.progress["stage"] == "needs_person"


@when("Ben declines it because the dates overlap")
def declined(story: Any) -> None:
    story.act("Ben", "decline", f"{story.award_path}/decline", {"reason": "The dates overlap"})
    story.town.work()
    assert story.progress["stage"] == "declined"


@given("the request has been refused")
def refused(story: Any) -> None:
    story.enter(story.draft)
    refusal = story.progress["refusal"]["id"]
    story.act("Ana", "confirm the refusal", f"/refusals/{refusal}/confirmation")
    story.town.work()
    assert story.progress["stage"] == "refused"


@when("the report number turns out to be wrong")
def report_wrong(story: Any) -> None:
    answer(story, "Ana", {"/case/report_number": None})


@when("the income is not known after all")
def income_unknown_after_all(story: Any) -> None:
    answer(story, "Ana", {"/household/yearly_income_cents": None})


@then("the request asks its question again")
def asks_again(story: Any) -> None:
    assert story.progress["stage"] == "question"


@then("only one refusal letter was ever made")
def one_refusal_letter(story: Any) -> None:
    kinds = [d["kind"] for d in story.progress["documents"]]
    assert kinds.count("refusal_letter") == 1
