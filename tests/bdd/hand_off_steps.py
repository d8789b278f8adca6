"""A family handed over to somebody else's source: consent, card, follow-up and what became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from pytest_bdd import given, parsers, then, when

from reunify.consent import actions as consent
from reunify.consent.actions import Paper
from reunify.consent.policy import Recipient, RecipientKind, Told
from reunify.intake import queries as intake
from reunify.intake import signers
from reunify.kernel.ids import RequestId
from tests.bdd.emergency_steps import submits
from tests.bdd.staff_moves import acting
from tests.web.pages_world import signed_in, text

COMPACT = "interstate_compact"
_BECAME = {"helped": "helped", "did not help": "did_not", "gave no answer": "no_answer"}
TOLD = {"source": COMPACT, "told": "The Compact office was called at seven; a form follows by e-mail."}


@given("Ana entered the boy in Atlanta, held over 24 hours")
def entered_held(story: Any) -> None:
    submits(story, held_over_24_hours="yes")


@given("the domestic fund asks a person which Compact office was asked to pay")
def asks_a_person(story: Any) -> None:
    assert story.progress["answers"]["domestic_reunification"] == "needs_staff_decision"


def agreed(story: Any, recipient: str, *givers: str) -> None:
    now = story.town.clock()
    request_id = RequestId(UUID(story.request_id))
    with story.town.house.db.work() as session:
        by = acting(session, "ana", now)
        content = intake.newest_version(session, request_id).content
        asked = consent.ask(
            session,
            request_id=request_id,
            recipient=Recipient(RecipientKind.AGENCY, recipient),
            what=Told.CASE_SUMMARY,
            about="child",
            by=by,
            now=now,
        )
        for giver in givers:
            consent.record_paper(
                session,
                ask=asked,
                needed=signers.needed_for(content, "child", on=now.date()),
                giver=giver,
                name=signers.called(content, giver),
                months=3,
                paper=Paper("Sample folder, page 7", by.id),
                language="es",
                by=by,
                now=now,
            )


@given(parsers.parse('his mother and he agreed that "{recipient}" may be told about him'))
def both_agreed(story: Any, recipient: str) -> None:
    agreed(story, recipient, "child", "adult")


@given(parsers.parse('his mother alone agreed that "{recipient}" may be told about him'))
def one_agreed(story: Any, recipient: str) -> None:
    agreed(story, recipient, "adult")


@given("Ana handed him over to his home state", target_fixture="hand_off")
def handed_over(story: Any) -> dict[str, Any]:
    path = f"/requests/{story.request_id}/hand-offs"
    made: dict[str, Any] = story.town.person("ana").act(story.town.diary, "hand over", path, TOLD)
    assert made["state"] == "handed_over"
    return made


@when("Ana tries to hand him over to his home state")
def tries(story: Any) -> None:
    story.tries("Ana", f"/requests/{story.request_id}/hand-offs", TOLD)


@then(parsers.parse('the refusal says: "{sentence}"'))
def refusal_says(story: Any, sentence: str) -> None:
    assert story.answer is not None
    assert story.answer.json()["detail"] == sentence


@when(parsers.re(r"Ana writes down that it (?P<became>helped|did not help|gave no answer)"))
def writes_down(story: Any, became: str, hand_off: dict[str, Any]) -> None:
    body = {"outcome": _BECAME[became], "reason": "The office in Texas called back and said so."}
    story.act("Ana", "write down what became of it", f"/hand-offs/{hand_off['id']}/outcome", body)
    story.town.work()


def _listed(story: Any) -> bool:
    return "Handed over to others, to ask about again" in text(signed_in(story.town.house, "ana").get("/"))


@then(parsers.re(r"Ana's work list (?P<shows>shows|does not show) the hand-off"))
def on_the_list(story: Any, shows: str) -> None:
    assert _listed(story) == (shows == "shows")


@then("the hand-off is off Ana's work list, two days later")
def off_the_list(story: Any) -> None:
    story.town.clock.at += timedelta(days=2)
    assert not _listed(story)
