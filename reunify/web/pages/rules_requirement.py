"""One requirement of a draft: what it tests, where it is written, what the family is told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.kernel.people import Staff
from reunify.kernel.refusals import NotFound, Refused
from reunify.rates.fields import Dictionary
from reunify.rules import queries
from reunify.rules.policy import DraftChanged
from reunify.rules.views import DraftView
from reunify.web.audience import AtHouse
from reunify.web.pages import rules_condition_fields as condition_fields
from reunify.web.pages import rules_conditions as conditions
from reunify.web.pages import rules_document as parts
from reunify.web.pages import rules_fields as fields
from reunify.web.pages import rules_problems as problems
from reunify.web.pages.form_fields import Field
from reunify.web.pages.form_showing import ShownProblem
from reunify.web.pages.rules_condition_fields import ShownGroup
from reunify.web.pages.rules_conditions import Condition
from reunify.web.pages.rules_document import Document
from reunify.web.pages.rules_editing import (
    Author,
    DraftId,
    Place,
    Reader,
    compiled,
    counted,
    document_of,
    draft_page,
    facts_now,
    in_document,
    keep,
)
from reunify.web.pages.rules_problems import Placed
from reunify.web.pages.view import PostedForm, go, text_of

router = APIRouter(include_in_schema=False)
_PARTS: dict[str, tuple[Field, ...]] = {
    "about": fields.REQUIREMENT,
    "question": fields.QUESTION,
    "cite": fields.CITE,
    "say": fields.SAY,
    "dates": fields.DATES,
}
_ALL = tuple(f for part in _PARTS.values() for f in part)


class RequirementMoved(DraftChanged):
    """The requirement is no longer where it was when the page was opened."""


@router.get("/rules/drafts/{rule_draft_id}/requirements/{number}")
def show(
    request: Request, draft_id: DraftId, by: Reader, number: Place, at: AtHouse, add: str = "", fact: str = ""
) -> Response:
    """`add`: the number of the group, or `group` for one more, that gets a condition on `fact`."""
    with at.db.read() as session:
        draft = queries.draft(session, draft_id)
    held = _requirement(document_of(draft), number)
    facts = facts_now()
    groups = conditions.groups_of(held, facts)
    if fact in facts.fields and add == "group":
        groups.append([conditions.begun(fact, facts)])
    elif fact in facts.fields and 0 <= counted(add) < len(groups):
        groups[counted(add)].append(conditions.begun(fact, facts))
    return _page(request, draft, number, by, at, held, groups, facts)


@router.post("/rules/drafts/{rule_draft_id}/requirements/{number}")
def save(
    request: Request, draft_id: DraftId, by: Author, number: Place, form: PostedForm, at: AtHouse
) -> Response:
    """Keep what was typed, broken or not; then do what the button says."""
    try:
        keep(at, draft_id, form, by, in_document(lambda document: _write(document, number, form)))
    except Refused as refused:
        if isinstance(refused, NotFound):
            raise
        return _again(request, draft_id, number, form, by, at, refused)
    here = f"/rules/drafts/{draft_id}/requirements/{number}"
    verb, _, about = text_of(form, "do").partition(":")
    if verb == "add" and (fact := text_of(form, f"new_{about}")) in facts_now().fields:
        return go(f"{here}?add={about}&fact={fact}#conditions")
    if verb in ("add", "drop", "drop-group"):
        return go(f"{here}#conditions")
    return go(f"/rules/drafts/{draft_id}", "draft_saved") if verb == "back" else go(here, "draft_saved")


def _requirement(document: Document | None, number: int) -> Document:
    listed = parts.part_at(document, "requirements")
    if not isinstance(listed, list) or not 0 <= number < len(listed) or not isinstance(listed[number], dict):
        raise NotFound("There is no such requirement in this draft.")
    return dict(listed[number])


def _write(document: Document, number: int, form: FormData) -> None:
    held = _requirement(document, number)
    if text_of(form, "was") != parts.text_at(held, "id"):
        raise RequirementMoved("This requirement was moved or renumbered since this page was opened.")
    parts.read_into(held, form, (f for f in _ALL if f.path != "form"))
    groups = _without(conditions.groups_in(form), text_of(form, "do"))
    chosen = text_of(form, "form")
    conditions.put_groups(held, chosen if chosen in fields.FORM_WORDS else "require", groups)
    document["requirements"][number] = held


def _without(groups: list[list[Condition]], do: str) -> list[list[Condition]]:
    """`drop:1.0` takes a condition out, `drop-group:1` a group. The form counts as it was shown."""
    verb, _, where = do.partition(":")
    group, number = (counted(part) for part in where.partition(".")[::2])
    if not 0 <= group < len(groups):
        return groups
    if verb == "drop-group":
        return groups[:group] + groups[group + 1 :]
    if verb == "drop":
        kept = [c for n, c in enumerate(groups[group]) if n != number]
        return [kept if g == group else held for g, held in enumerate(groups)]
    return groups


def _again(
    request: Request, draft_id: UUID, number: int, form: FormData, by: Staff, at: House, refused: Refused
) -> Response:
    """What was typed, not kept: pressing save again keeps it over the newest text of this requirement."""
    with at.db.read() as session:
        draft = queries.draft(session, draft_id)
    facts = facts_now()
    shown = {name: parts.as_typed(form, part, refused) for name, part in _PARTS.items()}
    groups = conditions.groups_as_typed(form)
    wrong = {refused.field.removeprefix("/"): [str(refused)]} if refused.field else {}
    return draft_page(
        request,
        "rules/requirement.html",
        draft,
        by,
        at,
        refused,
        number=number,
        was=text_of(form, "was"),
        name=text_of(form, "name"),
        parts=shown,
        groups=condition_fields.show_groups(groups, facts, wrong),
        facts=condition_fields.fact_options(facts),
        form=text_of(form, "form"),
        problems=_listed(refused),
        elsewhere=None,
    )


def _listed(refused: Refused) -> list[ShownProblem]:
    where = parts.field_id(refused.field.removeprefix("/")) if refused.field else "main"
    return [ShownProblem(where, "Not saved", str(refused))]


def _page(
    request: Request,
    draft: DraftView,
    number: int,
    by: Staff,
    at: House,
    held: Document,
    groups: list[list[Condition]],
    facts: Dictionary,
) -> Response:
    document = document_of(draft)
    found = compiled(draft, facts)
    at_fault = problems.placed(found, document) if isinstance(found, Refused) else None
    ours = at_fault is not None and at_fault.requirement == number
    wrong = problems.wrong_fields(at_fault, _ALL) if at_fault and ours else {}
    told: dict[str, list[str]] = problems.wrong_facts(at_fault) if at_fault and ours and not wrong else {}
    shown: dict[str, Any] = {
        name: parts.shown(held | {"form": conditions.form_of(held)}, part, wrong)
        for name, part in _PARTS.items()
    }
    shown_groups = condition_fields.show_groups(groups, facts, told)
    return draft_page(
        request,
        "rules/requirement.html",
        draft,
        by,
        at,
        number=number,
        was=parts.text_at(held, "id"),
        name=parts.text_at(held, "name"),
        parts=shown,
        groups=shown_groups,
        facts=condition_fields.fact_options(facts),
        form=conditions.form_of(held),
        problems=_said(at_fault, wrong, told, shown_groups) if at_fault and ours else [],
        elsewhere=None if ours else at_fault,
    )


def _said(
    at_fault: Placed, wrong: dict[str, list[str]], told: dict[str, list[str]], groups: list[ShownGroup]
) -> list[ShownProblem]:
    """The sentence above the page, leading to the condition or the field it is about."""
    for condition in (c for group in groups for c in group.conditions if told and c.wrong):
        label = dict(condition.fact.options).get(condition.fact.value, "A condition")
        return [ShownProblem(condition.fact.id, label, at_fault.short)]
    return problems.summary_of(at_fault, wrong, _ALL)
