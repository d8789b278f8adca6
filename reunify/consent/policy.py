"""Who must agree before something is told to someone outside, and whether they have. Pure.

Sources: 28 CFR 94.115 and 34 USC 12291(b)(2): a release needs the informed, written, reasonably time-limited
consent of the person, for a minor of the minor and a parent or guardian; never of the abuser; and no service
may depend on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from reunify.consent.safe_contact import may_contact as may_contact
from reunify.kernel.ids import RequestId
from reunify.kernel.refusals import NotAllowed, OutOfStep, Refused

# The rule says "reasonably time-limited"; twelve months is the organisation's longest.
LONGEST_MONTHS: Final = 12
MONTHS: Final = (3, 6, 12)
ADULT_AT: Final = 18
# The rule names no age below which a parent signs alone; the organisation's own line (docs/adr/0011).
SIGNS_FROM: Final = 12
# Whoever holds custody signs on paper where no parent may.
CUSTODIAN: Final = "@custodian"

YesNoUnknown = Literal["yes", "no", "unknown"]
Answer = Literal["yes", "no"]


class RecipientKind(StrEnum):
    PROCESSOR = "processor"
    FUNDER = "funder"
    PARTNER = "partner"
    CARRIER = "carrier"
    AGENCY = "agency"


class Told(StrEnum):
    """The closed list of what a consent may be about."""

    PAYMENT_DETAILS = "payment_details"  # name, e-mail and country
    TRAVEL_DETAILS = "travel_details"  # names and birth dates for tickets, route and times
    ROOM_DETAILS = "room_details"  # guest name and nights
    CONTACT_DETAILS = "contact_details"  # phone and address
    CASE_SUMMARY = "case_summary"


@dataclass(frozen=True, slots=True)
class Recipient:
    """One named recipient; a consent for one says nothing of another."""

    kind: RecipientKind
    name: str


STRIPE: Final = Recipient(RecipientKind.PROCESSOR, "Stripe")


@dataclass(frozen=True, slots=True)
class Parent:
    """A parent or guardian who could sign. `may_sign`: nobody need fear them, or staff found it safe."""

    key: str
    may_sign: bool


@dataclass(frozen=True, slots=True)
class Needed:
    """Everyone in `all_of` signs, and one of `one_of` where it is not empty."""

    all_of: tuple[str, ...]
    one_of: tuple[str, ...] = ()

    @property
    def givers(self) -> tuple[str, ...]:
        return (*self.all_of, *self.one_of)

    def missing(self, agreed: Iterable[str]) -> tuple[str, ...]:
        """Who still has to sign; of several who may, all are named. Empty when the consent is whole."""
        yes = set(agreed)
        lacking = tuple(key for key in self.all_of if key not in yes)
        return lacking if yes.intersection(self.one_of) else (*lacking, *self.one_of)


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest answer of one giver to one question."""

    giver: str
    answer: Answer
    ends_at: datetime | None
    revoked_at: datetime | None

    def agrees(self, now: datetime) -> bool:
        live = self.ends_at is not None and now < self.ends_at
        return self.answer == "yes" and self.revoked_at is None and live


class NoConsentFor(NotAllowed):
    """Something may not be told. Names the recipient and who still has to sign; never a person's name."""

    def __init__(self, recipient: Recipient, missing: Sequence[str], *, ended: str = "") -> None:
        why = f" {ended}" if ended else ""
        super().__init__(
            f"{recipient.name} may not be told this: {len(missing)} signature"
            f"{'' if len(missing) == 1 else 's'} missing.{why} Ask for the consent, or go another way."
        )
        self.recipient = recipient
        self.missing = tuple(missing)
        self.ended = ended


class NotAGiver(NotAllowed):
    """This person's signature is not one that is needed, or may not count."""


class AlreadyTakenBack(OutOfStep):
    """The consent was taken back before."""


class NotSigned(Refused):
    """A consent carries a typed name."""


class TooLong(Refused):
    """A consent always ends, within twelve months."""


class NoWitness(Refused):
    """A consent on paper says which paper it is."""


class PermitForged(TypeError):
    """Our own fault: a permit is made only from the consents in the database."""


_MAKING: Final = object()


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to tell one recipient one kind of thing about one person of one request.

    `record`: the very words it is about, where they have an id, like one version of a payee.
    Only `permit_from` makes one, and only `consent.actions.permit` calls it (a test looks).
    """

    request: RequestId
    recipient: Recipient
    what: Told
    about: str
    until: datetime
    _made: object = field(repr=False, compare=False)
    record: UUID | None = None

    def __post_init__(self) -> None:
        if self._made is not _MAKING:
            raise PermitForged("A permit is not written by hand: ask consent.actions.permit.")

    def covers(
        self,
        recipient: Recipient,
        what: Told,
        *,
        record: UUID | None,
        about: str | None = None,
        request: UUID | None = None,
    ) -> bool:
        """What a port checks of the permit it was handed. `about`: the key of the person, where known."""
        same = (self.recipient, self.what, self.record) == (recipient, what, record)
        return same and about in (None, self.about) and request in (None, self.request)


def permit_from(
    given: Sequence[Standing],
    needed: Needed,
    *,
    request: RequestId,
    recipient: Recipient,
    what: Told,
    about: str,
    now: datetime,
    record: UUID | None = None,
) -> Permit:
    """The permit these consents amount to. Raises NoConsentFor.

    `given` holds the newest answer of each giver; those whose signature is not needed do not count.
    """
    counted = [s for s in given if s.giver in needed.givers]
    agreed = {s.giver: s for s in counted if s.agrees(now)}
    missing = needed.missing(agreed)
    if missing or not needed.givers:
        raise NoConsentFor(recipient, missing or ("nobody",), ended=_ended(counted, missing, now))
    ends = [s.ends_at for key, s in agreed.items() if key in needed.all_of and s.ends_at]
    one_of = [s.ends_at for key, s in agreed.items() if key in needed.one_of and s.ends_at]
    if one_of:
        ends.append(max(one_of))
    return Permit(request, recipient, what, about, min(ends), _MAKING, record)


def _ended(counted: Sequence[Standing], missing: Sequence[str], now: datetime) -> str:
    lacking = [s for s in counted if s.giver in missing]
    if any(s.revoked_at is not None for s in lacking):
        return "It was taken back."
    if any(s.answer == "yes" and s.ends_at is not None and now >= s.ends_at for s in lacking):
        return "Its time is over."
    return "It was answered with no." if any(s.answer == "no" for s in lacking) else ""


def needed_givers(
    person: str, *, is_child: bool, age: int | None, parents: Sequence[Parent], alone: bool = False
) -> Needed:
    """Who signs for what is told about `person`.

    An adult signs alone. A minor old enough signs, and one parent who may; where no parent may (abuse is
    suspected, or not known), whoever holds custody does. A child of unknown age counts as a minor who signs.
    `alone`: the law lets this minor receive the service without a parent (28 CFR 94.115).
    """
    if not is_child or (age is not None and age >= ADULT_AT):
        return Needed((person,))
    signs = (person,) if age is None or age >= SIGNS_FROM else ()
    if alone and signs:
        return Needed(signs)
    may = tuple(parent.key for parent in parents if parent.may_sign)
    return Needed(signs, may or (CUSTODIAN,))


def parent_may_sign(
    *, abuse_suspected: YesNoUnknown, protective_order: YesNoUnknown, hidden_from: bool, found_safe: bool
) -> bool:
    """An abuser cannot consent (28 CFR 94.115), and unknown is not no.

    `hidden_from`: somebody's address is protected, and it may be from this person. `found_safe`: staff
    decided that it is safe and lawful to bring the child to this very person.
    """
    return found_safe or (abuse_suspected == protective_order == "no" and not hidden_from)


def check_giver(giver: str, needed: Needed) -> None:
    """Raises NotAGiver for someone whose yes would not count: a stranger to it, or an abuser."""
    if giver not in needed.givers:
        raise NotAGiver("This person cannot sign this one. Choose someone whose signature is needed.")


def check_signed(name: str) -> str:
    """The typed name, without surrounding space. Raises NotSigned."""
    signed = " ".join(name.split())
    if len(signed) < 3:
        raise NotSigned("Write the name as the signature.", field="/name")
    return signed


def check_paper(reference: str) -> str:
    """Raises NoWitness."""
    if not reference.strip():
        raise NoWitness("Write where the signed paper is kept, like a folder and page.", field="/paper")
    return reference.strip()


def end_of(given_at: datetime, months: int) -> datetime:
    """When a consent ends; a month counts as 30 days, a year as 365. Raises TooLong."""
    if not 1 <= months <= LONGEST_MONTHS:
        raise TooLong(f"Choose an end within {LONGEST_MONTHS} months.", field="/months")
    return given_at + (timedelta(days=365) if months == LONGEST_MONTHS else timedelta(days=30 * months))
