"""Who of a request's people may sign, read and be called back: read from what was told. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from reunify.consent import policy
from reunify.consent.policy import Needed, Parent
from reunify.intake import households
from reunify.intake.form import PayeeSaid, Traveler, TravelerRole, TravelRequest
from reunify.intake.queries import Version

_PARENTS = (TravelerRole.PARENT, TravelerRole.GUARDIAN)
_WORKERS = (TravelerRole.CASEWORKER, TravelerRole.OFFICER)
# A number told today proves nothing about who is calling today.
SETTLED = timedelta(days=1)


def needed_for(request: TravelRequest, about: str, *, on: date) -> Needed:
    """Who signs for what is told about this traveler or payee. Nobody for a key the request lacks."""
    traveler = next((t for t in request.travelers if t.key == about), None)
    if traveler is not None:
        child = traveler.role is TravelerRole.CHILD
        age = age_of(traveler, request, on=on)
        return policy.needed_givers(about, is_child=child, age=age, parents=parents(request))
    return Needed((about,)) if any(giver_of(p) == about for p in request.payees) else Needed(())


def giver_of(payee: PayeeSaid) -> str:
    """Whose yes it takes to tell a processor of this payee: the traveler they are, or themselves."""
    return payee.traveler or f"payee:{payee.key}"


def bank_givers(request: TravelRequest, payee_key: str) -> set[str]:
    """Which readers may say where a payee's money goes: the adult it is for, else the adults of the payee's
    household. Nobody for a payee the request lacks, or while nobody has said whose household it is."""
    said = next((p for p in request.payees if p.key == payee_key), None)
    home = households.payee_household(said, request) if said else None
    if said is None or home is None:
        return set()
    adults = {t.key for t in request.travelers if t.role is not TravelerRole.CHILD}
    able = adults & {giver_of(said)} or adults
    return {key for key in able if households.household_of_reader(request, key) == home}


def parents(request: TravelRequest) -> list[Parent]:
    """Parents and guardians among the travelers, and whether the signature of each may count."""
    told = request.return_authority
    safe = told.released_to if told.decision == "safe_and_lawful" else None
    return [
        Parent(
            t.key,
            policy.parent_may_sign(
                abuse_suspected=told.abuse_suspected,
                protective_order=told.protective_order,
                hidden_from=households.hidden_from(request, t),
                found_safe=t.key == safe,
            ),
        )
        for t in request.travelers
        if t.role in _PARENTS
    ]


def age_of(traveler: Traveler, request: TravelRequest, *, on: date) -> int | None:
    """From the birth date, else as the case says of its child; None if nobody knows."""
    born = traveler.birth_date
    if born is None and traveler.name == request.case.child.name:
        born = request.case.child.birth_date
        if born is None:
            return request.case.child.age_now
    if born is None:
        return None
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def called(request: TravelRequest, key: str) -> str:
    """The name behind a key of the request, for staff and for the family; the key itself if unknown."""
    if key == policy.CUSTODIAN:
        return "whoever holds custody"
    names = {t.key: t.name for t in request.travelers} | {giver_of(p): p.name for p in request.payees}
    return names.get(key, key)


def readers(request: TravelRequest) -> list[Traveler]:
    """Who may have a link of their own: the adults of the family, and a child who can be reached.

    Workers read our letters in their own office. Without a family adult the first traveler is the reader.
    """
    found = [
        t
        for t in request.travelers
        if t.role not in _WORKERS and (t.role is not TravelerRole.CHILD or t.contact is not None)
    ]
    return found or request.travelers[:1]


def numbers_on_file(versions: Sequence[Version], reader: str, *, now: datetime) -> list[str]:
    """Numbers that may be called back: told now, and told at the beginning or at least a day ago."""
    if not versions:
        return []
    newest = _numbers(versions[-1].content, reader)
    settled = {
        number
        for version in versions
        if version.number == 1 or now - version.submitted_at >= SETTLED
        for number in _numbers(version.content, reader)
    }
    return [number for number in newest if number in settled]


def _numbers(request: TravelRequest, reader: str) -> list[str]:
    traveler = next((t for t in request.travelers if t.key == reader), None)
    if traveler is None:
        return []
    told = [traveler.contact.phone if traveler.contact else None, traveler.readiness.phone_for_gate_texts]
    return list(dict.fromkeys(number for number in told if number))


def contact_person(request: TravelRequest) -> Traveler:
    """Whose link is made first: the parent or guardian our letters speak to, else the first reader."""
    able = readers(request)
    return next(
        (t for t in able if t.role in _PARENTS and t.contact is not None),
        next((t for t in able if t.contact is not None), able[0]),
    )
