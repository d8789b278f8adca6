"""The part of a request's page about its funders: what was asked, what they said, and the forms for both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from reunify.consent import wording
from reunify.eligibility import asking_queries
from reunify.eligibility.asking_checks import may_look_second
from reunify.eligibility.asking_policy import How
from reunify.eligibility.asking_queries import AskView
from reunify.eligibility.explained import SourceView
from reunify.eligibility.policy import funder_id
from reunify.files import evidence_queries as evidence
from reunify.funds import queries as funds
from reunify.identity.queries import staff_names
from reunify.intake.form import TravelRequest
from reunify.intake.reach import Reach
from reunify.kernel.money import Money, NotMoney
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import BadInput, Problem, Refused
from reunify.ledger.policy import BudgetCategory
from reunify.reporting.progress import Progress
from reunify.web.pages.form_parts import Field, Options, options
from reunify.web.pages.form_reading import MONEY_REMEDY
from reunify.web.pages.form_showing import ShownField, ShownProblem
from reunify.web.pages.labels import label
from reunify.web.pages.view import amount, text_of

_OPENABLE = ("not_scanned", "clean")
_DECIDED: Options = (
    ("", "Choose"),
    ("full", "Yes, all that was asked"),
    ("partial", "Yes, in part"),
    ("no", "No"),
    ("withdrawn", "It took its yes back"),
)


@dataclass(frozen=True, slots=True)
class AskedTyped:
    """A form of this part that was refused: whose (a source, an ask or a decision), as typed, and why."""

    whose: str
    form: FormData = field(repr=False)
    refused: Refused


@dataclass(frozen=True, slots=True)
class AskForm:
    """To write down that this source's funder was asked. `name_it`: what a consent must call the funder."""

    source: str
    name: str
    name_it: str
    fields: list[ShownField]


@dataclass(frozen=True, slots=True)
class ShownAsk:
    """One ask with the form for what the funder said, unless a decision waits for its second look.

    `mine`: the reader recorded that one; who may not confirm otherwise counts as one person with who did.
    """

    ask: AskView
    name: str
    fields: list[ShownField]
    may_confirm: bool
    mine: bool
    bridged: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class AskedPart:
    asks: list[ShownAsk]
    forms: list[AskForm]
    problems: list[ShownProblem]
    names: dict[Any, str] = field(repr=False)

    @property
    def answered_there(self) -> set[str]:
        """What is decided in this part and nowhere else: the answer of a funder who was asked."""
        return {funder_id(one.ask.source) for one in self.asks}


def about_asked(
    session: Session,
    case: Reach,
    now: Progress,
    by: Staff,
    typed: AskedTyped | None,
    at: datetime,
    today: date,
) -> AskedPart:
    """One statement where nobody was asked and nobody can be."""
    asks = asking_queries.of_request(session, case.request_id)
    sources = {s.source: s for s in now.explanation.sources} if now.explanation else {}
    open_for = {ask.source for ask in asks if ask.state == "open"}
    askable = [
        s
        for s in sources.values()
        if s.kind == "asked" and s.may_pay and s.needed and s.source not in open_for
    ]
    whole = Role.CASE_MANAGER in by.roles
    forms = _ask_forms(session, case, now, askable, typed, at, today) if whole and askable else []
    papers = _papers(session, case, by) if asks else ()
    awaiting = now.plan.certificate.get("awaiting_funder", []) if now.plan else []
    shown = [
        ShownAsk(
            ask,
            sources[ask.source].name if ask.source in sources else ask.source,
            _decision_fields(ask, papers, typed, today) if whole and ask.waiting is None else [],
            _may_confirm(ask, by),
            ask.waiting is not None and ask.waiting.recorded_by == by.id,
            [b for b in awaiting if b["awaits"] == ask.source and ask.state == "open"],
        )
        for ask in asks
    ]
    fields = [f for form in forms for f in form.fields] + [f for one in shown for f in one.fields]
    people = {i for ask in asks for i in (ask.asked_by, *_people(ask)) if i}
    return AskedPart(
        shown, forms, _problems(fields, typed), dict(staff_names(session, people)) if people else {}
    )


def _people(ask: AskView) -> list[Any]:
    return [who for d in ask.decisions for who in (d.recorded_by, d.confirmed_by)]


def _may_confirm(ask: AskView, by: Staff) -> bool:
    waits = ask.waiting
    return waits is not None and may_look_second(by, waits.recorded_by, waits.recorded_for)


def _ask_forms(
    session: Session,
    case: Reach,
    now: Progress,
    sources: Sequence[SourceView],
    typed: AskedTyped | None,
    at: datetime,
    today: date,
) -> list[AskForm]:
    known = {fund.code: fund for fund in funds.all_funds(session)}
    content = TravelRequest.model_validate(now.request.content)
    what = {line.key: line.what for line in content.cost_lines}
    made = []
    for source in sources:
        fund = known.get(source.source)
        names = {fund.name, fund.public_name} if fund else set()
        agreed = asking_queries.consents_naming(session, case.request_id, content, names=names, now=at)
        told = tuple((str(one.id), f"{about}: {wording.WHAT[one.what][0]}") for one, about in agreed)
        fields = [
            Field("asked_on", "Asked on", "date", start=today.isoformat(), needed=True),
            Field("how", "How", "choice", options=options(How), needed=True),
            Field("reference", "The letter's number, or where it is kept", needed=True),
            *(
                Field(
                    f"amounts/{line.key}",
                    f"{what.get(line.key, line.key)}, up to {amount(line.ceiling, line.unit)}",
                    "dollars" if line.unit == "cents" else "digits",
                    start=_plain(line.ceiling, line.unit),
                )
                for line in source.lines
                if line.outcome == "payable" and line.ceiling > 0
            ),
            Field("told", "What the letter tells, each under its consent", "several", options=told),
            Field("names_nobody", "The letter names nobody of the family and tells nothing of them", "tick"),
        ]
        mine = typed if typed is not None and typed.whose == source.source else None
        name_it = fund.public_name if fund else source.name
        made.append(AskForm(source.source, source.name, name_it, shown_fields(fields, source.source, mine)))
    return made


def _decision_fields(
    ask: AskView, papers: Options, typed: AskedTyped | None, today: date
) -> list[ShownField]:
    granted = ask.in_force is not None and bool(ask.in_force.amounts)
    said = tuple(o for o in _DECIDED if granted or o[0] != "withdrawn")
    fields = [
        Field("decided", "What the funder decided", "choice", options=said, needed=True),
        Field("decided_on", "Decided on", "date", start=today.isoformat(), needed=True),
        *(
            Field(
                f"amounts/{category}",
                f"{label(category)}: granted in all, of {amount(asked, ask.unit)} asked",
                "dollars" if ask.unit == "cents" else "digits",
                "Only for a yes in part",
            )
            for category, asked in sorted(ask.asked.items())
        ),
        Field("conditions", "Conditions, in the funder's words", "long", "Name nobody here"),
        Field("evidence", "The funder's paper, if it was sent in here", "choice", options=papers),
        Field("reference", "Else its number, and where it is kept"),
    ]
    mine = typed if typed is not None and typed.whose == str(ask.id) else None
    return shown_fields(fields, str(ask.id), mine)


def shown_fields(fields: Iterable[Field], whose: str, typed: AskedTyped | None) -> list[ShownField]:
    """With what was typed, or what each starts with; a problem stands at its field."""
    said: dict[str, list[str]] = {}
    for problem in wrong_of(typed.refused) if typed is not None else ():
        said.setdefault(problem.pointer.removeprefix("/"), []).append(problem.remedy)
    return [
        ShownField(
            id=f"a-{whose}-{f.path.replace('/', '-')}",
            name=f.path,
            kind=f.kind,
            label=f.label,
            hint=f.hint,
            needed=f.needed,
            options=f.options,
            value=_value(f, typed),
            wrong=said.get(f.path, []),
        )
        for f in fields
    ]


def wrong_of(refused: Refused) -> list[Problem]:
    """Where each problem of a refusal stands; one that names no field stands nowhere."""
    if isinstance(refused, BadInput):
        return refused.problems
    return [Problem(refused.field, str(refused))] if refused.field else []


def _value(f: Field, typed: AskedTyped | None) -> Any:
    if f.kind == "several":
        return [v for v in typed.form.getlist(f.path) if isinstance(v, str)] if typed else []
    if typed is None:
        return f.start
    said = text_of(typed.form, f.path)
    return said == "yes" if f.kind == "tick" else said


def _problems(fields: Sequence[ShownField], typed: AskedTyped | None) -> list[ShownProblem]:
    """For the list above the page: at its field, else at the part itself."""
    if typed is None:
        return []
    found = [ShownProblem(f.id, f.label, remedy) for f in fields for remedy in f.wrong]
    if found:
        return found
    wrong = wrong_of(typed.refused)
    said = wrong[0].remedy if wrong else str(typed.refused)
    return [ShownProblem("asked", "Asked of a funder", said)]


def _papers(session: Session, case: Reach, by: Staff) -> Options:
    found = [p for p in evidence.papers(session, request_id=case.request_id, by=by) if p.state in _OPENABLE]
    return (
        ("", "None of these"),
        *((str(p.id), f"{label(f'paper_{p.kind}')}: {p.file_name}") for p in found),
    )


def _plain(value: int, unit: str) -> str:
    return f"{value // 100}.{value % 100:02}" if unit == "cents" else str(value)


def granted_from(form: FormData, ask: AskView) -> dict[BudgetCategory, int]:
    """The amounts of a decision as typed. Raises BadInput, for what was not asked for too."""
    asked = {f"amounts/{category}" for category in ask.asked}
    found, wrong = {}, []
    for name in sorted({n for n in form if n.startswith("amounts/")} - asked):
        if text_of(form, name):
            remedy = "Nothing was asked for this. Leave it empty, or write down another ask first."
            wrong.append(Problem(f"/{name}", remedy))
    for category in sorted(ask.asked):
        value, problem = number_of(text_of(form, f"amounts/{category}"), ask.unit, f"/amounts/{category}")
        if problem is not None:
            wrong.append(problem)
        elif value:
            found[category] = value
    if wrong:
        raise BadInput(wrong)
    return found


def number_of(typed: str, unit: str, pointer: str) -> tuple[int, Problem | None]:
    """Cents of typed dollars, or whole units; 0 for nothing typed."""
    if not typed:
        return 0, None
    if unit != "cents":
        if typed.isascii() and typed.isdigit() and len(typed) <= 9:
            return int(typed), None
        return 0, Problem(pointer, "Write a whole number.")
    try:
        return Money.parse(typed).cents, None
    except NotMoney:
        return 0, Problem(pointer, MONEY_REMEDY)
