"""A family handed over to somebody else's source: under which consent, when we ask again, what became of it.

Pure. The number, form and deadline are the rule's own card; no hand-off ever refuses anybody or holds up a
trip, and a loan is never handed over by itself: a person asks for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, NewType
from uuid import UUID

from reunify.consent.policy import RecipientKind
from reunify.eligibility.explained import RequirementView, SourceView
from reunify.kernel.moves import START, Move, Moves
from reunify.kernel.refusals import NotAllowed, OutOfStep, Refused
from reunify.kernel.text import is_safe
from reunify.rates.fields import Words

HandOffId = NewType("HandOffId", UUID)

HAND_OFF_MOVES = Moves(
    "hand off",
    Move(START, "hand_over", "handed_over", "case manager, under a consent that names the recipient"),
    Move("handed_over", "helped", "helped", "case manager"),
    Move("handed_over", "did_not", "did_not_help", "case manager"),
    Move("handed_over", "no_answer", "no_answer", "case manager"),
)
LONGEST: Final = 2_000
_SHORTEST: Final = 5
# A recorded attempt at this source is what a last-resort question about this fact waits for.
LAST_RESORT: Final[Mapping[str, str]] = {"interstate_compact": "compact_applies"}
_RECIPIENTS: Final = frozenset({RecipientKind.AGENCY, RecipientKind.PARTNER, RecipientKind.FUNDER})


class BecameOfIt(StrEnum):
    HELPED = "helped"
    DID_NOT = "did_not"
    NO_ANSWER = "no_answer"


class NotHandedOver(Refused):
    """This source is none a person hands the family over to: it is ours, or its card says nothing."""

    field = "/source"


class NobodyNamed(NotAllowed):
    """No consent of this family names the recipient."""


class HandedOverAlready(OutOfStep):
    """This family was handed over to it, and nobody has written down what became of that."""


class SayMore(Refused):
    """What was told, or what became of it, is written down in a sentence."""


class NoSuchOutcome(Refused):
    """A hand-off ends in one of three ways."""

    field = "/outcome"


def check_source(source: SourceView | None) -> SourceView:
    """Raises NotHandedOver."""
    if source is None or source.kind != "elsewhere" or source.hand_off is None:
        raise NotHandedOver("Choose a source that is somebody else's and has a hand-off on its card.")
    return source


def check_text(text: str, *, field: str) -> str:
    """As kept. Raises SayMore."""
    said = text.replace("\r\n", "\n").strip()
    if not _SHORTEST <= len(said) <= LONGEST or not is_safe(said):
        raise SayMore(
            f"Write it down in a sentence of plain text, at most {LONGEST:,} characters.", field=field
        )
    return said


def outcome_of(written: str) -> BecameOfIt:
    """Raises NoSuchOutcome."""
    try:
        return BecameOfIt(written)
    except ValueError:
        remedy = f"Say what became of it: {', '.join(BecameOfIt)}."
        raise NoSuchOutcome(remedy) from None


def follow_up_on(days: int, today: date) -> date | None:
    """The day somebody asks again; None where the card owes no follow-up."""
    return today + timedelta(days=days) if days else None


def names_of(source: str, name: str, public_name: Words) -> frozenset[str]:
    """What a consent may call this recipient: the source's own name, with or without what stands in brackets,
    and the name families read."""
    head, _, inside = name.partition(" (")
    said = [name, head, inside.rstrip(")"), public_name.en, public_name.es, source.replace("_", " ")]
    return frozenset(plain(one) for one in said if one)


def names_recipient(kind: RecipientKind, recipient: str, names: Collection[str]) -> bool:
    """A consent for one recipient says nothing of another."""
    return kind in _RECIPIENTS and plain(recipient) in names


def check_named(about: Iterable[str], children: Collection[str], recipient: str) -> None:
    """`about`: whom the consents that stand are about. Where a child travels, one is about a child.

    Raises NobodyNamed with the remedy.
    """
    told = set(about)
    if not told or (children and not told.intersection(children)):
        whose = "about the child " if children else ""
        raise NobodyNamed(
            f"No consent {whose}names {recipient}. Ask the family for one that names it, then hand over."
        )


def meets(source: str, requirement: RequirementView) -> bool:
    """Whether a recorded attempt at this source is what the requirement waits for a person's word on."""
    fact = LAST_RESORT.get(source)
    waits = requirement.outcome == "needs_staff_decision"
    return fact is not None and waits and any(seen.field == fact for seen in requirement.seen)


def plain(name: str) -> str:
    return " ".join(name.split()).casefold()
