"""What a compiled rule file is made of. Plain values: nothing is decided or read here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from reunify.kernel.refusals import Refused
from reunify.rates.fields import Dictionary, FactValue, Words
from reunify.rules.cells import Cell

KINDS = ("held", "asked", "elsewhere")
FORMS = ("require", "require_any", "deny_if", "decide_by")
CONFIDENCES = ("HIGH", "MEDIUM", "UNVERIFIED")
UNITS = ("cents", "night", "mile")
HIT_POLICIES = ("unique", "first", "collect")
CAP_SCOPES = ("trip", "family", "child", "traveler", "leg", "lifetime_uses")
CARD = "the hand-off card"  # beside the ids of requirements, in what must be read again


class NoRulesForDate(Refused):
    """No version of any source's rules is in force on the date of the trip."""


@dataclass(frozen=True, slots=True)
class Cite:
    """Where the rule is written, so that anyone can look it up."""

    doc: str
    at: str
    link: str | None


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition. `groups` is an OR of ANDs; `deny_if` turns the result round.

    A `decide_by` without groups is a plain staff decision, asked by `question`. `owed_within`: days in which
    an attested fact must follow; None where nobody may attest. HIGH may refuse; the others ask staff.
    """

    id: str
    name: str
    form: str
    groups: tuple[tuple[Cell, ...], ...]
    confidence: str
    cite: Cite
    met: Words
    not_met: Words
    verified_on: date
    review_by: date
    question: Words | None = None
    owed_within: int | None = None
    fields: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        fields = tuple(dict.fromkeys(c.field for group in self.groups for c in group))
        object.__setattr__(self, "fields", fields)  # frozen: made once, of what is given


@dataclass(frozen=True, slots=True)
class HandOff:
    """Who else may pay, and what a member of staff does next. `follow_up_days` 0: no task is owed.

    `verified_on`, `review_by`: when its numbers were read and must be read again, as the whole file says;
    None where only its requirements say it.
    """

    staff: Words
    family: Words
    deadline: str
    cite: Cite
    follow_up_days: int = 0
    phone: str | None = None
    form: str | None = None
    link: str | None = None
    consequence: Words | None = None  # of a loan: what it costs whoever signs it
    verified_on: date | None = None
    review_by: date | None = None


@dataclass(frozen=True, slots=True)
class Cap:
    """The most a source pays, in its own unit (cents, nights, miles), or how often in a lifetime.

    `category` None: over all its cost categories together. `row` names the table's row, as `TABLE row A`.
    """

    scope: str
    category: str | None
    at_most: int
    cite: str
    row: str

    def content(self) -> dict[str, str | int | None]:
        return {
            "scope": self.scope,
            "category": self.category,
            "at_most": self.at_most,
            "cite": self.cite,
            "row": self.row,
        }


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a decision table: every cell must hold; `gives` are its caps (none where `-`)."""

    id: str
    cells: tuple[Cell, ...]
    gives: tuple[Cap, ...]
    cite: str


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV decision table with its DMN hit policy. `fields` and `outputs` are its column heads, in order.

    `reach`, per field: each set of rows (bit i is row i) that some value of that fact leaves standing.
    `said`, per field: each cell that says something, once, and the rows that say it.
    """

    id: str
    file: str
    hit: str
    fields: tuple[str, ...]
    outputs: tuple[str, ...]
    rows: tuple[Row, ...]
    reach: tuple[tuple[int, ...], ...] = field(repr=False)
    said: tuple[tuple[tuple[Cell, int], ...], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        said = tuple([self._said(column) for column in range(len(self.fields))])
        object.__setattr__(self, "said", said)  # frozen: made once, of what is given

    def _said(self, column: int) -> tuple[tuple[Cell, int], ...]:
        found: dict[str, tuple[Cell, int]] = {}
        for i, row in enumerate(self.rows):
            cell = row.cells[column]
            if cell.wants:
                found[cell.written] = (cell, found.get(cell.written, (cell, 0))[1] | 1 << i)
        return tuple(found.values())


@dataclass(frozen=True, slots=True)
class PayerOrder:
    """Lower tiers pay first. Organisation policy, with its reason: no law gives one list."""

    tier: int
    because: str
    cite: Cite


@dataclass(frozen=True, slots=True)
class Rulebook:
    """One source's rules of one day. `body` is the whole version as text: its YAML and its tables below it.

    `unit` and `payer_order` are None for an elsewhere source; `pays` are the cost categories a source of ours
    or an asked one may bear. A `card_only` source is never judged: a person reads the card.
    """

    source: str
    name: str
    public_name: Words
    kind: str
    unit: str | None
    organisation_set: bool
    federal: bool
    loan: bool
    card_only: bool
    effective_from: date
    effective_to: date | None
    basis: str
    pays: tuple[str, ...]
    payer_order: PayerOrder | None
    requirements: tuple[Requirement, ...]
    tables: tuple[Table, ...]
    hand_off: HandOff | None
    sha256: str
    body: bytes

    def __hash__(self) -> int:
        return hash(self.sha256)

    @property
    def held(self) -> bool:
        return self.kind == "held"

    @property
    def ids(self) -> tuple[str, ...]:
        """Of its requirements and tables: under each a person may decide."""
        return (*(r.id for r in self.requirements), *(t.id for t in self.tables))

    def overdue(self, on: date) -> tuple[str, ...]:
        """What of it was to be read again before this day: ids of requirements, and the hand-off card."""
        late = tuple(r.id for r in self.requirements if r.review_by < on)
        card = self.hand_off.review_by if self.hand_off else None
        return (*late, CARD) if card is not None and card < on else late

    def covers(self, day: date) -> bool:
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)

    def day(self, facts: Mapping[str, FactValue]) -> date | None:
        """The day this version goes by; an unknown basis date is judged by the first travel day."""
        day = facts.get(self.basis) or facts.get("travel_start")
        return day if isinstance(day, date) else None


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's recorded word on one requirement: met, not_met, or attested (owed later). `on`: its day.

    `about`: what it was given about, as a fingerprint; it counts for nothing else. None: for whatever the
    name stands for, as in a worked example.
    """

    decision: str
    on: date
    about: str | None = None

    def owed_by(self, requirement: Requirement) -> date:
        return self.on + timedelta(days=requirement.owed_within or 0)

    def content(self) -> dict[str, str]:
        about = {} if self.about is None else {"about": self.about}
        return {"decision": self.decision, "on": self.on.isoformat(), **about}

    @classmethod
    def from_content(cls, stored: dict[str, str]) -> Decision:
        return cls(stored["decision"], date.fromisoformat(stored["on"]), stored.get("about"))


def suspended_id(source: str) -> str:
    """Under this name a person decides for a whole source while its rules are suspended."""
    return f"{source}:suspended"


@dataclass(frozen=True, slots=True)
class Rulebooks:
    """Every source with its versions, oldest first, the dictionary they were compiled against, and which
    sources are suspended: those ask staff instead of answering.

    `suspensions`: of each of them which suspension it is. A person's word counts for that one only.
    """

    dictionary: Dictionary
    dictionary_sha256: str
    versions: Mapping[str, tuple[Rulebook, ...]]
    suspended: frozenset[str] = field(default_factory=frozenset)
    suspensions: Mapping[str, str] = field(default_factory=dict)

    def chosen(self, facts: Mapping[str, FactValue]) -> tuple[Rulebook, ...]:
        """The version of each source its basis date selects; a source without one is not asked.

        An unknown basis date is judged by the first travel day. Raises NoRulesForDate when nothing is left.
        """
        found = tuple(b for v in self.versions.values() if (b := covering(v, facts)) is not None)
        if not any(b.held for b in found):
            raise NoRulesForDate(
                "No rules of our own sources are in force on the day this trip begins. "
                "Correct the travel dates, or have rules approved for that day."
            )
        return found


def covering(versions: Sequence[Rulebook], facts: Mapping[str, FactValue]) -> Rulebook | None:
    """The version these facts are judged by: the newest that has begun. Where it has also ended, no older one
    comes back to life."""
    begun = newest_begun(versions, facts)
    return begun[0] if begun is not None and begun[0].covers(begun[1]) else None


def newest_begun(
    versions: Sequence[Rulebook], facts: Mapping[str, FactValue]
) -> tuple[Rulebook, date] | None:
    """Of one source's versions, oldest first, the newest that has begun by its day. It may have ended."""
    for book in reversed(versions):
        day = book.day(facts)
        if day is not None and book.effective_from <= day:
            return book, day
    return None
