"""One family's story from the first word to the last cent, every word marked: where do the marks turn up?

Nowhere in a log, an address, a title or a table as plain text. Stripe learns the consenting payee's legal
name, e-mail and country, and nothing else.
"""

from __future__ import annotations

import copy
import json
import logging
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from reunify.db import Base, Database
from reunify.kernel.ids import RequestId
from reunify.sandbox.driver import Person
from reunify.sandbox.families import sample_families
from reunify.sandbox.people import known_as
from reunify.vault import layout
from reunify.vault.columns import SealedColumn
from tests.apps import app_of
from tests.objects import stored
from tests.town import NOW, Town, built, proved
from tests.web.pages_world import sign_in
from tests.web.test_pages_outside import signs

# Everything a family says in its own words; keys, codes, states, dates of travel and cents stay as they are.
SAID = {
    "name", "what", "city", "county", "number", "report_number", "verifying_agency", "released_by",
    "child_wish", "decision_reason", "needs", "hours", "relation", "email",
}  # fmt: skip
AS_TOLD = ("+1 915 555 0142", "1986-07-02", "2011-03-14")  # already like nothing else in the house
CASE_WORDS = re.compile(
    r"runaway|endangered|abduct|exploit|missing|victim|recover|police|custody", re.IGNORECASE
)


@dataclass
class Marked:
    """A draft in which every personal word is replaced, the same word by the same mark."""

    draft: dict[str, Any]
    marks: dict[str, str] = field(default_factory=dict)

    @classmethod
    def family(cls, letter: str, word: str) -> Marked:
        told = next(f for f in sample_families(NOW.date()) if f.letter == letter)
        marked = cls(copy.deepcopy(told.draft))
        marked.draft = marked._walk(marked.draft, "", word)
        return marked

    def _walk(self, value: Any, key: str, word: str) -> Any:
        if isinstance(value, dict):
            return {k: self._walk(v, k, word) for k, v in value.items()}
        if isinstance(value, list):
            return [self._walk(v, key, word) for v in value]
        if isinstance(value, str) and key in SAID:
            mark = f"{word}{'abcdefghijklmnopqrstuvwxyz'[len(self.marks) % 26]}{len(self.marks)}"
            mark += "@example.org" if key == "email" else ""
            return self.marks.setdefault(value, mark)
        return value

    def said(self) -> list[str]:
        return [*self.marks.values(), *AS_TOLD]


@dataclass
class Told:
    """The whole story, and what was written anywhere while it was told."""

    town: Town
    family: Marked
    other: Marked
    logs: list[logging.LogRecord]
    data: Path

    @property
    def words(self) -> list[str]:
        return self.family.said() + self.other.said() + STAFF_WORDS

    def found_in(self, text: str, *, but: tuple[str, ...] = ()) -> set[str]:
        """Which personal words the text holds, in any case, plain or as the hex of its bytes."""
        low = text.casefold()
        return {
            word
            for word in self.words
            if word not in but and (word.casefold() in low or word.encode().hex() in low)
        }


# What staff type about a family is about a family.
STAFF_WORDS = ["Zzevidence77", "Zzinvoice78", "Zzdeclined79", "Zzmobility80", "Zzoffice81"]


@pytest.fixture
def told(db: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Told]:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="sqlalchemy")
    talkative = Database(db.url)  # made now, it tells every statement with its values, and every row it read
    with built(talkative, tmp_path) as town:
        family, other = Marked.family("b", "Qvortex"), Marked.family("f", "Wyxling")
        _tell(town, family)
        _tell_the_other(town, other)
        yield Told(town, family, other, list(caplog.records), tmp_path)
    talkative.dispose()


def _tell(town: Town, family: Marked) -> None:
    """Asked, corrected once, approved, released, paid by Stripe and by hand, read by the family."""
    request = town.submitted(family.draft)
    town.person("ana").act(
        town.diary,
        "answer",
        f"/requests/{request}/answers",
        {"answers": {"/travelers/0/readiness/mobility": STAFF_WORDS[3]}},
    )
    town.work()
    award = town.progress(request)["award"]["id"]
    town.person("ben").act(town.diary, "approve", f"/awards/{award}/approval")
    town.person("carla").act(town.diary, "release", f"/awards/{award}/release")
    town.work()
    for at in town.progress(request)["instructions"]:
        if at["rail"] == "logged":
            body = {
                "instrument": "hotel_night" if at["unit"] == "night" else "vendor_payment",
                "external_reference": STAFF_WORDS[1],
                "paid_on": NOW.date().isoformat(),
                "evidence": STAFF_WORDS[0],
            }
            town.person("ben").act(town.diary, "log", f"/payments/{at['id']}/record", body)
            proved(town, at)
            town.person("carla").act(town.diary, "verify", f"/payments/{at['id']}/verification")
    _ask_others(town, family, request)
    town.work()
    progress = town.progress(request)
    assert progress["stage"] == "paid"
    assert {i["rail"] for i in progress["instructions"]} == {"global_payout", "logged"}


def _ask_others(town: Town, family: Marked, request: str) -> None:
    """A partner is asked for a night under the mother's consent; an office at an airport may not be told."""
    ana, to = town.person("ana"), f"/requests/{request}/outside-papers"
    asked = {"kind": "partner_request", "about": "partner"}
    partner = next(p["name"] for p in family.draft["payees"] if p["kind"] == "partner")
    ana.act(town.diary, "ask her", f"{to}/consents", asked)
    with town.house.db.read() as session:
        by = known_as(session, "ana")
    signs(town.house, by, RequestId(UUID(request)), partner, "mother")
    ana.act(town.diary, "ask the partner", to, asked)
    leg = family.draft["legs"][-1]["key"]
    office = {"kind": "supervision_request", "about": leg, "office": STAFF_WORDS[4]}
    assert ana.tries(to, office).status_code == 403


def _tell_the_other(town: Town, other: Marked) -> None:
    """A question, an answer, and an award that finance declines in words."""
    request = town.submitted(other.draft)
    (asked,) = [q["pointer"] for q in town.progress(request)["questions"]]
    answers = {"answers": {asked: "WyxlingReport99"}}
    other.marks["its report number"] = "WyxlingReport99"
    town.person("ana").act(town.diary, "answer", f"/requests/{request}/answers", answers)
    town.work()
    award = town.progress(request)["award"]["id"]
    reason = {"reason": f"They found another way: {STAFF_WORDS[2]}"}
    town.person("ben").act(town.diary, "decline", f"/awards/{award}/decline", reason)
    assert town.progress(request)["award"]["state"] == "declined"


def test_nothing_a_family_said_is_kept_or_told_outside_the_seals(told: Told) -> None:
    """One story, many looks at it: telling it again for each would only cost time."""
    assert len(told.family.marks) > 15
    _no_log_holds_a_word(told)
    _no_table_holds_a_word_as_plain_text(told)
    _what_is_sealed_is_sealed_with_a_key_of_its_own_family(told)
    _no_record_of_money_or_deed_names_the_case(told)
    _stripe_knows_one_person_and_no_story(told)
    _no_address_title_or_file_name_holds_a_word(told)


def test_an_error_of_the_database_does_not_repeat_what_was_being_written(db: Database) -> None:
    with pytest.raises(sa.exc.DBAPIError) as error, db.work() as session:
        session.execute(sa.text("SELECT :said / 0"), {"said": 714_905})
    assert "division by zero" in str(error.value)
    assert "714905" not in str(error.value)


def _no_log_holds_a_word(told: Told) -> None:
    assert {r.name.split(".")[0] for r in told.logs} >= {"httpx2", "urllib3", "sqlalchemy"}
    for record in told.logs:
        line = f"{record.getMessage()} {record.args!r} {record.exc_text or ''}"
        assert told.found_in(line) == set(), record.name
        if not record.name.startswith(
            "sqlalchemy"
        ):  # SQL names columns such as `recovered`; values it has none
            assert not re.search("runaway|endangered", line, re.IGNORECASE), record.name


def rows(db: Database) -> dict[str, list[str]]:
    """Every row of every table as text; sealed bytes show as hex."""
    with db.read() as session:
        tables = session.scalars(
            sa.text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> :not_ours"),
            {"not_ours": "alembic_version"},
        ).all()
        return {t: list(session.scalars(sa.text(f'SELECT x::text FROM "{t}" x'))) for t in tables}


def _no_table_holds_a_word_as_plain_text(told: Told) -> None:
    kept = rows(told.town.house.db)
    assert sum(len(lines) for lines in kept.values()) > 100
    for table, lines in kept.items():
        for line in lines:
            assert told.found_in(line) == set(), table


def _what_is_sealed_is_sealed_with_a_key_of_its_own_family(told: Told) -> None:
    """Every sealed column of every table, those that this story does not fill apart."""
    filled = set()
    with told.town.house.db.read() as session:
        for table in Base.metadata.tables.values():
            for column in (c for c in table.columns if isinstance(c.type, SealedColumn)):
                kept = session.scalars(sa.select(column).where(column.is_not(None))).all()
                heads = {(layout.version(value), layout.key_id(value)) for value in kept}
                assert heads <= {(layout.BOUND, layout.KEEPERS_OWN)}, column
                filled |= {str(column)} if kept else set()
        files = stored(session)
        families = session.scalar(sa.text("SELECT count(*) FROM requests"))
        keepers = session.scalar(sa.text("SELECT count(*) FROM family_keys"))
    assert filled >= {"requests.draft", "determinations.facts", "awards.letter", "payees.legal_name"}
    assert filled >= {"persons.name", "logged_payments.evidence_note"}
    assert {(layout.version(file), layout.key_id(file)) for file in files} == {
        (layout.BOUND, layout.KEEPERS_OWN)
    }
    assert families == 2
    assert keepers >= 4  # two requests, two children


# Bytes that are no words of a family: fingerprints, public keys, rule files, Word files with fields in place
# of names, keys already wrapped.
SAY_NOTHING = {
    "audit_seals.leaves", "call_counts.place", "documents.files_proof", "evidence.original_mark",
    "evidence.safe_mark", "family_keys.wrapped", "family_links.code_index", "passkey_challenges.challenge",
    "overlap_items.person", "passkeys.credential_id", "passkeys.public_key", "person_keys.index",
    "rule_files.bytes", "staff.oidc_email_index", "template_files.content", "webhook_inbox.raw",
}  # fmt: skip


def test_every_column_of_bytes_is_sealed_or_known_to_say_nothing_about_people() -> None:
    columns = [c for table in Base.metadata.tables.values() for c in table.columns]
    plain = {str(c) for c in columns if isinstance(c.type, sa.LargeBinary)}
    assert plain - SAY_NOTHING == set()


def _no_record_of_money_or_deed_names_the_case(told: Told) -> None:
    kept = rows(told.town.house.db)
    for table in ("audit_entries", "ledger_events", "ledger_entries", "attempts", "instructions"):
        assert kept[table]
        for line in kept[table]:
            assert not CASE_WORDS.search(line), table


def _stripe_knows_one_person_and_no_story(told: Told) -> None:
    mother = next(p for p in told.family.draft["payees"] if p["kind"] == "person")
    allowed = (mother["name"], mother["email"])
    known = list(_written_by_the_simulator(told.data / "stripe"))
    known.append(httpx.get(told.town.stripe_url).text)
    assert any(mother["name"] in line for line in known)
    for line in known:
        assert told.found_in(line, but=allowed) == set()
        assert not CASE_WORDS.search(line), line
    (account,) = (json.loads(body) for body in _things(told.data / "stripe", "account"))
    assert account["display_name"] == mother["name"]
    assert account["contact_email"] == mother["email"]
    assert account["identity"] == {"country": "US", "entity_type": "individual"}
    assert set(account["metadata"]) <= {"reunify_disbursement", "env", "schema"}


def _written_by_the_simulator(folder: Path) -> Iterator[str]:
    (file,) = folder.glob("*.sqlite3")
    with closing(sqlite3.connect(file)) as kept:
        yield from kept.iterdump()


def _things(folder: Path, kind: str) -> list[str]:
    (file,) = folder.glob("*.sqlite3")
    with closing(sqlite3.connect(file)) as kept:
        return [row[0] for row in kept.execute("SELECT body FROM things WHERE kind = ?", (kind,))]


class Addresses(HTMLParser):
    """Whatever a browser would send, keep in its history or show in a tab."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_title = self._in_drawing = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_drawing |= tag == "svg"
        self.found += [value for name, value in attrs if name in ("href", "src", "action") and value]
        self._in_title = tag == "title" and not self._in_drawing  # a band's own title stays in the page

    def handle_endtag(self, tag: str) -> None:
        self._in_drawing &= tag != "svg"

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.found.append(data)
        self._in_title = False


def _no_address_title_or_file_name_holds_a_word(told: Told) -> None:
    """Every page that can be reached by following links, as each person of the house and as the family."""
    read = 0
    for name in ("ana", "ben", "dee"):
        client = TestClient(app_of(told.town.house), base_url="https://localhost")
        client.headers["sec-fetch-site"] = "same-origin"
        sign_in(client, told.town.house, name)
        read += _follow(told, client, "/")
    read += _follow(told, _family_phone(told), "/family")
    assert read > 25


def _family_phone(told: Told) -> TestClient:
    ana: Person = told.town.person("ana")
    with told.town.house.db.read() as session:
        paid = session.scalar(sa.text("SELECT request_id FROM awards WHERE state = 'released'"))
    link = ana.act(told.town.diary, "make the link", f"/requests/{paid}/family-link")
    phone = TestClient(app_of(told.town.house), base_url="https://localhost")
    phone.headers["sec-fetch-site"] = "same-origin"
    phone.get(f"/f/{link['token']}")
    assert phone.post("/family", data={"pin": link["pin"]}).status_code == 200
    return phone


def _follow(told: Told, client: TestClient, start: str) -> int:
    waiting, seen = [start], {start}
    while waiting:
        answer = client.get(waiting.pop())
        assert told.found_in(str(answer.url)) == set()
        assert told.found_in(str(answer.headers.multi_items())) == set()
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        page = Addresses()
        page.feed(answer.text)
        for address in page.found:
            assert told.found_in(address) == set(), answer.url
            if address.startswith("/") and address not in seen and address != "/family/leave":
                seen.add(address)
                waiting.append(address)
    return len(seen)
