"""What becomes of a payment made elsewhere, what proves it, and when a check is too old. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from reunify.disbursement.policy import Instrument
from reunify.files.evidence_policy import Kind
from reunify.kernel.moves import START, Move, Moves
from reunify.kernel.refusals import Refused
from reunify.kernel.text import is_safe

LOGGED = Moves(
    "logged payment",
    Move(START, "record", "recorded", "staff"),
    Move("recorded", "verify", "verified", "another member of staff"),
    Move("recorded", "void", "voided", "staff"),
    Move("verified", "clear", "cleared", "finance"),
    Move("verified", "age", "stale", "system"),
    Move("stale", "clear", "cleared", "finance"),
    Move("verified", "stop", "voided", "finance"),
    Move("stale", "stop", "voided", "finance"),
)
# Two people stand behind these: the money is spent in the books.
VERIFIED = ("verified", "cleared", "stale")
# What a bank may refuse to pay because of its age.
AGES = (Instrument.CHECK,)
PAPER_KIND = Kind.RECEIPT
LONGEST_NAME = 200
LONGEST_MESSAGE = 4000


class Proof(StrEnum):
    """`PAPER`: a file of the request. `CONFIRMATION`: a partner's own message, kept as it came."""

    PAPER = "paper"
    CONFIRMATION = "confirmation"


class Ended(StrEnum):
    """What the person saw: the bank's own word that it is stopped, or the paper itself, unused."""

    BANK_STOPPED = "bank_stopped"
    CAME_BACK = "came_back"


class ProofMissing(Refused):
    """Nothing shows that this payment was made: a person's word is not what another can verify."""

    field = "/proof"


class NotAProof(Refused):
    """The paper is not one of this request, or nobody may open it."""


class ClearedWhen(Refused):
    """The day the bank paid, or the voucher was used, cannot be that day."""

    field = "/cleared_on"


class EndedWhen(Refused):
    """The day the bank confirmed the stop, or the paper came back, cannot be that day."""

    field = "/ended_on"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A partner's own words: which organisation, on which day, and the message as it came."""

    organisation: str
    said_on: date
    message: str = field(repr=False)


def check_paper(*, state: str, kind: str, drawn_again: bool) -> None:
    """A scanned paper, or a picture drawn again, which is safe before the scan. Raises NotAProof."""
    if kind != PAPER_KIND.value:
        raise NotAProof("Attach the bill, the check or the voucher as a receipt.", field="/files")
    if state == "clean" or (state == "not_scanned" and drawn_again):
        return
    remedies = {
        "not_scanned": "This PDF is not scanned for malware yet: wait for the scan, or attach a photo of it.",
        "infected": "The scan found malware in this paper: attach a photo of it.",
    }
    raise NotAProof(remedies.get(state, "This paper cannot be opened: attach another."), field="/files")


def check_confirmation(said: Confirmation, *, today: date) -> Confirmation:
    """Trimmed. Raises NotAProof with the field."""
    organisation, message = said.organisation.strip(), said.message.strip()
    if not 2 <= len(organisation) <= LONGEST_NAME or not is_safe(organisation):
        raise NotAProof("Write which organisation sent the message.", field="/organisation")
    if said.said_on > today:
        raise NotAProof("Write the day the message came, today or earlier.", field="/said_on")
    if not 10 <= len(message) <= LONGEST_MESSAGE or not is_safe(message):
        raise NotAProof("Copy the message as it came, 10 to 4,000 plain characters.", field="/message")
    return Confirmation(organisation, said.said_on, message)


def no_proof() -> ProofMissing:
    """What is asked for where nothing was attached."""
    return ProofMissing(
        "Attach the paper that shows this payment (bill, check copy, voucher), or the partner's own "
        "confirmation message: then a colleague can verify it."
    )


def check_bank_reference(said: str | None) -> str | None:
    """Trimmed; None where nothing was typed. Raises NotAProof."""
    reference = (said or "").strip()
    if len(reference) > LONGEST_NAME or not is_safe(reference):
        raise NotAProof(
            "Write the number on the bank's line, at most 200 plain characters.", field="/reference"
        )
    return reference or None


def check_cleared_on(cleared_on: date, *, paid_on: date, today: date) -> None:
    """Raises ClearedWhen."""
    if not paid_on <= cleared_on <= today:
        raise ClearedWhen(
            f"It was paid on {paid_on.isoformat()}: name the day the bank paid it, or the voucher was used, "
            "from that day until today."
        )


def check_ended_on(ended_on: date, *, paid_on: date, today: date) -> None:
    """Raises EndedWhen."""
    if not paid_on <= ended_on <= today:
        raise EndedWhen(
            f"It was paid on {paid_on.isoformat()}: name the day the bank confirmed the stop, or the paper "
            "came back, from that day until today."
        )


def aged_before(today: date, days: int) -> date:
    """Checks paid on this day or earlier are older than so many days."""
    return today - timedelta(days=days + 1)
