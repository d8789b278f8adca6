"""One sample family's story as people live it: every step is an act of a named person, over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from reunify.sandbox import desk
from reunify.sandbox.driver import Diary, Person, StoryBroke, family_reads
from reunify.sandbox.families import Family
from reunify.sandbox.tale import SETTLED, Tale, Team

_BY_UNIT = {"cents": "vendor_payment", "night": "hotel_night", "mile": "airline_miles"}
_TO_DECIDE = re.compile(r'name="requirement" value="([^"]+)"')
_ASKS = re.compile(r'/asks/([0-9a-f-]{36})/decisions"')
_SECOND_LOOKS = re.compile(r'/funder-decisions/([0-9a-f-]{36})/confirm"')
_CONSENT_ASKS = re.compile(r'name="ask" value="([0-9a-f-]{36})"')
_TOLD = re.compile(r'name="told" value="([0-9a-f-]{36})"')


def enter(ana: Person, diary: Diary, draft: dict[str, Any]) -> str:
    request_id = str(ana.act(diary, "enter the request", "/requests", draft)["id"])
    ana.act(diary, "submit it", f"/requests/{request_id}/submission")
    return request_id


def live_through(team: Team, family: Family, diary: Diary) -> dict[str, Any]:
    """From the telephone call to the end of the story; the last progress. Raises StoryBroke."""
    tale = Tale(team, diary, enter(team["ana"], diary, family.entered))
    progress = tale.checked("a first check")
    if family.answers:
        progress = answer(tale, family.answers, progress)
    for told in family.story:
        ACTS[told["act"]](tale, told)
        progress = tale.checked()
    if progress["stage"] == "refusal_to_confirm":
        refusal = f"/refusals/{progress['refusal']['id']}/confirmation"
        team["ana"].act(diary, "confirm the refusal", refusal)
    elif progress["stage"] == "awaiting_approval":
        agree(tale, progress["award"])
        if family.bookings:
            desk.book(tale, progress["award"]["id"], family.bookings)
    progress = paid_or_refused(tale)
    family_reads(team.base, tale.act("make the family's link", "/family-link"))
    return progress


def answer(tale: Tale, answers: dict[str, Any], progress: dict[str, Any]) -> dict[str, Any]:
    """What was asked, all of it and nothing else."""
    asked = {q["pointer"] for q in progress["questions"]}
    if progress["stage"] != "question" or asked != set(answers):
        raise StoryBroke(f"expected a question about {set(answers)}, was {progress['stage']}: {asked}")
    tale.act("answer", "/answers", {"answers": answers})
    return tale.checked()


def decide(tale: Tale, told: Mapping[str, Any]) -> None:
    """Each thing on the page that `about` names: a requirement, or a rule on one cost after the other."""
    named = re.compile(rf"(?:line:\d+:)?{told['about']}(?::\w+)?")
    waiting = [found for found in _TO_DECIDE.findall(tale.page()) if named.fullmatch(found)]
    if not waiting:
        raise StoryBroke(f"nothing on the page is to be decided about {told['about']}")
    for requirement in waiting:
        said = {"requirement": requirement, "decision": told["decision"], "reason": told["reason"]}
        tale.fill(f"decide {told['about']}", "/decisions", said)
        tale.checked()


def amend(tale: Tale, told: Mapping[str, Any]) -> None:
    """The plan changes: the next version says so."""
    tale.act("change the plan", "/answers", {"answers": told["answers"]})


def consent(tale: Tale, told: Mapping[str, Any]) -> None:
    """Asked for, signed on paper by each whose yes is needed, and kept."""
    asked = {key: told[key] for key in ("kind", "recipient", "what", "about")}
    before = set(_CONSENT_ASKS.findall(tale.page(part="/consents")))
    tale.fill("ask for a consent", "/consents", asked)
    (ask_id,) = set(_CONSENT_ASKS.findall(tale.page(part="/consents"))) - before
    for signed in told["signed"]:
        kept = {"ask": ask_id, "months": "3", "paper": told["paper"], "language": told["language"]}
        tale.fill("keep a signed consent", "/consents/paper", kept | signed)


def ask_funder(tale: Tale, told: Mapping[str, Any]) -> None:
    """The letter to the funder, under the family's consent."""
    form = {"source": told["source"], "asked_on": told["on"], "how": "letter", "reference": told["reference"]}
    amounts = {f"amounts/{line}": dollars for line, dollars in told["amounts"].items()}
    under = _TOLD.findall(tale.page())
    tale.fill("write to the funder", "/asks", form | amounts | {"told": under[0]})


def funder_answers(tale: Tale, told: Mapping[str, Any]) -> None:
    """What it said is written down by one, and read by a second person before it counts."""
    (ask_id,) = set(_ASKS.findall(tale.page()))
    form = {key: told[key] for key in ("decided", "conditions", "reference")}
    amounts = {f"amounts/{category}": dollars for category, dollars in told["granted"].items()}
    said = form | amounts | {"decided_on": told["on"]}
    tale.fill("write down the funder's decision", f"/asks/{ask_id}/decisions", said)
    (decision,) = set(_SECOND_LOOKS.findall(tale.page("sam")))
    confirm = f"/funder-decisions/{decision}/confirm"
    tale.fill("put the funder's yes in force", confirm, {}, "sam", passkey=True)


def hand_off(tale: Tale, told: Mapping[str, Any]) -> None:
    """Handed over to somebody else's source; what became of it is written down afterwards."""
    body = {"source": told["source"], "told": told["told"]}
    made = tale.act("hand over", "/hand-offs", body)
    said = {"outcome": told["outcome"], "reason": told["reason"]}
    tale.team["ana"].act(tale.diary, "write down what became of it", f"/hand-offs/{made['id']}/outcome", said)


ACTS: Mapping[str, Callable[[Tale, Mapping[str, Any]], None]] = {
    "decide": decide,
    "amend": amend,
    "consent": consent,
    "ask_funder": ask_funder,
    "funder_answers": funder_answers,
    "hand_off": hand_off,
}


def agree(tale: Tale, award: dict[str, Any]) -> None:
    """Two people at or under the small-amount limit, three above it; the author is turned away."""
    path, team = f"/awards/{award['id']}", tale.team
    if not team["ana"].is_refused(f"{path}/approval", 403):
        raise StoryBroke("the author could approve her own request")
    if award["ceiling_cents"] <= award["small_limit_cents"]:
        team["ben"].act(tale.diary, "approve and release", f"{path}/approval-and-release")
        return
    team["ben"].act(tale.diary, "approve", f"{path}/approval")
    if not team["ben"].is_refused(f"{path}/release", 403):
        raise StoryBroke("the approver could release above the small-amount limit")
    team["carla"].act(tale.diary, "release", f"{path}/release")


def paid_or_refused(tale: Tale) -> dict[str, Any]:
    """What is paid elsewhere is logged as it comes up, until the story is at its end."""
    while True:
        progress = tale.until(lambda p: is_over(p) or bool(to_log(p)), "the end of the story")
        if is_over(progress):
            return progress
        log_payments(tale, progress)


def is_over(progress: dict[str, Any]) -> bool:
    written = bool(progress["documents"]) or progress["stage"] == "paid_elsewhere"  # nothing to write then
    return progress["stage"] in SETTLED and written


def to_log(progress: dict[str, Any]) -> list[dict[str, Any]]:
    return [i for i in progress["instructions"] if i["state"] == "to_log"]


def log_payments(tale: Tale, progress: dict[str, Any]) -> None:
    """Ben writes down what was paid elsewhere, Carla checks it against the paper."""
    for at in to_log(progress):
        body = {
            "instrument": _BY_UNIT[at["unit"]],
            "external_reference": f"SAMPLE-{at['id'][:8]}",
            "paid_on": tale.team.day.isoformat(),
            "evidence": "Invoice seen, bank line matched (sample)",
        }
        tale.team["ben"].act(tale.diary, "log a payment", f"/payments/{at['id']}/record", body)
        proof = f"/payments/{at['id']}/confirmation"
        tale.team["ben"].act(tale.diary, "attach the partner's message", proof, _confirmed(tale))
        tale.team["carla"].act(tale.diary, "verify it", f"/payments/{at['id']}/verification")


def _confirmed(tale: Tale) -> dict[str, str]:
    """What whoever was paid, or gave the night, wrote back: the second witness (sample)."""
    return {
        "organisation": "Sample partner",
        "said_on": tale.team.day.isoformat(),
        "message": "Confirmed: received in full, and the places are held for the family (sample).",
    }
