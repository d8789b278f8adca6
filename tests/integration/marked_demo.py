"""`reunify demo --headless` with every family told in marked words; all that is written anywhere is kept.

`python -m tests.integration.marked_demo FOLDER`: real processes, real PostgreSQL, Prefect, Stripe simulator.
At the end, before the house stops, one word is planted in each place: so the reader can be seen to read it.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import load_identity
from reunify.adapters.postgres_identity import urls_of
from reunify.cli import demo
from reunify.cli.ports import answers
from reunify.sandbox import driver, families, walk
from reunify.sandbox.driver import Person
from reunify.settings import Settings

# Whatever a family says in its own words, by the kind of thing it is.
KINDS = {
    "name": "Qname", "what": "Qthing", "relation": "Qname", "number": "Qcase", "report_number": "Qcase",
    "verifying_agency": "Qcase", "released_by": "Qcase", "child_wish": "Qcase", "decision_reason": "Qcase",
    "needs": "Qcase", "why": "Qcase", "reason": "Qcase", "note": "Qcase", "mobility": "Qcase",
    "city": "Qplace", "county": "Qplace", "address": "Qplace", "street": "Qplace", "postal_code": "Qplace",
    "hours": "Qcontact", "email": "Qcontact", "told": "Qcase", "conditions": "Qcase", "vendor": "Qthing",
    "vendor_address": "Qplace", "child_name": "Qname", "case_number": "Qcase",
}  # fmt: skip
# What a browser keeps in its history, sends on, or shows in a tab.
SHOWN_BY_BROWSERS = re.compile(r'(?:(?:href|src|action)="[^"]*"|<title>[^<]*)')
# A drawing's own titles stay in the page, as its text does.
DRAWN = re.compile(r"(?s)<svg.*?</svg>")
STANDARD_ROOM = 11_000
LOOKS_SECONDS = 0.2  # ten times as seldom as the demo looks: each look is work for the house
WORKERS_LOOK_SECONDS = 2.5  # how long a worker believes that Prefect is not there
PREFECT_WITHIN_SECONDS = 60
PAGES_OF = ("ana", "ben", "dee")
PLACES = ("logs", "prefect", "stripe", "calls", "refusals", "ours", "phones")
PLANTS = {place: f"Zzplant{place}" for place in PLACES}


def mark() -> dict[str, Any]:
    """Replace the sample families' words, the same word by the same mark. Returns word -> mark, and more."""
    marks: dict[str, str] = {}

    def marked(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            said = {k: marked(v, str(k).rpartition("/")[2]) for k, v in value.items()}
            # What a consent lets be told is one of our own words.
            return said | ({"what": value["what"]} if value.get("act") == "consent" else {})
        if isinstance(value, list):
            return [marked(one, key) for one in value]
        if isinstance(value, str) and key in KINDS:
            kept = marks.get(value)
            if kept is None:
                kept = marks[value] = f"{KINDS[key]}{len(marks) + 100}" + "@example.org" * (key == "email")
            return kept
        return value

    payees, texts = set(), []
    for text in families._texts():
        said = json.loads(text)
        for part in ("draft", "answers", "story", "bookings"):
            said[part] = marked(said.get(part), "")
        for booking in said["bookings"] or []:  # a room in a place nobody knows is held at the standard rate
            if booking["line"].startswith("night"):
                booking["price_cents"] = min(booking["price_cents"], STANDARD_ROOM)
        for payee in said["draft"]["payees"]:
            if payee["kind"] == "person" and payee.get("stripe_consent"):
                payees |= {payee["name"], payee["email"]}
        texts.append(json.dumps(said))
    night = json.loads(families._night_text())
    night |= {part: marked(night[part], "") for part in ("answers", "bookings")}
    night["answers"]["return_authority"]["released_to"] = marked("the mother by night", "name")
    families._texts = lambda: tuple(texts)  # type: ignore[assignment]
    families._night_text = lambda: json.dumps(night)  # type: ignore[assignment]
    return {"marks": sorted(set(marks.values())), "payees": sorted(payees)}


class Calls:
    """What went over the wire by name: addresses, headers, titles; and the text of every refusal."""

    def __init__(self, folder: Path) -> None:
        self._calls = (folder / "calls.txt").open("a")
        self._refusals = (folder / "refusals.txt").open("a")
        send = httpx.Client.send

        def recorded(client: httpx.Client, request: httpx.Request, **more: Any) -> httpx.Response:
            answer = send(client, request, **more)
            for one in (*answer.history, answer):
                self.keep(one)
            return answer

        httpx.Client.send = recorded  # type: ignore[method-assign]

    def keep(self, answer: httpx.Response) -> None:
        shown = [f"{k}: {v}" for k, v in answer.headers.items() if k != "set-cookie"]
        kind = answer.headers.get("content-type", "")
        if kind.startswith("text/html"):
            shown += SHOWN_BY_BROWSERS.findall(DRAWN.sub("", answer.text))
        elif kind.startswith("text/calendar"):
            shown += [line for line in answer.text.splitlines() if line.startswith("SUMMARY")]
        print(answer.request.method, answer.request.url, *shown, sep="\n", file=self._calls, flush=True)
        if answer.is_error:
            print(answer.status_code, answer.text, file=self._refusals, flush=True)

    def plant(self) -> None:
        print(PLANTS["refusals"], file=self._refusals, flush=True)


def read_pages(base: str) -> None:
    """Every page a member of staff can click to, and refusals of marked words, so that both are recorded."""
    for name in PAGES_OF:
        person = Person.at(base, name)
        _follow(base, person._http)
        person.tries("/requests", {"purpose": "Qrefused1", "case": {"number": ["Qrefused1"]}})
        person.tries("/requests/Qaddress1/answers", {"answers": "Qrefused1"})
        person.close()
    with httpx.Client(base_url=base) as stranger:
        stranger.get("/f/Qaddress1")
        stranger.get(f"/{PLANTS['calls']}")
        stranger.post("/family", data={"pin": "Qrefused1"}, headers={"sec-fetch-site": "same-origin"})


def _follow(base: str, http: httpx.Client) -> None:
    waiting, seen = ["/", "/funds", "/finance", "/requests"], set()
    while waiting and len(seen) < 60:
        path = waiting.pop()
        if path in seen or path.startswith(("/static", "/sign", "/family/leave")):
            continue
        seen.add(path)
        answer = http.get(base + path)
        if answer.headers.get("content-type", "").startswith("text/html"):
            parts = answer.text.split('href="/')[1:]
            waiting += ["/" + part.split('"')[0].replace("&amp;", "&").split("#")[0] for part in parts]


def keep(settings: Settings, folder: Path) -> None:
    """All rows of both databases and of the simulator, as text; each first gets its planted word."""
    identity = load_identity(settings.data)
    assert identity is not None
    assert settings.database_url is not None
    sockets = sa.make_url(settings.database_url.get_secret_value()).query["host"]
    url = sa.make_url(urls_of(identity, Path(str(sockets))).superuser)
    _dump(url.set(database="reunify"), folder / "ours.txt", _plant_ours)
    _dump(url.set(database="prefect"), folder / "prefect.txt", _plant_prefect)
    (file,) = (settings.data / "stripe_simulator").glob("*.sqlite3")
    with closing(sqlite3.connect(file)) as kept:
        one = "UPDATE things SET body = body || ? WHERE serial = (SELECT min(serial) FROM things)"
        kept.execute(one, [PLANTS["stripe"]])
        lines = list(kept.iterdump())
        kept.rollback()
    (folder / "stripe.txt").write_text("\n".join(lines))


def keep_phones(settings: Settings, folder: Path) -> None:
    """Every text and call of the night, the planted one last."""
    assert settings.sms_url is not None
    assert settings.sms_key is not None
    planted = {"to": "+17035550100", "channel": "text", "body": PLANTS["phones"], "language": "en"}
    headers = {"authorization": f"Bearer {settings.sms_key.get_secret_value()}", "idempotency-key": "planted"}
    httpx.post(f"{settings.sms_url}/v1/messages", json=planted, headers=headers).raise_for_status()
    said = httpx.get(f"{settings.sms_url}/_control/messages").raise_for_status().json()
    (folder / "phones.txt").write_text("\n".join(f"{m['channel']}\t{m['body']}" for m in said))


def _plant_ours(connection: sa.Connection) -> None:
    connection.exec_driver_sql("SET session_replication_role = replica")
    connection.execute(
        sa.text(
            "UPDATE audit_entries SET detail = jsonb_build_object('word', CAST(:word AS text))"
            " WHERE id = (SELECT id FROM audit_entries LIMIT 1)"
        ),
        {"word": PLANTS["ours"]},
    )


def _plant_prefect(connection: sa.Connection) -> None:
    connection.execute(
        sa.text(
            "UPDATE flow_run SET parameters = json_build_object('word', CAST(:word AS text))"
            " WHERE id = (SELECT id FROM flow_run LIMIT 1)"
        ),
        {"word": PLANTS["prefect"]},
    )


def _dump(url: sa.URL, file: Path, plant: Callable[[sa.Connection], None]) -> None:
    """`table<TAB>row`; sealed columns show as hex. The planted word is rolled back after it was read."""
    engine = sa.create_engine(url)
    with engine.connect() as connection, file.open("w") as out:
        plant(connection)
        tables = connection.scalars(
            sa.text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        )
        for table in tables.all():
            for row in connection.scalars(sa.text(f'SELECT x::text FROM "{table}" x')):
                print(table, row, sep="\t", file=out)
        connection.rollback()
    engine.dispose()


def at_rest(settings: Settings) -> None:
    """Prefect is up and the workers know it: else a family is entered each half second until then."""
    ends = time.monotonic() + PREFECT_WITHIN_SECONDS
    while not answers(settings.prefect_port, "/api/health") and time.monotonic() < ends:
        time.sleep(LOOKS_SECONDS)
    time.sleep(WORKERS_LOOK_SECONDS)


def main() -> int:
    folder = Path(sys.argv[1])
    (folder / "marks.json").write_text(json.dumps(mark()))
    calls = Calls(folder)
    walk.submit_to_decision.__defaults__ = (2,)  # how fast it is, another test measures
    driver.LOOK_EVERY_SECONDS = LOOKS_SECONDS
    tell = walk.main

    def told_and_kept(settings: Settings, *, as_json: bool) -> int:
        at_rest(settings)
        code = tell(settings, as_json=as_json)
        read_pages(settings.own_url)
        calls.plant()
        for log in (settings.data / "logs").iterdir():
            with log.open("a") as out:
                print(PLANTS["logs"], file=out)
        keep(settings, folder)
        keep_phones(settings, folder)
        return code

    walk.main = told_and_kept
    return demo.run(headless=True, as_json=True, fresh=True)


if __name__ == "__main__":
    sys.exit(main())
