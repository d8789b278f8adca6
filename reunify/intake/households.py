"""Whose is what, where two households share a child; and the request as one of them may read it. Pure.

An adult without a household named belongs to the first one (`HOME`). A child, a caseworker and an officer
belong to both unless said otherwise. Every leg and cost belongs to somebody by its travelers, its payee, or
by being told; nothing is guessed (`problems`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from reunify.intake import free_words
from reunify.intake.form import (
    Category,
    CostLine,
    Leg,
    PayeeSaid,
    ReturnAuthority,
    SafeContact,
    Traveler,
    TravelerRole,
    TravelRequest,
)
from reunify.kernel.refusals import Problem

HOME: Final = "home"
_WITH_WHOM: Final = (
    "Somebody's address is protected: name the household each adult belongs to, the same for those who live "
    "together."
)
_SHARED: Final = frozenset({TravelerRole.CHILD, TravelerRole.CASEWORKER, TravelerRole.OFFICER})


def household_of(traveler: Traveler) -> str | None:
    """The traveler's household; None for one who belongs to both."""
    if traveler.household is not None:
        return traveler.household
    return None if traveler.role in _SHARED else HOME


def households(request: TravelRequest) -> list[str]:
    """Every household, in the order of the travelers; at least one."""
    named = [h for h in map(household_of, request.travelers) if h is not None]
    return list(dict.fromkeys(named)) or [HOME]


def primary(request: TravelRequest) -> str:
    """The household that is asked questions: of whoever the child is released to, else the first."""
    found = households(request)
    to = next((t for t in request.travelers if t.key == request.return_authority.released_to), None)
    theirs = household_of(to) if to else None
    return theirs if theirs in found else found[0]


def household_of_reader(request: TravelRequest, reader: str) -> str | None:
    """Whose documents this traveler reads; None for a stranger to this version of the request.

    Whoever belongs to both households reads those of the only one; of two, none. While nobody has said who
    lives with somebody protected, nobody reads anything.
    """
    traveler = next((t for t in request.travelers if t.key == reader), None)
    if traveler is None or unsaid(request):
        return None
    found = households(request)
    return found[0] if len(found) == 1 else household_of(traveler)


def is_protected(request: TravelRequest, household: str) -> bool:
    """Somebody of this household has a protected address."""
    return any(
        t.contact is not None and t.contact.address_protected
        for t in request.travelers
        if household_of(t) == household
    )


def unsaid(request: TravelRequest) -> list[int]:
    """Adults who share a household with somebody protected only because nobody said otherwise, by place.

    Unknown is not no: the address may be hidden from that very adult.
    """
    found = households(request)
    hides = {
        household_of(t) or found[0] for t in request.travelers if t.contact and t.contact.address_protected
    }
    adults = [(i, t) for i, t in enumerate(request.travelers) if t.role not in _SHARED]
    together = [household_of(t) for _, t in adults]
    return [
        i
        for i, t in adults
        if t.household is None and household_of(t) in hides and together.count(household_of(t)) > 1
    ]


def hidden_from(request: TravelRequest, traveler: Traveler) -> bool:
    """Somebody else's address is protected, and nobody said that they live with this person."""
    theirs, alone = household_of(traveler), len(households(request)) == 1
    open_question = bool(unsaid(request))
    return any(
        other.key != traveler.key
        and other.contact is not None
        and other.contact.address_protected
        and (open_question or (not alone and household_of(other) != theirs))
        for other in request.travelers
    )


def of_leg(leg: Leg, request: TravelRequest) -> set[str]:
    """The households whose plan it stands in; empty while nobody has said."""
    if leg.household is not None:
        return {leg.household}
    return _of_travelers(leg.travelers, request)


def of_cost(line: CostLine, request: TravelRequest) -> str | None:
    """The one household whose cost it is; None while nobody has said."""
    if line.household is not None:
        return line.household
    found = households(request)
    if len(found) == 1:
        return found[0]
    payee = next((p for p in request.payees if p.key == line.payee), None)
    for keys in ([line.traveler], [payee.traveler if payee else None]):
        theirs = _of_travelers([k for k in keys if k], request)
        if len(theirs) == 1:
            return theirs.pop()
    leg = next((leg for leg in request.legs if leg.key == line.leg), None)
    theirs = of_leg(leg, request) if leg else set()
    return theirs.pop() if len(theirs) == 1 else None


def problems(request: TravelRequest) -> list[Problem]:
    """What two households leave open, or one in which somebody's address is protected."""
    found = households(request)
    open_ones = [Problem(f"/travelers/{i}/household", _WITH_WHOM) for i in unsaid(request)]
    if open_ones:
        return open_ones
    if len(found) == 1:
        strange = [at for at, key in _named(request) if key not in found]
        return [Problem(at, "No traveler is of this household; leave it empty.") for at in strange]
    if len(found) > 2:
        return [Problem("/travelers", "At most two households share a request; check their names.")]
    wrong = [
        Problem(at, f"Name one of the households: {', '.join(found)}.")
        for at, key in _named(request)
        if key not in found
    ]
    wrong += [
        Problem(f"/legs/{i}/household", "Two households are named: say in whose plan this leg stands.")
        for i, leg in enumerate(request.legs)
        if not of_leg(leg, request)
    ]
    return wrong + [
        Problem(f"/cost_lines/{i}/household", "Two households are named: say whose cost this is.")
        for i, line in enumerate(request.cost_lines)
        if of_cost(line, request) is None
    ]


def view_for(request: TravelRequest, household: str) -> TravelRequest:
    """The request as this household may read it; the whole request where there is only one.

    Of the other household it holds the names of those who travel on the same leg, and nothing else: no
    address, phone, e-mail, lodging, leg, cost or payee. A note that repeats one of these is left out, and
    while the other is protected every free word about who belongs to both. Nothing at all while it is not
    said who lives with somebody protected.
    """
    if unsaid(request):
        return _nothing(request)
    if len(households(request)) == 1:
        return request
    legs = [leg for leg in request.legs if household in of_leg(leg, request)]
    lines = [line for line in request.cost_lines if of_cost(line, request) == household]
    secrets = list(_secrets(request, household))
    travelers = _travelers(request, household, legs)
    known = {t.key for t in travelers}
    paid = {line.payee for line in lines}
    asked_by = request.asked_by.model_copy(update={"name": travelers[0].name if travelers else "-"})
    return request.model_copy(
        update={
            "asked_by": asked_by,
            "household": None,
            "return_authority": _authority(request.return_authority, known),
            "travelers": travelers,
            "legs": [free_words.without(leg, secrets) for leg in legs],
            "payees": [p for p in request.payees if p.key in paid],
            "cost_lines": lines,
        }
    )


def child_is_elsewhere(request: TravelRequest, household: str) -> list[Traveler]:
    """Shared children who also travel on legs this household may not see, the other being protected."""
    hidden = [
        leg
        for leg in request.legs
        if household not in (theirs := of_leg(leg, request))
        and any(is_protected(request, other) for other in theirs)
    ]
    away = {key for leg in hidden for key in leg.travelers}
    return [t for t in request.travelers if t.key in away and household_of(t) is None]


def _travelers(request: TravelRequest, household: str, legs: list[Leg]) -> list[Traveler]:
    """Their own first, then those who belong to both, then who rides along; only their own can be reached."""
    riding = {key for leg in legs for key in leg.travelers}
    own = [t for t in request.travelers if household_of(t) == household]
    shared = [t for t in request.travelers if household_of(t) is None]
    others = [t for t in request.travelers if household_of(t) not in (household, None) and t.key in riding]
    hides = any(is_protected(request, other) for other in households(request) if other != household)
    secrets = list(_secrets(request, household))
    return [free_words.own(t, secrets) for t in own] + [
        free_words.unreachable(t, hides=hides) for t in shared + others
    ]


def _nothing(request: TravelRequest) -> TravelRequest:
    """For nobody to read: names alone, no place, no way to reach anybody."""
    travelers = [free_words.unreachable(t, hides=True) for t in request.travelers]
    nothing: dict[str, Any] = {"legs": [], "payees": [], "cost_lines": [], "household": None}
    return request.model_copy(
        update=nothing | {"travelers": travelers, "return_authority": _authority(ReturnAuthority(), set())}
    )


def _authority(told: ReturnAuthority, known: set[str]) -> ReturnAuthority:
    to = told.released_to if told.released_to in known else None
    return ReturnAuthority(released_to=to)


def _secrets(request: TravelRequest, household: str) -> Iterator[str]:
    """What the other household's notes may not repeat: where and how to find its people."""
    for traveler in request.travelers:
        if household_of(traveler) == household:
            continue
        contact = traveler.contact or SafeContact()
        yield from (s for s in (contact.phone, contact.email, traveler.readiness.phone_for_gate_texts) if s)
        yield from (line.strip(" ,") for line in (contact.address or "").splitlines() if line.strip(" ,"))
        if household_of(traveler) is not None:
            yield traveler.name
    lodged = {
        line.payee
        for line in request.cost_lines
        if line.category is Category.LODGING and of_cost(line, request) != household
    }
    yield from (p.name for p in request.payees if p.key in lodged)


def _of_travelers(keys: list[str], request: TravelRequest) -> set[str]:
    found = {household_of(t) for t in request.travelers if t.key in keys}
    theirs = {h for h in found if h is not None}
    return theirs or (set(households(request)) if len(households(request)) == 1 else set())


def _named(request: TravelRequest) -> Iterator[tuple[str, str]]:
    for part, told in (
        ("legs", [leg.household for leg in request.legs]),
        ("cost_lines", [line.household for line in request.cost_lines]),
    ):
        yield from ((f"/{part}/{i}/household", key) for i, key in enumerate(told) if key is not None)


def payee_household(payee: PayeeSaid, request: TravelRequest) -> str | None:
    """Whose money a payee's is: all their costs belong to one household, else nobody's page shows it."""
    theirs = {of_cost(line, request) for line in request.cost_lines if line.payee == payee.key}
    return theirs.pop() if len(theirs) == 1 else None


def may_read(reader: str, *, household: str, then: TravelRequest, now: TravelRequest) -> bool:
    """May this reader see what was made for `household` from the version `then`?

    They must have belonged to it, and everybody who belonged to it must belong to their household still: what
    was written for people who have parted since is shown to neither. Who is no longer named has parted.
    """
    if household_of_reader(then, reader) != household:
        return False
    theirs = household_of_reader(now, reader)
    people = {t.key: household_of(t) for t in now.travelers}
    members = [t.key for t in then.travelers if household_of(t) == household]
    return theirs is not None and all(people.get(key) == theirs for key in members)
