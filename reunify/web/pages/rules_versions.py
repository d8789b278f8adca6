"""One version of one source's rules: read in words, approved by a second person, taken away as files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.eligibility import replays
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotFound, Refused
from reunify.kernel.text import cleaned
from reunify.rates.fields import Dictionary
from reunify.rules import actions, current, proving, queries
from reunify.rules.difference import in_words
from reunify.rules.examples import Example
from reunify.rules.views import VersionRow, VersionView
from reunify.web.audience import AnyStaff, AtHouse, SteppedUpRulesAuthor
from reunify.web.pages.form_showing import ShownProblem
from reunify.web.pages.rules_acts import acts_for
from reunify.web.pages.rules_editing import Author, Sha256, amiss_in, examples_in, facts_now, status_of
from reunify.web.pages.rules_example_words import given_of, shown_examples
from reunify.web.pages.rules_history import show_moves
from reunify.web.pages.rules_showing import show_book
from reunify.web.pages.rules_tables import as_file
from reunify.web.pages.typed import day_read
from reunify.web.pages.view import PostedForm, go, holds, organisation_now, staff_page, text_of, today

router = APIRouter(include_in_schema=False)


@router.get("/rules/versions/{sha256}")
def show(request: Request, sha256: Sha256, by: AnyStaff, at: AtHouse) -> Response:
    """Read by everybody: an answer is explained by the rules that gave it."""
    return _page(request, sha256, by, at)


@router.get("/rules/versions/{sha256}/files/{file}")
def download(sha256: Sha256, file: str, by: AnyStaff, at: AtHouse) -> Response:
    """`rules.yaml`, `examples.yaml`, or one of its tables, byte for byte."""
    with at.db.read() as session:
        version = queries.version(session, sha256)
    named = f"{version.row.source}-{version.row.effective_from}"
    if file == "rules.yaml":
        return as_file(version.rules, f"{named}.yaml", "application/yaml")
    if file == "examples.yaml":
        return as_file(version.examples, f"{named}.examples.yaml", "application/yaml")
    if file not in version.tables:
        raise NotFound("There is no such file of this version.")
    return as_file(version.tables[file], f"{version.row.source}-{file}", "text/csv")


@router.post("/rules/versions/{sha256}/approve")
def approve(
    request: Request, sha256: Sha256, form: PostedForm, by: SteppedUpRulesAuthor, at: AtHouse
) -> Response:
    """The second person's yes; of what a release ships, also the first."""

    def act(session: Session, reason: str) -> str:
        done = replays.approve_version(session, sha256=sha256, reason=reason, by=by, now=at.now())
        return "version_approved" if done else "version_taken_on"

    return _acted(request, sha256, form, by, at, act)


@router.post("/rules/versions/{sha256}/send-back")
def send_back(request: Request, sha256: Sha256, form: PostedForm, by: Author, at: AtHouse) -> Response:
    """Its draft can be worked on again."""

    def act(session: Session, reason: str) -> str:
        actions.send_back(session, sha256=sha256, reason=reason, by=by, now=at.now())
        return "version_sent_back"

    return _acted(request, sha256, form, by, at, act)


@router.post("/rules/versions/{sha256}/retire")
def retire(
    request: Request, sha256: Sha256, form: PostedForm, by: SteppedUpRulesAuthor, at: AtHouse
) -> Response:
    """Of rules in force, the first of two people or the second; of what never was, one."""

    def act(session: Session, reason: str) -> str:
        done = actions.retire(
            session,
            sha256=sha256,
            reason=reason,
            confirms=text_of(form, "confirms") == "yes",
            by=by,
            now=at.now(),
        )
        return "version_retired" if done else "retirement_asked"

    return _acted(request, sha256, form, by, at, act)


@router.post("/rules/versions/{sha256}/retire/withdraw")
def withdraw_retirement_ask(
    request: Request, sha256: Sha256, form: PostedForm, by: SteppedUpRulesAuthor, at: AtHouse
) -> Response:
    """Nothing changes in force: only that nobody confirms it any more."""

    def act(session: Session, reason: str) -> str:
        actions.withdraw_retirement_ask(session, sha256=sha256, reason=reason, by=by, now=at.now())
        return "rules_ask_withdrawn"

    return _acted(request, sha256, form, by, at, act)


@router.post("/rules/versions/{sha256}/replay")
def ask_replay(request: Request, sha256: Sha256, form: PostedForm, by: Author, at: AtHouse) -> Response:
    def act(session: Session, _: str) -> str:
        actions.ask_replay(session, sha256=sha256, since=_since(form), by=by, now=at.now())
        return "replay_asked"

    return _acted(request, sha256, form, by, at, act, wake=True)


def _since(form: FormData) -> date | None:
    typed = text_of(form, "since")
    return day_read(typed, "/since", say="Choose the first day, or leave it empty.") if typed else None


def _acted(
    request: Request,
    sha256: str,
    form: FormData,
    by: Staff,
    at: House,
    act: Callable[[Session, str], str],
    *,
    wake: bool = False,
) -> Response:
    try:
        with at.db.work(wake=wake) as session:
            said = act(session, text_of(form, "reason"))
    except Refused as refused:
        return _page(request, sha256, by, at, form, refused)
    return go(f"/rules/versions/{sha256}", said)


def _page(
    request: Request,
    sha256: str,
    by: Staff,
    at: House,
    form: FormData | None = None,
    refused: Refused | None = None,
) -> Response:
    if isinstance(refused, NotFound):
        raise refused
    facts = facts_now()
    with at.db.read() as session:
        org = organisation_now(session, at)
        day = today(org, at)
        version = queries.version(session, sha256)
        compared = _compared(session, version)
        row = version.row
        amiss = amiss_in(session, row.rulebook, facts, at) if _open(row) and row.rulebook else ()
    examples = _examples(version)
    unproved = proving.known_failures(row.rulebook, examples, facts) if row.rulebook else ()
    acts = acts_for(version, by, day, unproved)
    typed = form.get("reason") if form is not None else None
    field = refused.field if refused else None
    return staff_page(
        request,
        "rules/version.html",
        me=by,
        org=org,
        status=status_of(refused),
        version=row,
        name=row.rulebook.name if row.rulebook else row.source,
        broken=row.problem,
        shown=show_book(row.rulebook, facts, day) if row.rulebook else None,
        acts=acts,
        amiss=amiss,
        replays=[version.replay] if version.replay else [],
        draft_id=version.draft_id
        if row.status == "draft" and holds(by, Role.RULES_AUTHOR, Role.AUDITOR)
        else None,
        writes=holds(by, Role.RULES_AUTHOR),
        reads_replay=holds(by, Role.RULES_AUTHOR, Role.AUDITOR, Role.SUPERVISOR),
        compared=compared,
        changes=_changes(compared, row, facts),
        examples=shown_examples(examples, given_of(examples), facts, unproved),
        moves=show_moves(version.history),
        files=sorted(version.tables),
        typed_reason=cleaned(typed) if isinstance(typed, str) else "",
        wrong_reason=str(refused) if field == "/reason" else "",
        problems=[ShownProblem("reason" if field == "/reason" else "next", "Not done", str(refused))]
        if refused
        else [],
    )


def _examples(version: VersionView) -> tuple[Example, ...]:
    """None where today's dictionary cannot read them."""
    found = examples_in(version.examples, current.dictionary().sha256, "examples")
    return () if isinstance(found, Refused) else found


def _open(row: VersionRow) -> bool:
    """It has not answered anything yet."""
    return row.status in ("in_review", "draft")


def _compared(session: Session, version: VersionView) -> VersionRow | None:
    """What answers for its day now; of rules that were approved, what they were made from."""
    row = version.row
    if not _open(row):
        return queries.version(session, version.based_on).row if version.based_on else None
    source = next(s for s in queries.sources(session) if s.source == row.source)
    standing = [v for v in source.versions if v.status in ("approved", "suspended")]
    return next((v for v in standing if v.effective_from <= row.effective_from), None)


def _changes(compared: VersionRow | None, row: VersionRow, facts: Dictionary) -> tuple[str, ...] | None:
    if compared is None or compared.rulebook is None or row.rulebook is None:
        return None
    return in_words(compared.rulebook, row.rulebook, facts)
