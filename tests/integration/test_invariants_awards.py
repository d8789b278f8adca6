"""Money sent beyond what is obligated, and awards decided by the wrong people, are found in the tables."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.ledger.policy import Cash
from reunify.reporting import invariants
from tests.integration.ledger_world import TRANSPORT, Books, faults, open_books


@pytest.fixture
def owner(owner_url: str) -> Iterator[sa.Engine]:
    """The owner, with links, checks and triggers taken off: only so can these faults be planted."""
    engine = sa.create_engine(owner_url)
    with engine.begin() as connection:
        for table in (
            "allocations",
            "allocation_lines",
            "instructions",
            "instruction_lines",
            "attempts",
            "awards",
        ):
            loosen(connection, table)
    yield engine
    engine.dispose()


def loosen(connection: sa.Connection, table: str) -> None:
    constraints = connection.exec_driver_sql(
        f"SELECT conname FROM pg_constraint WHERE conrelid = '{table}'::regclass AND contype IN ('c', 'f')"
    )
    for (name,) in constraints.all():
        connection.exec_driver_sql(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    columns = connection.exec_driver_sql(
        f"SELECT attname FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 "
        "AND attnotnull AND NOT attisdropped AND attname <> 'id'"
    )
    for (name,) in columns.all():
        connection.exec_driver_sql(f'ALTER TABLE {table} ALTER COLUMN "{name}" DROP NOT NULL')
    connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")


def insert(owner: sa.Engine, table: str, **values: object) -> None:
    values = {"id": uuid4()} | values
    names = ", ".join(values)
    with owner.begin() as connection:
        connection.execute(
            sa.text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(':' + n for n in values)})"), values
        )


def key(instruction: UUID, number: int) -> str:
    return f"reunify:disb:{instruction}:{number}"


def broken(db: Database) -> set[str]:
    with db.read() as session:
        return {f.rule for f in faults(session)}


def award_line(books: Books, owner: sa.Engine, *, ceiling: int = 40_000, obligated: int = 0) -> UUID:
    """An award line whose hold was made for 40,000 cents; its id."""
    hold = books.line(40_000)
    books.reserve(hold)
    if obligated:
        books.do("obligate", hold.hold_id, obligated)
    line = uuid4()
    insert(
        owner,
        "allocation_lines",
        id=line,
        hold_id=hold.hold_id,
        ceiling=ceiling,
        unit="cents",
        fund_id=hold.fund_id,
        budget_category=TRANSPORT.value,
    )
    return line


SENT = [
    # obligated, instructed, state, settlement -> is it a fault?
    (40_000, 40_000, "sending", "advance", False),
    (39_999, 40_000, "sending", "advance", True),
    (0, 1, "settled", "advance", True),
    (0, 1, "failed", "advance", True),  # it may be tried again
    (0, 40_000, "withdrawn", "advance", False),
    (0, 40_000, "returned", "advance", False),
    (0, 1, "to_log", "vendor_billed", True),
    (0, 1, "to_log", "partner_gives", False),  # binds us when it is written down
    (0, 1, "recorded", "partner_gives", True),
]


def test_no_more_may_be_sent_than_is_obligated(db: Database, owner: sa.Engine, books: Books) -> None:
    expected = set()
    for obligated, amount, state, settlement, fault in SENT:
        books.open(f"fund-{len(books.funds)}", {TRANSPORT: 40_000})
        books.funds["cash"] = list(books.funds.values())[-1]
        line, instruction = award_line(books, owner, obligated=obligated), uuid4()
        insert(owner, "instructions", id=instruction, state=state)
        insert(
            owner,
            "instruction_lines",
            instruction_id=instruction,
            allocation_line_id=line,
            settlement=settlement,
            binds_at_entry=settlement == "partner_gives",
            amount=amount,
        )
        if fault:
            expected.add(str(line))
    with db.read() as session:
        findings = [f for f in invariants.check(session) if f.rule == "more than obligated"]
    assert {f.sentence.split()[2].rstrip(":") for f in findings} == expected


def test_two_instructions_on_one_line_are_added_up(db: Database, owner: sa.Engine, books: Books) -> None:
    line = award_line(books, owner, obligated=40_000)
    for _ in range(2):
        instruction = uuid4()
        insert(owner, "instructions", id=instruction, state="sending")
        insert(
            owner,
            "instruction_lines",
            instruction_id=instruction,
            allocation_line_id=line,
            settlement="advance",
            amount=20_001,
        )
    assert broken(db) == {"more than obligated"}


def test_a_line_that_holds_more_than_was_approved_is_found(
    db: Database, owner: sa.Engine, books: Books
) -> None:
    award_line(books, owner, ceiling=39_999, obligated=40_000)
    assert broken(db) == {"line is not its hold", "more than approved"}


def test_two_attempts_that_may_both_pay_are_found(db: Database, owner: sa.Engine) -> None:
    instruction = uuid4()
    with owner.begin() as connection:
        connection.exec_driver_sql("DROP INDEX uq_attempts_one_open")
    insert(
        owner,
        "attempts",
        instruction_id=instruction,
        number=1,
        state="posted",
        idempotency_key=key(instruction, 1),
    )
    assert broken(db) == set()
    insert(
        owner,
        "attempts",
        instruction_id=instruction,
        number=2,
        state="unknown",
        idempotency_key=key(instruction, 2),
    )
    assert broken(db) == {"sent twice"}


def test_what_was_sent_may_lie_in_another_fund_or_have_been_recovered(
    db: Database, owner: sa.Engine, books: Books
) -> None:
    """A settled payment of 40,000: half its cost moved on, a quarter recovered. A cent more is a fault."""
    line = award_line(books, owner, obligated=40_000)
    with db.read() as session:
        hold = session.scalars(sa.text("SELECT hold_id FROM allocation_lines")).one()
    books.open("gift", {TRANSPORT: 40_000})
    books.do("expend", hold, 40_000)
    moved = books.move(hold, 20_000)
    books.do("recover", hold, 10_000, cash=Cash.BANK)
    books.open("other", {TRANSPORT: 40_000})
    books.transfer(books.cost(moved, 5_000, code="other"))
    for amount, named in ((40_000, set()), (1, {"more than obligated"})):
        instruction = uuid4()
        insert(owner, "instructions", id=instruction, state="sending")
        insert(
            owner,
            "instruction_lines",
            instruction_id=instruction,
            allocation_line_id=line,
            settlement="advance",
            amount=amount,
        )
        assert broken(db) == named


def paid_instruction(books: Books, owner: sa.Engine, *, expend: int | None = 40_000) -> UUID:
    """Settled by one payment of Stripe: its lines, its attempt and the books say 40,000."""
    line, instruction = award_line(books, owner, obligated=40_000), uuid4()
    with books.db.read() as session:
        hold = session.scalars(sa.text("SELECT hold_id FROM allocation_lines")).one()
    insert(owner, "instructions", id=instruction, state="settled", amount=40_000, unit="cents")
    insert(
        owner,
        "instruction_lines",
        instruction_id=instruction,
        allocation_line_id=line,
        settlement="advance",
        amount=40_000,
    )
    insert(
        owner,
        "attempts",
        instruction_id=instruction,
        number=1,
        state="posted",
        idempotency_key=key(instruction, 1),
        stripe_id="obp_1",
        params='{"amount": {"value": 40000, "currency": "usd"}}',
    )
    if expend is not None:
        books.do("expend", hold, expend, ref="obp_1:posted")
    return instruction


PAID = {
    "as it should be": ("UPDATE instructions SET trouble = NULL", set()),
    "an instruction of another amount": (
        "UPDATE instructions SET amount = amount + 100000",
        {
            "instruction is not its lines",
            "attempt is not its instruction",
            "settled is not what was spent",
        },
    ),
    "an attempt without its parameters": (
        "UPDATE attempts SET params = '{}'",
        {"attempt is not its instruction"},
    ),
    "an attempt that asks for another amount": (
        "UPDATE attempts SET params = jsonb_set(params, '{amount,value}', '40001')",
        {"attempt is not its instruction"},
    ),
    "an attempt that went out and is said not to have": (
        "UPDATE attempts SET state = 'canceled'",
        {"settled is not what was spent"},
    ),
    "an instruction that was paid and is said not to have been": (
        "UPDATE instructions SET state = 'withdrawn'",
        {"settled is not what was spent"},
    ),
}


@pytest.mark.parametrize("fault", sorted(PAID))
def test_what_was_asked_for_sent_and_spent_is_one_amount(
    db: Database, owner: sa.Engine, books: Books, fault: str
) -> None:
    paid_instruction(books, owner)
    change, rules = PAID[fault]
    with owner.begin() as connection:
        assert connection.execute(sa.text(change.replace(":", "\\:"))).rowcount == 1
    assert broken(db) == rules


@pytest.mark.parametrize("spent", [None, 39_999])
def test_a_settled_payment_that_the_books_do_not_say_is_found(
    db: Database, owner: sa.Engine, books: Books, spent: int | None
) -> None:
    paid_instruction(books, owner, expend=spent)
    assert broken(db) == {"settled is not what was spent"}


def test_a_payment_whose_posting_was_reversed_is_not_settled(
    db: Database, owner: sa.Engine, books: Books
) -> None:
    paid_instruction(books, owner)
    with db.read() as session:
        wrong = session.scalars(sa.text("SELECT id FROM ledger_events WHERE kind = 'expend'")).one()
    books.correct(wrong)
    assert broken(db) == {"settled is not what was spent"}


ANA, BEN, CARLA = UUID(int=1), UUID(int=2), UUID(int=3)
DECIDED = [
    # approved by, released by, digest, cents (the small-amount limit is 100) -> the rule it breaks
    (BEN, CARLA, "d", 500, None),
    (BEN, BEN, "d", 100, None),
    (None, None, None, 500, None),
    (BEN, BEN, "d", 101, "one person did both"),
    (ANA, CARLA, "d", 500, "the requester approved or released"),
    (BEN, ANA, "d", 500, "the requester approved or released"),
    (None, CARLA, None, 500, "released without approval"),
    (BEN, CARLA, None, 500, "released without approval"),
]


def test_an_award_decided_by_the_wrong_people_is_found(db: Database, owner: sa.Engine) -> None:
    expected = set()
    for approved, released, digest, cents, rule in DECIDED:
        award, allocation = uuid4(), uuid4()
        insert(owner, "allocation_lines", allocation_id=allocation, unit="cents", ceiling=cents)
        insert(
            owner,
            "awards",
            id=award,
            reference=str(award),
            allocation_id=allocation,
            requested_by=ANA,
            submitted_by=ANA,
            approved_by=approved,
            released_by=released,
            digest=digest,
            ceiling_cents=cents,
            small_limit_cents=100,
        )
        if rule:
            expected.add((rule, str(award)))
    with db.read() as session:
        assert {(f.rule, f.sentence.split()[1]) for f in invariants.check(session)} == expected


def test_who_answered_for_the_family_may_not_approve_either(db: Database, owner: sa.Engine) -> None:
    insert(
        owner,
        "awards",
        reference="A-1",
        allocation_id=uuid4(),
        requested_by=ANA,
        submitted_by=BEN,
        approved_by=BEN,
        digest="d",
        ceiling_cents=0,
    )
    assert broken(db) == {"the requester approved or released"}


def test_an_award_judged_by_another_amount_than_its_lines_is_found(db: Database, owner: sa.Engine) -> None:
    """The small-amount limit is compared with the award's ceiling: it must be what its lines sum to."""
    allocation = uuid4()
    insert(owner, "allocation_lines", allocation_id=allocation, unit="cents", ceiling=200_000)
    insert(owner, "allocation_lines", allocation_id=allocation, unit="night", ceiling=1)
    insert(owner, "awards", reference="A-1", allocation_id=allocation, ceiling_cents=199_999)
    assert broken(db) == {"ceiling is not its lines"}


def test_a_payment_made_from_another_digest_is_found(db: Database, owner: sa.Engine) -> None:
    award = uuid4()
    insert(owner, "awards", id=award, reference="A-1", allocation_id=uuid4(), digest="now", ceiling_cents=0)
    insert(owner, "instructions", award_id=award, award_digest="before", state="ready")
    assert broken(db) == {"not what was approved"}


@pytest.fixture
def books(db: Database, now: object) -> Books:
    return open_books(db, now)  # type: ignore[arg-type]
