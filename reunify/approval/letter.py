"""The frozen context of the approval letter: facts only; `documents` turns codes and dates into words.

It is part of the digest, so what the family reads is what finance approved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from reunify.allocation.queries import AwardPlan
from reunify.consent.safe_contact import Allowed, Channel, Kind, may_contact
from reunify.eligibility.explained import SourceView
from reunify.intake import households
from reunify.intake.form import CostLine, SafeContact, Settlement, Traveler, TravelerRole, TravelRequest
from reunify.rates.fields import Words
from reunify.rates.policy import Organisation

# IRS safe harbour: substantiate within 60 days (Treas. Reg. 1.62-2(g)(2)(i)), adopted as the default.
RECEIPT_DAYS = 60
BY_HOUSEHOLD = "by_household"


@dataclass(frozen=True, slots=True)
class PaidFrom:
    """One source's share of one line: cents, or units in kind."""

    line_key: str
    public_name: str
    public_name_es: str
    unit: str
    amount: int


def shares(plan: AwardPlan, spoken: Mapping[str, Words]) -> list[PaidFrom]:
    """Each line's share with the fund's name in both languages; `spoken` is by fund code."""
    return [
        PaidFrom(line.line_key, line.public_name, spoken[line.fund_code].es, line.unit, line.ceiling)
        for line in plan.lines
    ]


def owed(sources: Iterable[SourceView], paying: Collection[str]) -> list[dict[str, str]]:
    """What was attested for the sources that pay, and by when it must come: only what a family may read."""
    found: dict[str, dict[str, str]] = {}
    for source in sources:
        for requirement in source.owed if source.source in paying else ():
            for what in requirement.owed_in_family_words:
                by = requirement.owed_by.isoformat() if requirement.owed_by else ""
                found.setdefault(what.en, {"en": what.en, "es": what.es, "by": by})
    return list(found.values())


def addressee(content: TravelRequest) -> tuple[str, SafeContact]:
    """The adult the letter speaks to: the first parent or guardian who can be reached, else who asked."""
    adults = [t for t in content.travelers if t.role is not TravelerRole.CHILD]
    family_first = sorted(adults, key=lambda t: t.role not in (TravelerRole.PARENT, TravelerRole.GUARDIAN))
    for traveler in family_first:
        if traveler.contact is not None:
            return traveler.name, traveler.contact
    name = family_first[0].name if family_first else content.asked_by.name
    return name, SafeContact()


def posted_to(contact: SafeContact, dated: date) -> list[str]:
    """The address as lines; none where a letter may not be posted. Post has no safe hour."""
    at = datetime.combine(dated, time(12), tzinfo=UTC)
    allowed = may_contact(contact, Channel.POST, at, Kind.AUTOMATIC)
    return (contact.address or "").splitlines() if isinstance(allowed, Allowed) else []


def last_travel_day(content: TravelRequest) -> date | None:
    """None for a household that travels on no leg."""
    return max((leg.arrives.date() for leg in content.legs), default=None)


def build(
    *,
    reference: str,
    dated: date,
    organisation: Organisation,
    signer: str,
    content: TravelRequest,
    shares: Iterable[PaidFrom],
    owed: Iterable[dict[str, str]] = (),
) -> dict[str, Any]:
    """Plain dicts, lists, text and whole numbers, as `document_templates/approval_letter.yaml` lists them."""
    by_line: dict[str, list[PaidFrom]] = {}
    for share in shares:
        by_line.setdefault(share.line_key, []).append(share)
    lines = [_line(line, content, by_line[line.key]) for line in content.cost_lines if line.key in by_line]
    name, contact = addressee(content)
    return {
        "reference": reference,
        "dated": dated.isoformat(),
        "organisation": {
            "name": organisation.name,
            "lines": list(organisation.letterhead_lines)[:3],
            "phone_day": organisation.day_phone,
            "phone_night": organisation.night_phone,
        },
        "addressee": {
            "name": name,
            "lines": posted_to(contact, dated),
        },
        "signer": {
            "name": signer,
            "title_en": "Case manager",
            "title_es": "Responsable de su caso",
            "phone": organisation.day_phone,
        },
        "lines": lines,
        "total_cents": sum(line["ceiling_cents"] for line in lines),
        "receipts_by": _receipts_by(content, dated),
        "owed": list(owed),
    }


def build_all(
    *,
    reference: str,
    dated: date,
    organisation: Organisation,
    signer: str,
    content: TravelRequest,
    shares: Iterable[PaidFrom],
    owed: Iterable[dict[str, str]] = (),
) -> dict[str, Any]:
    """What is frozen and signed over: the one letter, or `by_household` with a letter for each of two.

    Each letter is made from what its household may read, so neither tells of the other. What is still owed
    is asked of the household the child is released to.
    """
    all_shares, all_owed = list(shares), list(owed)

    def one(told: TravelRequest, *, primary: bool) -> dict[str, Any]:
        return build(
            reference=reference,
            dated=dated,
            organisation=organisation,
            signer=signer,
            content=told,
            shares=all_shares,
            owed=all_owed if primary else (),
        )

    found = households.households(content)
    if len(found) == 1:
        return one(households.view_for(content, found[0]), primary=True)
    first = households.primary(content)
    letters = {h: one(households.view_for(content, h), primary=h == first) for h in found}
    return {BY_HOUSEHOLD: {household: made for household, made in letters.items() if made["lines"]}}


def of_household(frozen: Mapping[str, Any], household: str) -> dict[str, Any] | None:
    """The letter this household reads; None where nothing is paid for it."""
    if BY_HOUSEHOLD not in frozen:
        return dict(frozen)
    found = frozen[BY_HOUSEHOLD].get(household)
    return dict(found) if found else None


def _line(line: CostLine, content: TravelRequest, shares: list[PaidFrom]) -> dict[str, Any]:
    payee = next(p for p in content.payees if p.key == line.payee)
    traveler = next((t for t in content.travelers if t.key == line.traveler), None)
    paid_from = [
        {
            "name_en": share.public_name,
            "name_es": share.public_name_es,
            "cents": share.amount if share.unit == "cents" else 0,
            "units": share.amount if share.unit != "cents" else 0,
        }
        for share in shares
    ]
    return {
        "category": line.category.value,
        "settled": line.settled.value,
        "payee": payee.name,
        "traveler": _first_name(traveler),
        "night": line.night.isoformat() if line.night else "",
        "first_day": line.first_day.isoformat() if line.first_day else "",
        "last_day": line.last_day.isoformat() if line.last_day else "",
        "miles": line.miles or 0,
        "ceiling_cents": sum(share["cents"] for share in paid_from if isinstance(share["cents"], int)),
        "paid_from": paid_from,
    }


def _first_name(traveler: Traveler | None) -> str:
    return traveler.name.split()[0] if traveler else ""


def _receipts_by(content: TravelRequest, dated: date) -> str:
    owes = any(line.settled in (Settlement.ADVANCE, Settlement.REPAID) for line in content.cost_lines)
    if not owes:
        return ""
    return ((last_travel_day(content) or dated) + timedelta(days=RECEIPT_DAYS)).isoformat()
