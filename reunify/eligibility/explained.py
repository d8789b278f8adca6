"""An answer as pages, letters and the API show it. Pure; `from_stored.py` makes it of what is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from reunify.kernel.ids import RequestId, VersionId
from reunify.kernel.money import Money
from reunify.rates.fields import Words
from reunify.rules.answers import YES_ANSWERS
from reunify.rules.decide import FAMILY


@dataclass(frozen=True, slots=True)
class SeenView:
    """One fact with the test it met, for staff. `ask`: its question. `for_family`: a family may read it.
    `pointer`: its place in the request; empty where nothing is known of the fact any more."""

    field: str
    label: Words
    value: str
    cell: str
    truth: str
    ask: Words
    for_family: bool
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class RequirementView:
    """`say` is the family's sentence; None while nobody knows or a person must decide. `owed_by`: when what
    a person attested must be in. `attestable`: somebody may say so now and show it later."""

    id: str
    name: str
    outcome: str
    confidence: str
    seen: tuple[SeenView, ...]
    cite_doc: str
    cite_at: str
    cite_link: str | None
    say: Words | None
    form: str = "require"
    question: Words | None = None
    owed_by: date | None = None
    attestable: bool = False

    @property
    def missing(self) -> tuple[SeenView, ...]:
        """What nobody knows yet, each fact once."""
        return tuple({s.field: s for s in self.seen if s.truth == "unknown"}.values())

    @property
    def owed_in_family_words(self) -> tuple[Words, ...]:
        """What a family may be told is still owed: all of it, or nothing."""
        return tuple(s.ask for s in self.missing) if all(s.for_family for s in self.missing) else ()


@dataclass(frozen=True, slots=True)
class QuestionView:
    field: str
    pointer: str
    text: Words
    supplied_by: tuple[str, ...]
    family_can_fix: str


@dataclass(frozen=True, slots=True)
class LineView:
    """`payable` and `ceiling` in cents, nights or miles, as `unit` says. `decides`: what a person may."""

    key: str
    outcome: str
    unit: str
    payable: int
    ceiling: int
    reason: Words
    cite: str
    provisional: bool
    awaits: str = ""
    decides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HandOffView:
    """`follow_up_days` 0: nothing is owed later. `consequence`: of a loan, what it costs whoever signs."""

    staff: Words
    family: Words
    deadline: str
    phone: str | None = None
    form: str | None = None
    link: str | None = None
    follow_up_days: int = 0
    consequence: Words | None = None


@dataclass(frozen=True, slots=True)
class CapView:
    """The most the source pays, in the source's own unit (uses in a lifetime for `lifetime_uses`)."""

    scope: str
    category: str | None
    at_most: int
    cite: str
    row: str

    def in_words(self, unit: str | None) -> str:
        return cap_words(self.scope, self.category, self.at_most, unit or "cents")


_NO_GUIDELINE = "the poverty guideline of this year is not published yet, so the last one was used"
_WHOM = {
    "trip": "one trip",
    "family": "one family",
    "child": "one child",
    "traveler": "each traveler",
    "leg": "each leg",
}


def cap_words(scope: str, category: str | None, at_most: int, unit: str) -> str:
    """For staff: `$2,000.00 of lodging for one trip`; `once for one child`."""
    if scope == "lifetime_uses":
        return "once for one child" if at_most == 1 else f"{at_most} times for one child"
    most = str(Money(at_most)) if unit == "cents" else f"{at_most:,} {unit}{'' if at_most == 1 else 's'}"
    return most + (f" of {category.replace('_', ' ')}" if category else "") + f" for {_WHOM[scope]}"


_IN_WORDS = {
    ("held", "eligible"): "This fund may pay what is listed below.",
    ("held", "eligible_provisional"): "This fund may pay now; something is still owed.",
    ("held", "ineligible"): "This fund cannot pay.",
    ("held", "needs_information"): "An answer is missing.",
    ("held", "needs_staff_decision"): "A person decides first.",
    ("asked", "eligible"): "Worth writing to the funder. Nothing is set aside before they answer.",
    ("asked", "eligible_provisional"): "Worth writing to the funder; something is still owed.",
    ("asked", "ineligible"): "Not worth writing to the funder.",
    ("asked", "needs_information"): "An answer is missing before it is worth writing to the funder.",
    ("asked", "needs_staff_decision"): "A person decides whether to write to the funder.",
    ("elsewhere", "worth_applying"): "Worth applying. The hand-off says how.",
    ("elsewhere", "unlikely"): "Unlikely to pay. It never refuses anyone here.",
    ("elsewhere", "ask"): "Ask them. The hand-off says how.",
}
_KIND_WORDS = {
    "held": "Our own balance",
    "asked": "The funder decides for each family; nothing of it is ours to set aside",
    "elsewhere": "Paid or issued by someone else: it never refuses anyone",
}


@dataclass(frozen=True, slots=True)
class TableView:
    """`fault`: gap or overlap, for a person to decide. `possible`: rows that may still hit."""

    id: str
    outcome: str
    rows: tuple[str, ...]
    possible: tuple[str, ...]
    fault: str | None


@dataclass(frozen=True, slots=True)
class ChangeView:
    """Facts that together would end the no: label, cell it would have to meet, the family's question."""

    facts: tuple[tuple[Words, str, Words], ...]
    for_family: bool
    pointers: tuple[str, ...] = ()  # of its facts; one that left the dictionary has none: ""


@dataclass(frozen=True, slots=True)
class SourceView:
    """One determination. `rule_sha256` and `answer_hash` bind an approval to it.

    `said_no`, `said_yes`: the decision of an asked source's funder. `tier`: lower pays first, for `because`.
    """

    id: UUID
    source: str
    name: str
    public_name: Words
    kind: str
    unit: str | None
    organisation_set: bool
    answer: str
    provisional: bool
    requirements: tuple[RequirementView, ...]
    lines: tuple[LineView, ...]
    hand_off: HandOffView | None
    rule_sha256: str
    answer_hash: str
    federal: bool = False
    loan: bool = False
    suspended: bool = False
    said_no: bool = False
    said_yes: bool = False
    awaits_guideline: bool = False
    caps: tuple[CapView, ...] = ()
    tables: tuple[TableView, ...] = ()
    changes: tuple[ChangeView, ...] = ()
    tier: int | None = None
    because: str = ""

    @property
    def held(self) -> bool:
        return self.kind == "held"

    @property
    def may_pay(self) -> bool:
        return self.answer in YES_ANSWERS

    @property
    def not_met(self) -> tuple[RequirementView, ...]:
        return tuple(r for r in self.requirements if r.outcome == "not_met")

    @property
    def owed(self) -> tuple[RequirementView, ...]:
        return tuple(r for r in self.requirements if r.outcome == "attested")

    @property
    def needed(self) -> bool:
        """Whether some cost line looks to this source."""
        return any(line.outcome != "not_this_source" for line in self.lines)

    @property
    def in_words(self) -> str:
        """The answer, for staff."""
        if self.said_no:
            return "The funder was asked and will not pay."
        if self.said_yes:
            return "The funder said yes: up to what it granted, for this request alone."
        return _IN_WORDS.get((self.kind, self.answer), "")

    @property
    def kind_in_words(self) -> str:
        return _KIND_WORDS.get(self.kind, "")

    @property
    def provisional_because(self) -> tuple[str, ...]:
        """What the answer and each amount still await, and of which table."""
        lines = [t for t in self.lines if t.provisional and t.outcome == "payable"]
        guideline = [_NO_GUIDELINE] if self.awaits_guideline else []
        return tuple(dict.fromkeys([*guideline, *(f"{t.awaits} ({t.cite})" for t in lines)]))

    @property
    def worth_writing(self) -> bool:
        answered = self.said_no or self.said_yes
        return self.kind == "asked" and self.needed and self.answer != "ineligible" and not answered


@dataclass(frozen=True, slots=True)
class Explanation:
    """The newest assessed version of a request. `questions` hold it up, `elsewhere_questions` never do.

    `why_not`: it could not be judged, for this reason; then no source answered.
    """

    assessment_id: UUID
    request_id: RequestId
    version_id: VersionId
    number: int
    outcome: str
    at: datetime
    run: str | None
    sources: tuple[SourceView, ...]
    questions: tuple[QuestionView, ...]
    elsewhere_questions: tuple[QuestionView, ...]
    why_not: str = ""

    @property
    def family_questions(self) -> tuple[QuestionView, ...]:
        """What holds it up and a family can know; page and letter ask nothing else."""
        return tuple(q for q in self.questions if FAMILY in q.supplied_by)

    @property
    def in_order(self) -> tuple[SourceView, ...]:
        """As staff read them: ours by payer order, then who may be asked, then others. Loans are apart."""
        place = {"held": 0, "asked": 1}
        found = [s for s in self.sources if not s.loan]
        return tuple(sorted(found, key=lambda s: (place.get(s.kind, 2), s.tier or 0, s.source)))

    @property
    def loans(self) -> tuple[SourceView, ...]:
        return tuple(s for s in self.sources if s.loan)

    @property
    def to_write_to(self) -> tuple[SourceView, ...]:
        """Funders a person writes to, because none of our own sources can pay."""
        if self.outcome != "needs_staff_decision":
            return ()
        ours = [s for s in self.sources if s.held and s.needed and s.answer != "ineligible"]
        waits = any(
            s.answer == "needs_staff_decision" or any(t.outcome == "needs_staff_decision" for t in s.lines)
            for s in ours
        )
        return () if waits else tuple(s for s in self.sources if s.worth_writing)
