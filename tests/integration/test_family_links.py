"""Private links: one reader each, five tries, a call back before a new one, and nothing to guess."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.identity import family_links, family_policy, family_queries
from reunify.identity.family_links import NewLink
from reunify.identity.family_policy import CallBack
from reunify.identity.policy import FAMILY_LINK, FAMILY_SESSION, PIN_TRIES, LinkNotOpen
from reunify.identity.records import StaffRecord
from reunify.intake import actions as intake
from reunify.intake import queries as intake_queries
from reunify.intake import signers
from reunify.kernel.ids import RequestId, StaffId, new_id
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotAllowed, NotFound
from reunify.rules.library import shipped
from reunify.sandbox.families import sample_family

MOTHER, FILE = "mother", ("+1 915 555 0142",)
CALL = CallBack("(915) 555-0142", "Marisol")


@pytest.fixture
def ana(db: Database) -> Staff:
    return hire(db, "ana", Role.CASE_MANAGER)


@pytest.fixture
def request_id(db: Database, ana: Staff, now: datetime) -> RequestId:
    draft = copy.deepcopy(sample_family("b", now.date()).draft)
    with db.work() as session:
        made = RequestId(intake.create(session, draft=draft, by=ana, now=now).id)
        intake.submit(session, request_id=made, case_types=shipped().dictionary.case_types, by=ana, now=now)
    return made


def hire(db: Database, name: str, *roles: Role, stands_for: frozenset[StaffId] = frozenset()) -> Staff:
    person = Staff(StaffId(new_id()), name.title(), frozenset(roles), stands_for=stands_for)
    with db.work() as session:
        session.add(
            StaffRecord(id=person.id, username=name, name=person.name, password_hash="!", roles=sorted(roles))
        )
    return person


def make(db: Database, request_id: RequestId, by: Staff, now: datetime, **more: Any) -> NewLink:
    with db.work() as session:
        return family_links.make_family_link(
            session, **{"request_id": request_id, "reader": MOTHER, "by": by, "now": now, **more}
        )


def opened(db: Database, link: NewLink, now: datetime, *, pin: str | None = None) -> str | None:
    with db.work() as session:
        return family_links.open_family_link(session, token=link.token, pin=pin or link.pin, now=now)


def by_code(db: Database, code: str, pin: str, now: datetime) -> str | None:
    with db.work() as session:
        return family_links.open_by_code(session, code=code, pin=pin, now=now)


def reader_of(db: Database, token: str, now: datetime) -> str | None:
    with db.read() as session:
        found = family_links.family_of(session, token=token, now=now)
    return found[0].reader if found else None


def wrong(link: NewLink) -> str:
    return f"{(int(link.pin) + 1) % 10**6:06d}"


@pytest.mark.asvs("7.2.3", "11.5.1", "6.5.2")
@pytest.mark.asvs("6.4.2", "11.5.1")
@pytest.mark.asvs("11.4.2")
@pytest.mark.asvs("6.4.2", "11.5.1")
@pytest.mark.asvs("11.4.2")
def test_secrets_are_random_and_kept_only_as_hashes(
    db: Database, request_id: RequestId, ana: Staff, now: datetime
) -> None:
    link = make(db, request_id, ana, now)
    assert len(link.token) >= 43
    assert len(link.pin) == 6
    assert len(link.code) == 8
    with db.read() as session:
        (kept,) = session.execute(sa.text("SELECT row_to_json(f)::text FROM family_links f")).scalars()
    for secret in (link.token, link.code, link.pin):
        assert secret not in kept
        assert secret not in repr(link)
    assert "$argon2id$" in kept


@pytest.mark.asvs("7.4.1")
def test_a_new_link_voids_the_old_one_of_the_same_reader_and_its_sessions(
    db: Database, request_id: RequestId, ana: Staff, now: datetime
) -> None:
    old = make(db, request_id, ana, now)
    session_token = opened(db, old, now)
    other = make(db, request_id, ana, now, reader="father")
    other_token = opened(db, other, now)
    assert session_token is not None
    assert other_token is not None
    make(db, request_id, ana, now, call_back=CALL, on_file=FILE)
    assert reader_of(db, session_token, now) is None
    assert reader_of(db, other_token, now) == "father"
    with pytest.raises(LinkNotOpen):
        opened(db, old, now)


@pytest.mark.asvs("6.6.3", "6.3.1")
def test_five_wrong_pins_use_the_link_up_by_link_and_code_together(
    db: Database, request_id: RequestId, ana: Staff, now: datetime
) -> None:
    link = make(db, request_id, ana, now)
    for number in range(PIN_TRIES):
        if number % 2:
            assert opened(db, link, now, pin=wrong(link)) is None
        else:
            assert by_code(db, link.code, wrong(link), now) is None
    for right in (lambda: opened(db, link, now), lambda: by_code(db, link.code, link.pin, now)):
        with pytest.raises(LinkNotOpen):
            right()
    with db.read() as session:
        assert family_queries.newest(session, request_id, now)[MOTHER].state == "out_of_tries"


def test_four_wrong_pins_and_the_right_one_open_it(
    db: Database, request_id: RequestId, ana: Staff, now: datetime
) -> None:
    link = make(db, request_id, ana, now)
    for _ in range(PIN_TRIES - 1):
        assert opened(db, link, now, pin=wrong(link)) is None
    assert opened(db, link, now) is not None


def test_the_code_is_typed_as_people_type(
    db: Database, request_id: RequestId, ana: Staff, now: datetime
) -> None:
    link = make(db, request_id, ana, now)
    first, last = link.code[:4], link.code[4:]
    for typed in (link.code, f"{first}-{last}", f" {first} {last} ", link.code.lower()):
        assert by_code(db, typed, link.pin, now) is not None


def test_an_unknown_code_and_a_code_of_a_closed_link_open_nothing(
    db: Database, request_id: RequestId, ana: Staff, now: datetime
) -> None:
    link = make(db, request_id, ana, now)
    with pytest.raises(LinkNotOpen):
        by_code(db, "CCCCCCCC", link.pin, now)
    with db.work() as session:
        family_links.revoke(session, request_id=request_id, reader=MOTHER, by=ana, now=now)
    with pytest.raises(LinkNotOpen):
        by_code(db, link.code, link.pin, now)


@pytest.mark.asvs("7.3.2", "6.5.5")
def test_links_and_sessions_end_by_themselves(
    db: Database, request_id: RequestId, ana: Staff, now: datetime
) -> None:
    link = make(db, request_id, ana, now)
    token = opened(db, link, now)
    assert token is not None
    assert reader_of(db, token, now + FAMILY_SESSION - timedelta(seconds=1)) == MOTHER
    assert reader_of(db, token, now + FAMILY_SESSION) is None
    assert opened(db, link, now + FAMILY_LINK - timedelta(seconds=1)) is not None
    with pytest.raises(LinkNotOpen):
        opened(db, link, now + FAMILY_LINK)


@pytest.mark.asvs("7.4.1")
def test_whoever_leaves_is_outside_even_with_a_kept_cookie(
    db: Database, request_id: RequestId, ana: Staff, now: datetime
) -> None:
    token = opened(db, make(db, request_id, ana, now), now)
    assert token is not None
    with db.work() as session:
        family_links.leave(session, token=token)
    assert reader_of(db, token, now) is None


# Made anew -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (None, family_policy.CallBackFirst),
        (CallBack("+1 505 555 0100", "Marisol"), family_policy.NotOnFile),
        (CallBack("", "Marisol"), family_policy.NotOnFile),
        (CallBack("+1 915 555 0142", " "), family_policy.WhoAnswered),
    ],
)
def test_no_link_is_made_anew_without_a_call_to_the_number_on_file(
    db: Database, request_id: RequestId, ana: Staff, now: datetime, call: CallBack | None, refusal: type
) -> None:
    link = make(db, request_id, ana, now)
    with pytest.raises(refusal):
        make(db, request_id, ana, now, call_back=call, on_file=FILE)
    assert opened(db, link, now) is not None


def test_the_call_back_is_kept_without_the_number(
    db: Database, request_id: RequestId, ana: Staff, now: datetime
) -> None:
    make(db, request_id, ana, now)
    make(db, request_id, ana, now, call_back=CALL, on_file=FILE)
    with db.read() as session:
        kept = family_queries.newest(session, request_id, now)[MOTHER]
        raw = session.execute(
            sa.text("SELECT row_to_json(f)::text FROM family_links f WHERE how = 'call_back'")
        ).scalar_one()
    assert (kept.called_ending, kept.spoke_with, kept.made_by) == ("42", "Marisol", ana.id)
    assert "Marisol" not in raw
    assert not any(digits in raw for digits in ("555 0142", "555-0142", "5550142"))  # a hash may hold 555


def test_a_number_told_today_is_not_on_file_until_tomorrow(
    db: Database, request_id: RequestId, ana: Staff, now: datetime
) -> None:
    with db.work() as session:
        intake.answer(
            session,
            request_id=request_id,
            answers={
                "/travelers/0/contact/phone": "+1 505 555 0100",
                "/travelers/0/readiness/phone_for_gate_texts": None,
            },
            award_stands=False,
            case_types=shipped().dictionary.case_types,
            by=ana,
            now=now + timedelta(hours=1),
        )
    with db.read() as session:
        versions = intake_queries.versions(session, request_id)
    later = now + timedelta(hours=1) + signers.SETTLED
    assert signers.numbers_on_file(versions, MOTHER, now=later - timedelta(seconds=1)) == []
    assert signers.numbers_on_file(versions, MOTHER, now=later) == ["+1 505 555 0100"]
    assert signers.numbers_on_file(versions[:1], MOTHER, now=now) == list(FILE)
    assert signers.numbers_on_file(versions, "stranger", now=later) == []


@pytest.mark.asvs("7.4.1")
@pytest.mark.parametrize(
    ("pointer", "value", "changed"),
    [
        ("/travelers/0/name", "Tomás Hidalgo", ["name"]),
        ("/travelers/0/role", "guardian", ["role"]),
        ("/travelers/0/household", "mother", ["household"]),
        ("/travelers/0/birth_date", "1985-01-02", []),
    ],
)
def test_a_link_is_one_humans_and_closes_when_its_key_may_name_another(
    db: Database,
    request_id: RequestId,
    ana: Staff,
    now: datetime,
    pointer: str,
    value: str,
    changed: list[str],
) -> None:
    link = make(db, request_id, ana, now)
    token = opened(db, link, now)
    assert token is not None
    with db.work() as session:
        word = family_links.vouch(
            session,
            request_id=request_id,
            reader=MOTHER,
            how_known="At the desk",
            on_file=(),
            by=ana,
            now=now,
        )
        intake.answer(
            session,
            request_id=request_id,
            answers={pointer: value},
            award_stands=False,
            case_types=shipped().dictionary.case_types,
            by=ana,
            now=now,
        )
    if not changed:
        assert reader_of(db, token, now) == MOTHER
        return
    assert reader_of(db, token, now) is None
    with pytest.raises(LinkNotOpen):
        opened(db, link, now)
    with db.read() as session:
        assert session.execute(sa.text("SELECT count(*) FROM family_sessions")).scalar_one() == 0
        detail = session.execute(
            sa.text("SELECT detail FROM audit_entries WHERE subject = 'family_link' AND verb = 'close'")
        ).scalar_one()
    assert detail == {"changed": changed}
    bob = hire(db, "bob", Role.CASE_MANAGER)
    with pytest.raises(family_policy.VoucherSpent), db.work() as session:
        second(session, request_id, word, bob, now)


@pytest.mark.asvs("2.3.5")
def test_without_a_number_on_file_two_people_are_needed(
    db: Database, request_id: RequestId, ana: Staff, now: datetime
) -> None:
    sue = hire(db, "sue", Role.SUPERVISOR)
    cover = hire(db, "cov", Role.CASE_MANAGER, stands_for=frozenset({ana.id}))
    old = make(db, request_id, ana, now)
    said: dict[str, Any] = {"request_id": request_id, "reader": MOTHER, "by": ana, "now": now}
    with db.work() as session, pytest.raises(family_policy.NumberIsOnFile):
        family_links.vouch(session, **said, how_known="I know her voice", on_file=FILE)
    with db.work() as session, pytest.raises(family_policy.HowKnown):
        family_links.vouch(session, **said, how_known="yes", on_file=())
    with db.work() as session:
        word = family_links.vouch(session, **said, how_known="The officer put her on the line", on_file=())
    for alone in (ana, cover):
        with pytest.raises(family_policy.OnePersonTwice), db.work() as session:
            second(session, request_id, word, alone, now)
    with pytest.raises(family_policy.VoucherSpent), db.work() as session:
        second(session, request_id, word, sue, now + family_policy.VOUCHER + timedelta(seconds=1))
    with db.work() as session:
        new = second(session, request_id, word, sue, now)
    assert opened(db, new, now) is not None
    with pytest.raises(LinkNotOpen):
        opened(db, old, now)
    with pytest.raises(family_policy.VoucherSpent), db.work() as session:
        second(session, request_id, word, sue, now)


def second(session: Any, request_id: RequestId, word: Any, by: Staff, now: datetime) -> NewLink:
    return family_links.make_with_second_person(
        session, request_id=request_id, voucher_id=word, by=by, now=now
    )


def test_a_word_for_one_family_opens_nothing_of_another(
    db: Database, request_id: RequestId, ana: Staff, now: datetime
) -> None:
    sue = hire(db, "sue", Role.SUPERVISOR)
    with db.work() as session:
        word = family_links.vouch(
            session,
            request_id=request_id,
            reader=MOTHER,
            how_known="I know her voice",
            on_file=(),
            by=ana,
            now=now,
        )
    with pytest.raises(NotFound), db.work() as session:
        second(session, RequestId(new_id()), word, sue, now)


def test_the_table_refuses_one_person_twice_and_a_second_open_link(
    db: Database, request_id: RequestId, ana: Staff, now: datetime
) -> None:
    make(db, request_id, ana, now)
    for changed, constraint in (
        ({}, "one_open"),
        ({"reader": "'b'", "how": "'second_person'", "vouched_by": "made_by"}, "is_another"),
        ({"reader": "'c'", "how": "'call_back'"}, "call_back_is_told"),
    ):
        said = {"id": "gen_random_uuid()", "token_hash": "'x'", "code_index": "'\\x01'::bytea"} | changed
        same = ("request_id", "reader", "pin_hash", "tries_left", "how", "made_by", "made_at", "ends_at")
        row = {column: column for column in same} | said
        insert = (
            f"INSERT INTO family_links ({', '.join(row)}) SELECT {', '.join(row.values())} FROM family_links"
        )
        with pytest.raises(sa.exc.IntegrityError, match=constraint), db.work() as session:
            session.execute(sa.text(insert))


@pytest.mark.parametrize("role", [Role.FINANCE_APPROVER, Role.AUDITOR, Role.ADMINISTRATOR])
def test_nobody_else_makes_a_link(db: Database, request_id: RequestId, now: datetime, role: Role) -> None:
    somebody = hire(db, "other", role)
    with pytest.raises(NotAllowed):
        make(db, request_id, somebody, now)
