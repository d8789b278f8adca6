"""What may happen to an instruction, an attempt and a logged payment, and by whom. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from reunify.disbursement.outcomes import Status
from reunify.kernel.moves import START, Move, Moves
from reunify.kernel.people import Actor, Role, Staff, check_role
from reunify.kernel.refusals import NotAllowed, OutOfStep, Refused
from reunify.kernel.text import is_safe

INSTRUCTION = Moves(
    "payment instruction",
    Move(START, "instruct", "ready", "system"),
    Move(START, "instruct_logged", "to_log", "system"),
    Move(START, "instruct_card", "on_card", "system"),
    Move("ready", "send", "sending", "system"),
    Move("ready", "fail", "failed", "Stripe"),
    Move("sending", "settle", "settled", "Stripe"),
    Move("sending", "fail", "failed", "Stripe"),
    Move("sending", "wait_for_money", "ready", "Stripe"),
    Move("sending", "wait_for_rail", "ready", "Stripe"),
    Move("failed", "try_again", "ready", "finance"),
    Move("failed", "pay_otherwise", "to_log", "finance"),
    Move("ready", "pay_otherwise", "to_log", "finance"),
    Move("ready", "miss_consent", "to_log", "system"),
    Move("failed", "withdraw", "withdrawn", "finance"),
    Move("ready", "withdraw", "withdrawn", "finance"),
    Move("to_log", "withdraw", "withdrawn", "finance"),
    Move("settled", "return", "returned", "Stripe"),
    Move("returned", "try_again", "ready", "finance"),
    Move("returned", "pay_otherwise", "to_log", "finance"),
    Move("returned", "withdraw", "withdrawn", "finance"),
    Move("to_log", "record", "recorded", "staff"),
    Move("recorded", "verify", "settled", "another member of staff"),
    Move("ready", "ratify", "settled", "two people of finance: paid in an outage"),
    Move("to_log", "ratify", "settled", "two people of finance: paid in an outage"),
    Move("failed", "ratify", "settled", "two people of finance: paid in an outage"),
    Move("returned", "ratify", "settled", "two people of finance: paid in an outage"),
    Move("recorded", "void", "to_log", "staff"),
    Move("settled", "void", "to_log", "finance"),
    Move("on_card", "settle", "settled", "Stripe"),
    Move("on_card", "pay_otherwise", "to_log", "finance"),
    Move("on_card", "withdraw", "withdrawn", "finance"),
)
# Two instructions of the same kind for one award and payee may not be alive together.
ENDED = ("withdrawn",)
# Nothing more is to be done for these; a payment that came back is owed again.
DONE = ("settled", "withdrawn")
DECISIONS = ("try_again", "pay_otherwise", "withdraw")

ATTEMPT = Moves(
    "payment attempt",
    Move(START, "open", "open", "system"),
    Move("open", "lose", "unknown", "system"),
    Move("open", "refuse", "failed", "Stripe"),
    Move("open", "take_up", "in_flight", "Stripe"),
    Move("unknown", "take_up", "in_flight", "Stripe"),
    Move("in_flight", "post", "posted", "Stripe"),
    Move("in_flight", "fail", "failed", "Stripe"),
    Move("in_flight", "cancel", "canceled", "Stripe"),
    Move("posted", "return", "returned", "Stripe"),
    Move("open", "jam", "stuck", "system"),
    Move("unknown", "jam", "stuck", "system"),
    Move("stuck", "take_up", "in_flight", "Stripe"),
    Move("unknown", "declare_unsent", "failed", "finance"),
    Move("stuck", "declare_unsent", "failed", "finance"),
)
# From these states money may still leave: no second attempt beside one of them.
ALIVE = ("open", "unknown", "in_flight", "stuck")
UNSENT = ("open", "unknown")


class Instrument(StrEnum):
    CHECK = "check"
    VOUCHER = "voucher"
    VENDOR_PAYMENT = "vendor_payment"
    HOTEL_NIGHT = "hotel_night"
    AIRLINE_MILES = "airline_miles"
    CARD = "card"


# After this long a person looks before anything is sent again, although the key would still be honoured.
RESEND_FOR = timedelta(hours=12)
# How long a payee's missing bank details are left alone before Stripe is asked again.
ASK_FOR_BANK_DETAILS_EVERY = timedelta(minutes=5)
# A change is being checked, or Stripe did not answer: moments later it will be otherwise.
LOOK_AGAIN_AFTER = timedelta(seconds=5)
# A worker that has not come back after this long is taken for dead.
CALL_LASTS_AT_MOST = timedelta(minutes=2)

_PATHS: dict[Status, tuple[str, ...]] = {
    Status.PROCESSING: ("take_up",),
    Status.POSTED: ("take_up", "post"),
    Status.FAILED: ("take_up", "fail"),
    Status.CANCELED: ("take_up", "cancel"),
    Status.RETURNED: ("take_up", "post", "return"),
}


class ApprovalChanged(OutOfStep):
    """What was approved is no longer what would be paid."""


class UnknownTooLong(OutOfStep):
    """Nobody knows whether this payment went out, and it is too late to just ask again."""


class NotObligated(Refused):
    """The ledger does not hold this money for this payment."""


class BeingSent(OutOfStep):
    """Another worker has this attempt in hand."""


class MayStillBePaid(OutOfStep):
    """An attempt may still pay this: nothing else is decided until that is known."""


class StillAsked(OutOfStep):
    """An attempt is not lost yet: the same payment is still asked for by itself, with the same key."""


class CostMovedAway(OutOfStep):
    """What came back of a payment is in the fund its cost had been moved to: nothing pays it again."""


class NoWhy(Refused):
    """A decision over money without a reason, or with one nobody can read."""


class VerifierIsRecorder(NotAllowed):
    """The person who wrote a payment down cannot also be the one who checks it."""


class NotStaff(NotAllowed):
    """Only a signed-in member of staff can do this."""


class VerifierIsAuthor(NotAllowed):
    """Whoever wrote the request checks none of its payments, as they release none of its money."""


class WrongInstrument(Refused):
    """What is given in kind is paid in its own kind: nights by hotel nights, miles by airline miles."""


def steps(state: str, status: Status) -> list[str]:
    """The moves still to make until an attempt says what Stripe says; none when it does, or is past it."""
    path = list(_PATHS[status])
    for start in range(len(path)):
        if ATTEMPT.can(state, path[start]):
            return path[start:]
    return []


def check_digest(approved: str, current: str) -> None:
    """Raise ApprovalChanged unless the award's digest is still the one this instruction was made from."""
    if approved != current:
        raise ApprovalChanged(
            "The award changed after it was approved: it needs a new approval before it is paid."
        )


def check_recorder(by: Actor) -> Staff:
    """Recording and verifying are judgements of people. Raises NotStaff."""
    if not isinstance(by, Staff):
        raise NotStaff("Only a member of staff can log a payment made elsewhere.")
    check_role(by, Role.FINANCE_RELEASER, Role.FINANCE_APPROVER, Role.CASE_MANAGER)
    return by


def check_verifier(
    by: Actor, recorder: UUID, recorded_for: Collection[UUID] = (), *, authors: Collection[UUID]
) -> Staff:
    """`recorded_for`: whom the recorder stood for. `authors`: who wrote the request, and whom they stood for.

    Raises VerifierIsRecorder, VerifierIsAuthor, NotStaff, NotAllowed.
    """
    if not isinstance(by, Staff):
        raise NotStaff("Only a member of staff can verify a logged payment.")
    check_role(by, Role.FINANCE_RELEASER, Role.FINANCE_APPROVER)
    if by.id == recorder:
        raise VerifierIsRecorder("You wrote this payment down: ask a colleague to check it.")
    if not by.selves.isdisjoint({recorder, *recorded_for}):
        raise VerifierIsRecorder(
            "You and whoever wrote this payment down stand in for the same person: ask another colleague to "
            "check it."
        )
    if not by.selves.isdisjoint(authors):
        raise VerifierIsAuthor(
            "You, or a colleague you stand in for, entered or changed this request: ask another colleague to "
            "check its payment."
        )
    return by


def check_decider(by: Actor) -> None:
    """A failed payment waits for a finance person. Raises NotAllowed."""
    check_role(by, Role.FINANCE_RELEASER, Role.FINANCE_APPROVER)


def check_why(why: str) -> str:
    """A reason in plain words, at most 4,000 characters. Raises NoWhy."""
    said = why.strip()
    if not said or len(said) > 4000 or not is_safe(said):
        raise NoWhy("Write why, in plain words of at most 4,000 characters.", field="/reason")
    return said


def check_nothing_flying(attempt_states: Collection[str]) -> None:
    """Raises MayStillBePaid while one of the instruction's attempts may still move money."""
    if any(state in ALIVE for state in attempt_states):
        raise MayStillBePaid(
            "An attempt of this payment may still pay: wait for Stripe's answer, or look at Stripe and say "
            "that it paid nothing."
        )


def check_not_moved_away(gone: Mapping[UUID, int]) -> None:
    """`gone`: by hold, what is not obligated for this payment again. Raises CostMovedAway."""
    if any(gone.values()):
        raise CostMovedAway(
            "The cost of this payment was moved to another source, or recovered from elsewhere: it is not "
            "obligated here. Withdraw this payment; if it is still owed, have the request checked again."
        )


def check_lost(state: str, first_sent_at: datetime, now: datetime) -> None:
    """Only a stuck attempt, or one unknown for longer than RESEND_FOR, is a person's to judge.

    Raises StillAsked, WrongState.
    """
    if state in UNSENT and now - first_sent_at <= RESEND_FOR:
        raise StillAsked("This payment is still asked after by itself: look again after 12 hours.")
    if state != "open":
        ATTEMPT.check(state, "declare_unsent")


def decisions(state: str, attempt_states: Collection[str]) -> list[str]:
    """What a finance person may decide of an instruction now."""
    if any(attempt in ALIVE for attempt in attempt_states):
        return []
    return [verb for verb in DECISIONS if INSTRUCTION.can(state, verb)]


_IN_KIND = {"night": Instrument.HOTEL_NIGHT, "mile": Instrument.AIRLINE_MILES}


def instruments_for(unit: str) -> tuple[Instrument, ...]:
    """With what an amount in this unit may be paid outside Stripe."""
    if unit in _IN_KIND:
        return (_IN_KIND[unit],)
    return tuple(i for i in Instrument if i not in _IN_KIND.values())


def check_instrument(instrument: Instrument, unit: str) -> None:
    """Raises WrongInstrument."""
    if instrument not in instruments_for(unit):
        raise WrongInstrument(
            "Nights are given as hotel nights, miles as airline miles, and money by check, voucher, card or "
            "vendor payment."
        )


def binds_at_entry(amount: int, *, reserved: int, obligated: int) -> bool:
    """Whether the release left this amount for the entry to obligate. Raises NotObligated.

    What the release obligated by the policy of its day is a fact of the ledger: no later policy changes it.
    """
    if obligated >= amount:
        return False
    if reserved < amount:
        raise NotObligated("The ledger does not hold this money for this payment: release the award first.")
    return True


def try_after(tries: int, now: datetime) -> datetime:
    """When the same key may be sent again: 2, 4, 8 ... seconds, at most five minutes apart."""
    seconds: int = 2 ** min(tries, 10)
    return now + timedelta(seconds=min(seconds, 300))


def check_may_resend(first_sent_at: datetime, now: datetime) -> None:
    """Stripe keeps a key for 30 days; we let a person look much sooner. Raises UnknownTooLong."""
    if now - first_sent_at > RESEND_FOR:
        raise UnknownTooLong(
            "The outcome has been unknown for 12 hours: look at Stripe before anything is sent."
        )


def check_not_calling(calling_since: datetime | None, now: datetime) -> None:
    """Raises BeingSent while another worker may still be waiting for the answer."""
    if calling_since is not None and now - calling_since < CALL_LASTS_AT_MOST:
        raise BeingSent("This payment is being sent at this moment.")
