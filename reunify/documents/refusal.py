"""What a refusal letter tells one household: why each fund cannot pay, and what can still be done. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from reunify.documents.context import Reason, Said
from reunify.eligibility.explained import ChangeView, RequirementView, SourceView
from reunify.rates.fields import Words

# Whether the household may read a sentence that stands on the facts at these places of the request.
MayRead = Callable[[Sequence[str]], bool]

# The letter itself opens with the person to talk to and ends with how to ask again.
CAN_DO: Final = (
    Said(
        "We will look with you for other ways to make this trip.",
        "Buscaremos con usted otras maneras de hacer este viaje.",
    ),
    Said(
        "Ask us about groups near you that help with travel, food and a place to stay.",
        "Pregúntenos por grupos cerca de usted que ayudan con viaje, comida y hospedaje.",
    ),
)
_MOST_CHANGES = _MOST_OTHERS = 3  # a letter of one page
LOOK_AGAIN: Final = Said(
    "If this can be different, call us, and we look again: ",
    "Si esto puede ser distinto, llámenos y lo revisamos de nuevo: ",
)
# For a fund whose reason is another household's, and where no single requirement made the answer.
NOT_THESE_COSTS: Final = Said(
    "It does not pay for the costs of this trip. Please call us: we will go through them with you.",
    "No cubre los gastos de este viaje. Llámenos: los revisamos con usted.",
)


def everything(pointers: Sequence[str]) -> bool:
    """Of the only household."""
    return True


def reasons(sources: Sequence[SourceView], may_read: MayRead = everything) -> list[Reason]:
    """One for each of our funds with an unmet requirement; else each of our funds, in kind words."""
    held = [s for s in sources if s.held] or [s for s in sources if not s.loan]
    told = [(s, r) for s in held if (r := _weightiest(s)) is not None]
    if not told:
        return [Reason(_said(source.public_name), NOT_THESE_COSTS) for source in held]
    return [Reason(_said(source.public_name), _sentence(r, may_read)) for source, r in told]


def what_can_be_done(sources: Sequence[SourceView], may_read: MayRead = everything) -> list[Said]:
    """What would change the answer of one of our own funds, where a family can mend it by a paper, a date or
    the route; where else help may come from, never a loan; then what always helps. Nothing else is told."""
    return [*_changes(sources, may_read), *_elsewhere(sources, may_read), *CAN_DO]


def _weightiest(source: SourceView) -> RequirementView | None:
    """The no that stands by itself, before one that time or a paper ends: "helps once …" promises nothing
    beside it. The return authority comes first: it is never waived."""
    said = [r for r in source.not_met if r.say is not None]
    return min(said, key=_place, default=None)


def _place(requirement: RequirementView) -> int:
    if requirement.form == "decide_by":
        return 0
    return 2 if _may_still_come(requirement) else 1


def _may_still_come(requirement: RequirementView) -> bool:
    """All that stands against it is not so yet in the case: a number, a report, that the child was found."""
    against = [s for s in requirement.seen if s.truth == "no"]
    return bool(against) and all(s.pointer.startswith("/case/") and s.value == "no" for s in against)


def _sentence(requirement: RequirementView, may_read: MayRead) -> Said:
    if requirement.say is None or not may_read([s.pointer for s in requirement.seen]):
        return NOT_THESE_COSTS
    return _said(requirement.say)


def _changes(sources: Sequence[SourceView], may_read: MayRead) -> list[Said]:
    told = [
        _look_again(c) for s in sources if s.held for c in s.changes if c.for_family and may_read(c.pointers)
    ]
    return list(dict.fromkeys(told))[:_MOST_CHANGES]


def _look_again(change: ChangeView) -> Said:
    asked = [question for _, _, question in change.facts]
    return Said(
        LOOK_AGAIN.en + " ".join(q.en for q in asked),
        LOOK_AGAIN.es + " ".join(q.es for q in asked),
    )


def _elsewhere(sources: Sequence[SourceView], may_read: MayRead) -> list[Said]:
    """Worth applying first. What the answer stands on must be theirs to read: the advice gives it away."""
    found = sorted(_to_turn_to(sources), key=lambda s: s.answer != "worth_applying")
    told = [
        _said(s.hand_off.family)
        for s in found
        if s.hand_off is not None and may_read([seen.pointer for r in s.requirements for seen in r.seen])
    ]
    return list(dict.fromkeys(told))[:_MOST_OTHERS]


def _to_turn_to(sources: Sequence[SourceView]) -> Iterator[SourceView]:
    """A card without a rule is read by a person, who talks with the family: others may read a letter."""
    for s in sources:
        judged = bool(s.requirements) and not s.suspended
        if s.kind == "elsewhere" and not s.loan and judged and s.answer in ("worth_applying", "ask"):
            yield s


def _said(words: Words) -> Said:
    return Said(words.en, words.es)
