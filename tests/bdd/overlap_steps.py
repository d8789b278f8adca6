"""The same boy asked for by both sides; what each may know of the other."""

from __future__ import annotations

from typing import Any

from pytest_bdd import given, then, when

from reunify.sandbox.people import PEOPLE_BY_NAME

WHY = "Both sides were spoken to; only one of the two seats is kept."


@given("Ana entered story b for the mother")
def ana_entered(story: Any) -> None:
    story.enter(story.family("b"))
    story.mothers = story.progress["reference"]


@when("Eli of another team enters it for the father")
def eli_enters(story: Any) -> None:
    draft = story.family("b")
    draft["travelers"][0] |= {"name": "Tomas Quintero", "birth_date": "1984-02-11"}
    _enter(story, draft)


@when("Eli of another team enters another family")
def eli_enters_another(story: Any) -> None:
    _enter(story, story.family("d"))


def _enter(story: Any, draft: dict[str, Any]) -> None:
    story.town.hire(PEOPLE_BY_NAME["eli"])
    eli = story.town.person("eli")
    story.request_id = str(eli.act(story.town.diary, "enter the request", "/requests", draft)["id"])
    story.tries("Eli", f"/requests/{story.request_id}/submission")


@then("it is not taken: he reads the other reference and whom to call, and nothing of the other family")
def not_taken(story: Any) -> None:
    assert story.answer.status_code == 422
    (error,) = story.answer.json()["errors"]
    assert error["pointer"] == "/overlap_reason"
    assert f"Request {story.mothers} of another team overlaps with this one: call Ana" in error["detail"]
    assert not any(word in story.answer.text for word in ("Marisol", "Mateo", "2026-11"))


@when("he says why it goes on")
def says_why(story: Any) -> None:
    story.tries("Eli", f"/requests/{story.request_id}/submission", {"overlap_reason": WHY})


@then("it is taken")
def taken(story: Any) -> None:
    assert story.answer.status_code == 202


@then("Ben reads the reason beside the award")
def ben_reads(story: Any) -> None:
    story.town.work()
    award = story.town.person("eli").see(f"/requests/{story.request_id}/progress")["award"]["id"]
    page = story.town.person("ben").reads(f"/awards/{award}")
    assert WHY in page
    assert story.mothers in page
