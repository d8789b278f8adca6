"""The boy's award, where the organisation books his mother's way: released, and nothing booked yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from reunify.reporting import invariants
from reunify.sandbox.families import sample_family
from tests.town import NOW, Town, proved

MORE = 1_000  # cents by which each fare or bed may cost more than quoted
GOING_ON = {"overlap_reason": "The same family is entered again by a test."}
SEATS = ("air_fare", "bus_fare", "rail_fare", "lodging", "unaccompanied_minor_fee")


def boy(called: str = "") -> dict[str, Any]:
    """The sample family, its seats and rooms booked by the organisation at up to ten dollars over quote.

    `called`: another boy.
    """
    draft = sample_family("b", NOW.date()).draft
    child = draft["case"]["child"]["name"]
    for person in (draft["case"]["child"], *draft["travelers"]):
        person["name"] += f" {called}" if called and person["name"] == child else ""
    for line in draft["cost_lines"]:
        if line["category"] in SEATS and line["settled"] != "partner_gives":
            line["settled"] = "organisation_books"
            line["ceiling_cents"] = line["quote_cents"] + MORE
    return draft


def released(town: Town, draft: dict[str, Any] | None = None) -> str:
    """The request's id; the desk's list is open."""
    request = town.submitted(draft or boy())
    award = award_of(town, request)
    town.person("ben").act(town.diary, "approve", f"/awards/{award}/approval")
    town.person("carla").act(town.diary, "release", f"/awards/{award}/release")
    town.work()
    return request


def award_of(town: Town, request: str) -> str:
    return str(town.progress(request)["award"]["id"])


def to_book(town: Town, request: str) -> list[dict[str, Any]]:
    """What the organisation books, by line."""
    found = town.progress(request)["bookings"]
    return [b for b in found if b["settlement"] == "organisation_books"]


def told(booking: dict[str, Any], price: int, **more: Any) -> dict[str, Any]:
    """What the desk says of one line."""
    return {
        "line": booking["line"],
        "vendor": "Prairie Air",
        "locator": "QK7P2M",
        "price_cents": price,
        "paid_with": "invoice",
        **more,
    }


def books(town: Town, request: str, *lines: dict[str, Any]) -> list[dict[str, Any]]:
    """The requester books; the bookings as they stand then."""
    path = f"/awards/{award_of(town, request)}/bookings"
    return list(town.person("ana").act(town.diary, "book", path, {"lines": list(lines)})["bookings"])


def refused(town: Town, request: str, *lines: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    path = f"/awards/{award_of(town, request)}/bookings"
    answer = town.person("ana").tries(path, {"lines": list(lines)})
    return answer.status_code, answer.json()


def held(town: Town, booking: dict[str, Any]) -> tuple[int, int, int]:
    """reserved, obligated, expended: cents of one booking's line, over all of its funds."""
    with town.house.db.read() as session:
        said = """SELECT sum(h.reserved), sum(h.obligated), sum(h.expended) FROM bookings b
          JOIN awards a ON a.id = b.award_id
          JOIN allocation_lines l ON l.allocation_id = a.allocation_id AND l.line_key = b.line_key
          JOIN ledger_holds h ON h.id = l.hold_id WHERE b.id = :booking"""
        reserved, obligated, expended = session.execute(sa.text(said), {"booking": booking["id"]}).one()
    return int(reserved), int(obligated), int(expended)


def paid(town: Town, request: str) -> dict[str, int]:
    """What is to be paid, or was, by instruction state."""
    found: dict[str, int] = {}
    for payment in town.progress(request)["instructions"]:
        if payment["unit"] == "cents":
            found[payment["state"]] = found.get(payment["state"], 0) + payment["amount"]
    return found


def books_agree(town: Town) -> None:
    with town.house.db.read() as session:
        assert invariants.check(session) == []


def finds_what_is_planted(town: Town, planted: Mapping[str, str]) -> None:
    """Each rule of the proof by the SQL that breaks it; nothing of it is kept."""
    for rule, fault in sorted(planted.items()):
        with town.house.db.work() as session:
            session.execute(sa.text(fault))
            found = {finding.rule for finding in invariants.check(session)}
            session.rollback()
        assert rule in found


def logged(town: Town, request: str, *, but: int | None = None) -> None:
    """Ben writes down every payment made elsewhere, `but` for one of so many cents; Carla checks it."""
    for payment in town.progress(request)["instructions"]:
        if payment["state"] == "to_log" and payment["amount"] != but:
            body = {
                "instrument": "hotel_night" if payment["unit"] == "night" else "vendor_payment",
                "external_reference": "INV-1",
                "paid_on": town.clock().date().isoformat(),
                "evidence": "Bill seen",
            }
            town.person("ben").act(town.diary, "log", f"/payments/{payment['id']}/record", body)
            proved(town, payment)
            town.person("carla").act(town.diary, "verify", f"/payments/{payment['id']}/verification")
