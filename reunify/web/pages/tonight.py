"""The emergency form on one page: works on a phone, without a script, and loses nothing that was typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.intake.overlap_policy import OverlapsAnother
from reunify.kernel.money import Money, NotMoney
from reunify.kernel.people import Staff
from reunify.kernel.refusals import BadInput, Problem
from reunify.web import emergency_acts
from reunify.web.audience import AtHouse, CaseManager
from reunify.web.pages.form import case_type_options
from reunify.web.pages.form_fields import Field
from reunify.web.pages.form_reading import MONEY_REMEDY
from reunify.web.pages.form_showing import ShownProblem, id_of, short_form
from reunify.web.pages.view import PostedForm, go, organisation_now, staff_page, text_of

router = APIRouter(include_in_schema=False)
_YES_NO = (("", "Choose"), ("yes", "Yes"), ("no", "No"), ("unknown", "Not known yet"))
_CUSTODY = (
    ("", "Choose"),
    ("parent", "Is a parent"),
    ("guardian", "Is the guardian"),
    ("court_order", "By court order"),
    ("agency_custody", "Comes for the agency that has custody"),
)
_DECISION = (
    ("", "Choose"),
    ("safe_and_lawful", "Yes, safe and lawful"),
    ("not_safe_or_lawful", "No"),
)
_PLACE_HINT = "Like El Paso, TX 79901; without the ZIP code where one clock rules the state"


def _answers(case_types: Sequence[tuple[str, str]]) -> list[Field]:
    """The twelve, in the order of the telephone call."""
    return [
        Field("case_number", "Case number", needed=True),
        Field("case_type", "Case type", "choice", options=(("", "Choose"), *case_types), needed=True),
        Field("child_name", "Child's name", needed=True),
        Field("child_birth_date", "Child's date of birth", "date", needed=True),
        Field("child_place", "Where the child is", hint=_PLACE_HINT, needed=True),
        Field(
            "held_over_24_hours",
            "Held over 24 hours by authorities",
            "choice",
            hint="Weekends and holidays apart",
            options=_YES_NO,
            needed=True,
        ),
        Field("adult_birth_date", "Adult's date of birth", "date", needed=True),
        Field(
            "adult_phone",
            "Adult's phone",
            "phone",
            hint="One that is safe to call and to text at any hour: ask",
            needed=True,
        ),
        Field(
            "adult_language",
            "Adult's language",
            "choice",
            options=(("", "Choose"), ("en", "English"), ("es", "Spanish")),
            needed=True,
        ),
        Field("adult_home", "Where the adult sets out", hint=_PLACE_HINT, needed=True),
        Field("departs", "The flight leaves", "moment", hint="Local time where the adult is", needed=True),
        Field("seat_cents", "One seat, one way", "money", hint="In dollars, as quoted tonight", needed=True),
    ]


_AUTHORITY = [
    Field("return_authority/released_by", "Released by", hint="Agency and officer", needed=True),
    Field(
        "return_authority/released_to",
        "Released to",
        hint="The adult's name, exactly as on the ID",
        needed=True,
    ),
    Field("return_authority/custody_basis", "The adult", "choice", options=_CUSTODY, needed=True),
    Field(
        "return_authority/called_back",
        "Called back on a number we looked up",
        "choice",
        options=_YES_NO,
        needed=True,
    ),
    Field(
        "return_authority/protective_order",
        "Protective or no-contact order",
        "choice",
        options=_YES_NO,
        needed=True,
    ),
    Field("return_authority/abuse_suspected", "Abuse suspected", "choice", options=_YES_NO, needed=True),
    Field("return_authority/child_wish", "What the child wishes", "long"),
    Field("return_authority/decision", "Is it safe and lawful?", "choice", options=_DECISION),
    Field("return_authority/decision_reason", "Why", "long"),
]
# Asked only where another request holds the same person then.
_REASON = Field("overlap_reason", "Why it goes on beside the other request", "long")


@router.get("/requests/tonight")
def new(request: Request, by: CaseManager, at: AtHouse) -> Response:
    """Empty; nothing is kept before it is submitted."""
    return _show(request, by, at, FormData(), [], 200)


@router.post("/requests/tonight")
def submit(request: Request, form: PostedForm, by: CaseManager, at: AtHouse) -> Response:
    """Created, submitted and attested in one act, or shown again as typed."""
    said, wrong = _read(form, at)
    if wrong:
        return _show(request, by, at, form, wrong, 422)
    try:
        filed = emergency_acts.submit(at, said, by, going_on=text_of(form, f"/{_REASON.path}"))
    except BadInput as refused:
        return _show(request, by, at, form, refused.problems, 422)
    except OverlapsAnother as refused:
        return _show(request, by, at, form, [Problem(f"/{_REASON.path}", str(refused))], 422)
    return go(f"/requests/{filed.submitted.request_id}", "submitted_tonight")


def _read(form: FormData, at: House) -> tuple[dict[str, Any], list[Problem]]:
    """What was typed, in the shape of `intake.tonight.Answers`; the empty is left out."""
    said: dict[str, Any] = {"return_authority": {}}
    wrong = []
    for field in (*_answers(case_type_options(at)), *_AUTHORITY):
        typed = text_of(form, f"/{field.path}").replace("\r\n", "\n")
        if not typed:
            continue
        value: str | int = typed
        if field.kind == "money":
            try:
                value = Money.parse(typed).cents
            except NotMoney:
                wrong.append(Problem(f"/{field.path}", MONEY_REMEDY))
        head, _, last = field.path.rpartition("/")
        (said[head] if head else said)[last] = value
    return said, wrong


def _show(
    request: Request, by: Staff, at: House, form: FormData, wrong: list[Problem], status: int
) -> Response:
    fields = _answers(case_type_options(at))
    labels = {f"/{f.path}": f.label for f in (*fields, *_AUTHORITY, _REASON)}
    overlaps = text_of(form, f"/{_REASON.path}") or any(p.pointer == f"/{_REASON.path}" for p in wrong)
    with at.db.read() as session:
        org = organisation_now(session, at)
    return staff_page(
        request,
        "staff/tonight.html",
        me=by,
        org=org,
        status=status,
        answers=short_form(form, fields, wrong),
        authority=short_form(form, _AUTHORITY, wrong),
        going_on=short_form(form, [_REASON], wrong) if overlaps else [],
        problems=[ShownProblem(id_of(p.pointer), labels.get(p.pointer, "The form"), p.remedy) for p in wrong],
    )
