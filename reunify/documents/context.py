"""What each letter says, as a plain context (dict, list, str, int) for its Word template. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from reunify.documents import fields, phrases, support, words
from reunify.intake.form import Language
from reunify.kernel.money import Money
from reunify.kernel.refusals import Refused
from reunify.referrals.policy import Referral


class NobodySigns(Refused):
    """No letter leaves without a named person to call."""


class NothingToAsk(Refused):
    """A request for information carries at least one question."""


class NoReasonGiven(Refused):
    """A letter that says no gives a reason for each source."""


class LetterDoesNotFit(Refused):
    """The context is not the one its template was written for. Names every field."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """The letterhead. `phone_night` empty: the day number answers at night too."""

    name: str
    lines: Sequence[str]
    phone_day: str
    phone_night: str = ""


@dataclass(frozen=True, slots=True)
class Addressee:
    """`lines` is the postal address, empty when the letter is not posted."""

    name: str
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Signer:
    """The named person. `title_es` is printed in Spanish letters."""

    name: str
    title_en: str
    title_es: str
    phone: str


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence in both languages."""

    en: str
    es: str

    def in_(self, language: Language) -> str:
        return self.es if language == "es" else self.en


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one source cannot pay: its PUBLIC name, and a sentence of at most two lines.

    The letter itself says "we cannot pay this from (source)"; the sentence only says why.
    """

    source: Said
    sentence: Said


@dataclass(frozen=True, slots=True)
class Deadline:
    """A date to ask again by, and examples of exceptions. Never printed without them."""

    what: Said
    by: date
    exceptions: Said = field(default_factory=lambda: Said("", ""))


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands at the top and the end of every letter. `support`: others who can help, specific ones too;
    paper prints the neutral ones alone.
    """

    reference: str
    dated: date
    organisation: Organisation
    addressee: Addressee
    signer: Signer
    support: Sequence[Referral] = ()

    def context(self, language: Language) -> dict[str, Any]:
        """Raises NobodySigns."""
        if not self.signer.name.strip() or not self.signer.phone.strip():
            raise NobodySigns("Choose the person who signs this letter and whom the family can call.")
        return {
            "reference": self.reference,
            "date": words.day(self.dated, language),
            "organisation": {
                "name": self.organisation.name,
                "lines": list(self.organisation.lines),
                "phone_day": self.organisation.phone_day,
                "phone_night": self.organisation.phone_night,
            },
            "addressee": {"name": self.addressee.name, "lines": list(self.addressee.lines)},
            "signer": {
                "name": self.signer.name,
                "title": self.signer.title_es if language == "es" else self.signer.title_en,
                "phone": self.signer.phone,
            },
        }


def refusal_letter(
    heading: Heading,
    language: Language,
    *,
    can_do: Sequence[Said],
    reasons: Sequence[Reason],
    deadlines: Sequence[Deadline] = (),
) -> dict[str, Any]:
    """The one kind letter: what can be done, one reason each, how to ask again. Raises NoReasonGiven."""
    if not reasons:
        raise NoReasonGiven("Give one reason for each source that cannot pay.")
    return heading.context(language) | {
        "can_do": [thing.in_(language) for thing in can_do],
        "reasons": [
            {"source": r.source.in_(language), "sentence": r.sentence.in_(language)} for r in reasons
        ],
        "deadlines": [
            {
                "what": d.what.in_(language),
                "by": words.day(d.by, language),
                "exceptions": d.exceptions.in_(language),
            }
            for d in deadlines
        ],
        "support": support.on_paper(heading.support, language),
    }


def information_request(
    heading: Heading, language: Language, *, questions: Sequence[Said], by: date | None = None
) -> dict[str, Any]:
    """A checklist of exactly the open questions, each once, in the order given. Raises NothingToAsk."""
    asked = dict.fromkeys(question.in_(language) for question in questions)
    if not asked:
        raise NothingToAsk("There is no open question, so no letter is needed.")
    return heading.context(language) | {
        "questions": [{"ask": ask} for ask in asked],
        "by": words.day(by, language) if by else "",
    }


def approval_letter(frozen: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """The frozen facts that were approved, in the family's language. Raises LetterDoesNotFit."""
    wrong = approval_letter_problems(frozen)
    if wrong:
        raise LetterDoesNotFit("This approval letter cannot be made: " + "; ".join(wrong) + ".")
    lines = frozen["lines"]
    settled = {line["settled"] for line in lines}
    return _approval_heading(frozen).context(language) | {
        "lines": [
            {
                "what": phrases.cost(line, language),
                "how": phrases.how_paid(line, language),
                "source": phrases.sources(line, language),
                "amount": phrases.amount(line, language),
            }
            for line in lines
        ],
        "total": words.money(Money(frozen["total_cents"]), language),
        "has_direct": int(bool(settled & {"vendor_billed", "organisation_books", "partner_gives"})),
        "has_advance": int("advance" in settled),
        "has_repaid": int("repaid" in settled),
        "receipts_by": _spoken(frozen["receipts_by"], language),
        "owed": [{"what": o[language], "by": _spoken(o["by"], language)} for o in frozen["owed"]],
    }


def approval_letter_problems(frozen: Mapping[str, Any]) -> list[str]:
    """What is missing, unknown or of the wrong kind in an approval letter's frozen facts; empty if none."""
    found = fields.problems(fields.APPROVAL_FACTS, frozen)
    if found:
        return found
    if not frozen["lines"]:
        found.append("lines is empty")
    if sum(line["ceiling_cents"] for line in frozen["lines"]) != frozen["total_cents"]:
        found.append("total_cents is not the sum of the lines")
    for number, line in enumerate(frozen["lines"]):
        paid = sum(part["cents"] for part in line["paid_from"])
        if not line["paid_from"] or paid != line["ceiling_cents"]:
            found.append(f"lines/{number}/paid_from does not add up to ceiling_cents")
    return found


def _approval_heading(frozen: Mapping[str, Any]) -> Heading:
    return Heading(
        reference=frozen["reference"],
        dated=date.fromisoformat(frozen["dated"]),
        organisation=Organisation(**frozen["organisation"]),
        addressee=Addressee(**frozen["addressee"]),
        signer=Signer(**frozen["signer"]),
    )


def _spoken(iso: str, language: Language) -> str:
    return words.day(date.fromisoformat(iso), language) if iso else ""
