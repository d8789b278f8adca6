"""A vendor's monthly bill over the booking desk's town."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import httpx

from tests.integration import desk_world as desk
from tests.town import NOW, Town

HEAD = "locator,amount,date,reference\n"


def bill(*lines: tuple[str, int], day: date) -> str:
    """A CSV file; each line a locator and cents."""
    rows = [f"{where},{cents // 100}.{cents % 100:02},{day.isoformat()},F-1" for where, cents in lines]
    return HEAD + "\n".join(rows) + "\n"


def travels(town: Town) -> date:
    """The day the boy flies home with his mother."""
    return NOW.date() + timedelta(days=3)


def sends(town: Town, body: str, *, by: str = "ben", vendor: str = "Prairie Air") -> httpx.Response:
    """Finance takes in the bill, as a browser or a program would send it."""
    data = {"vendor": vendor, "billed_on": town.clock().date().isoformat()}
    files = {"file": ("bill.csv", body.encode(), "text/csv")}
    return town.person(by)._http.post("/statements", data=data, files=files)


def taken_in(
    town: Town, *lines: tuple[str, int], vendor: str = "PRAIRIE AIR, LLC", days_later: int = 0
) -> str:
    """The statement's id."""
    body = bill(*lines, day=travels(town) + timedelta(days=days_later))
    answer = sends(town, body, vendor=vendor)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def lines(town: Town, statement: str) -> list[dict[str, Any]]:
    return list(town.person("ben").see(f"/statements/{statement}")["lines"])


def told(town: Town, statement: str) -> list[tuple[str, str]]:
    """Verdict and stage of each line."""
    return [(line["verdict"], line["stage"]) for line in lines(town, statement)]


def record(town: Town, statement: str, *, by: str = "ben") -> httpx.Response:
    body = {"paid_on": town.clock().date().isoformat()}
    return town.person(by).tries(f"/statements/{statement}/record", body)


def verify(town: Town, statement: str, *, by: str = "carla") -> httpx.Response:
    return town.person(by).tries(f"/statements/{statement}/verification")


def ticketed(town: Town, *locators: str) -> tuple[str, list[dict[str, Any]]]:
    """One trip with an instructed ticket by invoice for each locator: the request, the bookings."""
    request = desk.released(town)
    seats = desk.to_book(town, request)[: len(locators)]
    said = [
        desk.told(seat, seat["ceiling_cents"] - desk.MORE, locator=locator)
        for seat, locator in zip(seats, locators, strict=True)
    ]
    made = desk.books(town, request, *said)
    town.work()
    return request, made
