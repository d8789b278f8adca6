"""Every kind of automatic work says whether a quiet outcome stops it, and its own question shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from flows.registry import works
from flows.work import Work
from reunify.adapters.embedded_postgres import Urls
from reunify.adapters.sms_http import HttpMessages
from tests.lasting import lasting_database
from tests.town import Town, built

QUIET = "quiet"
# Work, and either that it passes over requests on which a quiet outcome stands, or why it need not.
SAYS = {
    "apply_amendments": "of a source as a whole; no request is looked at",
    "assess": "answers for staff only; what would follow (letter, payment, lapse) is stopped where it begins",
    "try_again": QUIET,
    "open_bookings": QUIET,
    "instruct": QUIET,
    "instruct_tickets": QUIET,
    "disburse": QUIET,
    "disburse_again": QUIET,
    "open_cards": QUIET,
    "open_cards_again": "the outcome of a card already asked for is heard; no money leaves by it",
    "match_card_charges": "what a charge has paid already is written down",
    "lower_card_limits": "a card may buy less; nothing is sent to the family",
    "end_cards": "a card is closed the sooner the better; nothing is sent to the family",
    "age_checks": "the books must be true of a check nobody cashed; what is owed again waits for a person",
    "reconcile": "hears what Stripe did already; the books must be true",
    "prove": "compares the books with the bank; nothing leaves",
    "take_back_grants": QUIET,
    "run_out": QUIET,
    "seal_audit": "of the audit trail as a whole",
    "look_after_files": "compares rows with sealed bytes nobody reads meanwhile; tells nobody",
    "sweep": "removes what has served its time (sessions, tries); tells nobody",
    "issue_documents": QUIET,
    "advise_payments": QUIET,
    "close_trips": QUIET,
    "scan_evidence": "a paper that came in is made safe to open; tells nobody",
    "replay_rules": "reads past answers to compare rules; what it finds is hidden from the work list",
    "expire_envelopes": "gives a fund its unused envelope back; no request is looked at",
    "bear_refused": "finance's own correction between two funds; the family is never asked",
    "escalate": QUIET,
    "watch_bookings": QUIET,
    "tell_families": QUIET,
    "send_notices": QUIET,
}


@pytest.fixture(scope="module")
def town(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    data = tmp_path_factory.mktemp("works")
    with (
        lasting_database(server, administrator, settled_template) as db,
        built(db, data, cards=True) as found,
    ):
        gateway = HttpMessages(url="http://127.0.0.1:9", key="nobody answers there")
        found.house = replace(found.house, messages=gateway)  # else nobody is told, quiet or not
        yield found
        gateway.close()


def test_every_work_says_whether_a_quiet_outcome_stops_it(town: Town) -> None:
    names = {work.name for work in works(town.house)}
    assert names - SAYS.keys() == set(), "say `quiet`, or why a quiet outcome need not stop it"


def test_whatever_is_quiet_asks_for_outcomes_in_the_very_question_that_finds_its_work(town: Town) -> None:
    silent = [w.name for w in works(town.house) if SAYS.get(w.name) == QUIET and not _asks(town, w)]
    assert silent == []


def test_whatever_need_not_be_quiet_does_not_ask_either_so_that_the_table_stays_true(town: Town) -> None:
    asks = [w.name for w in works(town.house) if SAYS.get(w.name, QUIET) != QUIET and _asks(town, w)]
    assert asks == []


def _asks(town: Town, work: Work) -> bool:
    heard: list[str] = []

    def hear(connection: object, cursor: object, statement: str, *rest: object) -> None:
        heard.append(statement)

    engine = town.house.db.engine
    sa.event.listen(engine, "before_cursor_execute", hear)
    try:
        work.find(town.house.db, 10)
    finally:
        sa.event.remove(engine, "before_cursor_execute", hear)
    return any("quiet_outcomes" in statement for statement in heard)
