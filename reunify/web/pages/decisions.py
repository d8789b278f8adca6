"""What the rules leave to a person, as the page of a request offers it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reunify.documents import words as spoken
from reunify.eligibility.explained import RequirementView, SourceView
from reunify.eligibility.policy import funder_id
from reunify.intake.form import TravelerRole
from reunify.intake.policy import is_missing, needs_suitability_finding
from reunify.reporting.progress import Progress
from reunify.rules.model import suspended_id
from reunify.web.pages.form_showing import value_at

_AUTHORITY = "return_authority_decision"
_WEIGHED = (
    "released_by",
    "released_to",
    "custody_basis",
    "called_back",
    "protective_order",
    "abuse_suspected",
)


def authority_to_decide(now: Progress) -> bool:
    """The return authority waits for a person: decided in the request itself, never waived."""
    return any(_is_authority(requirement) for requirement in _waiting(now))


def authority_asked(content: Any) -> list[str]:
    """What the decision stands on and is not known yet, then the decision and its reason; as pointers."""
    told = value_at(content, "/return_authority") or {}
    missing = [name for name in _WEIGHED if is_missing(told.get(name))]
    roles = {
        traveler["key"]: TravelerRole(traveler["role"]) for traveler in value_at(content, "/travelers") or []
    }
    to = told.get("released_to")
    able = [to] if to else list(roles)
    if is_missing(told.get("suitability_finding")) and any(needs_suitability_finding(k, roles) for k in able):
        missing.append("suitability_finding")
    return [f"/return_authority/{name}" for name in (*missing, "decision", "decision_reason")]


_MAY_DECIDE = ("question", "staff_decision")
_MAY_TAKE_BACK = (*_MAY_DECIDE, "awaiting_approval", "no_money_left", "lapsed", "paid_elsewhere")
_MAY_ASK_OTHERS = (*_MAY_TAKE_BACK, "refusal_to_confirm")


@dataclass(frozen=True, slots=True)
class ToDecide:
    """One thing a person may decide. `buttons`: the decision each stands for, and its words."""

    id: str
    title: str
    about: str
    hint: str
    buttons: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """A decision that was refused: about what, the reason as typed, and the sentence of the refusal."""

    about: str
    reason: str
    wrong: str


_MET_OR_NOT = (("met", "It is met"), ("not_met", "It is not met"))
_ATTEST_HINT = "Say who attests it, how they know, and why it cannot wait. It is then owed by a date."


def to_decide(now: Progress) -> list[ToDecide]:
    """What the rules of our own sources, of those that may be asked and of others leave to people; each once.

    What others ask holds nothing up: it says how they are called.
    """
    if now.explanation is None or now.stage not in _MAY_ASK_OTHERS:
        return []
    others = [s for s in now.explanation.in_order if _of_others(s)]
    theirs = [item for source in others for item in _of_requirements(source)]
    return list({item.id: item for item in [*_of_ours(now), *theirs]}.values())


def _of_others(source: SourceView) -> bool:
    """A funder may be asked, and others called, while our own money already pays."""
    return (source.kind == "elsewhere" and source.answer == "ask") or (
        source.kind == "asked" and source.needed
    )


def _of_ours(now: Progress) -> list[ToDecide]:
    if now.explanation is None or now.stage not in _MAY_TAKE_BACK:
        return []
    found: list[ToDecide] = []
    for source in now.explanation.in_order:
        if source.kind in ("held", "asked") and source.needed:
            if now.stage in _MAY_DECIDE:
                found += [*_of_whole(source), *_of_requirements(source), *_of_tables(source)]
                found += _of_lines(source, now.request.content)
            found += _to_take_back(source)
    if now.stage in _MAY_DECIDE:
        found += [_funders_no(source) for source in now.explanation.to_write_to]
    return found


def _of_whole(source: SourceView) -> Iterator[ToDecide]:
    if source.suspended and source.answer == "needs_staff_decision":
        yield ToDecide(
            suspended_id(source.source),
            f"{source.name}: may it pay, while its rules are suspended?",
            "The return authority still holds: without it nothing is paid",
            "Its requirements and limits are shown below, for your judgement.",
            (("met", "It may pay"), ("not_met", "It may not pay")),
        )


def _of_requirements(source: SourceView) -> Iterator[ToDecide]:
    if source.suspended or source.answer == "ineligible":
        return
    for r in source.requirements:
        about = f"{r.cite_doc}, {r.cite_at}"
        if r.outcome == "needs_staff_decision" and not _is_authority(r):
            yield ToDecide(r.id, r.name, about, r.question.en if r.question else "", _MET_OR_NOT)
        elif r.outcome == "unknown" and r.attestable:
            title = f"{r.name}: nobody knows it yet, and it may be attested"
            yield ToDecide(r.id, title, about, _ATTEST_HINT, (("attested", "Attested; it is owed"),))


def _of_tables(source: SourceView) -> Iterator[ToDecide]:
    """Also of a suspended source: its yes pays only with each table answered."""
    if source.answer == "ineligible":
        return
    for table in source.tables:
        if table.outcome == "needs_staff_decision":
            yield ToDecide(
                table.id,
                f"{source.name}: its table of limits has no one answer for this trip",
                f"Table {table.id}",
                "May it pay without a limit from this table?",
                (("met", "It may pay, without a limit"), ("not_met", "It may not pay")),
            )


def _of_lines(source: SourceView, content: Any) -> Iterator[ToDecide]:
    told = {line["key"]: line["what"] for line in value_at(content, "/cost_lines") or []}
    for line in source.lines if source.answer != "ineligible" else ():
        for name in line.decides:
            title = f"{told.get(line.key, line.key)}: {line.reason.en}"
            yield ToDecide(name, title, line.cite, "", (("met", "Allow it"), ("not_met", "Do not allow it")))


def _to_take_back(source: SourceView) -> Iterator[ToDecide]:
    for r in source.owed:
        yield ToDecide(
            r.id,
            f"{r.name}: attested, and owed by {spoken.day(r.owed_by, 'en') if r.owed_by else 'a date'}",
            f"{r.cite_doc}, {r.cite_at}",
            "When it is here, answer it in the request. If nobody stands by it any more, take it back.",
            (("not_met", "Take it back"),),
        )


def _funders_no(source: SourceView) -> ToDecide:
    return ToDecide(
        funder_id(source.source),
        f"{source.name}: what did the funder say?",
        "None of our own sources can pay, so the funder is written to first",
        "Record a no only when the funder has said it. Whoever was asked in writing is answered for below.",
        (("not_met", "The funder will not pay"),),
    )


def _waiting(now: Progress) -> list[RequirementView]:
    if now.explanation is None or now.stage != "staff_decision":
        return []
    return [
        requirement
        for source in now.explanation.sources
        if source.kind in ("held", "asked")
        for requirement in source.requirements
        if requirement.outcome == "needs_staff_decision"
    ]


def _is_authority(requirement: RequirementView) -> bool:
    return any(seen.field == _AUTHORITY for seen in requirement.seen)
