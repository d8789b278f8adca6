"""Which events are believed, and which differences between the statement and our ledger are found."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from stripe import WebhookSignature

from reunify.kernel.money import Money
from reunify.reconciliation.policy import (
    Booked,
    Kind,
    NotAnEvent,
    NotStripe,
    check_signature,
    compare,
    read,
    try_after,
)
from reunify.reconciliation.ports import Balance, Movement

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
OLD, NEW = "whsec_old", "whsec_new"
EVENT: dict[str, Any] = {
    "id": "evt_test_1",
    "object": "v2.core.event",
    "type": "v2.money_management.outbound_payment.posted",
    "livemode": False,
    "related_object": {"id": "obp_test_1", "type": "x", "url": "http://169.254.169.254/"},
    "reason": {"type": "request", "request": {"id": "req_1", "idempotency_key": "reunify:disb:1:1"}},
}
RAW = json.dumps(EVENT).encode()


def signed(secret: str, *, at: datetime = NOW, raw: bytes = RAW) -> str:
    """By the SDK's own generator, so that the two sides are not one piece of code."""
    return str(WebhookSignature.generate_signature_header(raw.decode(), secret, int(at.timestamp())))


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_while_a_secret_is_replaced_both_are_believed(secret: str) -> None:
    check_signature(RAW, signed(secret), (NEW, OLD), NOW)


def test_two_signatures_in_one_header_are_believed_by_either_secret() -> None:
    both = signed(OLD) + ",v1=" + signed(NEW).split("v1=")[1]
    check_signature(RAW, both, (OLD,), NOW)
    check_signature(RAW, both, (NEW,), NOW)


@pytest.mark.parametrize("apart", [timedelta(seconds=301), timedelta(days=365)])
@pytest.mark.parametrize("way", [-1, 1], ids=["past", "future"])
def test_an_old_and_a_future_signature_are_refused(apart: timedelta, way: int) -> None:
    with pytest.raises(NotStripe):
        check_signature(RAW, signed(NEW, at=NOW + way * apart), (NEW,), NOW)


@pytest.mark.parametrize("apart", [-299, 299])
def test_clocks_may_differ_by_five_minutes(apart: int) -> None:
    check_signature(RAW, signed(NEW, at=NOW + timedelta(seconds=apart)), (NEW,), NOW)


@pytest.mark.parametrize(
    "header",
    ["", "t=1", "v1=aa", "t=x,v1=aa", "t=1,t=2,v1=" + "a" * 64, "garbage", signed("whsec_other")],
)
def test_anything_else_is_refused(header: str) -> None:
    with pytest.raises(NotStripe):
        check_signature(RAW, header, (NEW, OLD), NOW)


def test_no_secret_and_an_empty_secret_believe_nothing() -> None:
    for secrets in ((), ("",), ("  ",)):
        with pytest.raises(NotStripe):
            check_signature(RAW, signed(""), secrets, NOW)


def test_one_changed_byte_is_refused() -> None:
    with pytest.raises(NotStripe):
        check_signature(RAW.replace(b"obp_test_1", b"obp_test_2"), signed(NEW), (NEW,), NOW)


def test_the_event_names_the_payment_and_our_key_and_its_address_is_not_used() -> None:
    notice = read(RAW, live=False)
    assert notice.payment_id == "obp_test_1"
    assert notice.idem_key == "reunify:disb:1:1"
    assert "169.254" not in repr(notice)


@pytest.mark.parametrize(
    "change",
    [
        {"object": "event"},
        {"livemode": True},
        {"livemode": None},
        {"id": None},
        {"id": "x" * 300},
        {"id": "evt\u0000"},
        {"type": 5},
    ],
)
def test_an_event_of_another_kind_or_mode_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(NotAnEvent):
        read(json.dumps({**EVENT, **change}).encode(), live=False)


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"\xff", b"[" * 100_000, b" " * 300_000])
def test_bytes_that_are_no_event_are_refused(raw: bytes) -> None:
    with pytest.raises(NotAnEvent):
        read(raw, live=False)


@pytest.mark.parametrize("id_", ["acct_1", "../financial_accounts/fa_1", "obp_1/cancel", "obp_", "", None, 7])
def test_only_the_id_of_a_payment_is_looked_up(id_: Any) -> None:
    body = {**EVENT, "related_object": {"id": id_}}
    assert read(json.dumps(body).encode(), live=False).payment_id is None


def test_an_unknown_type_is_read_and_speaks_of_no_payment() -> None:
    notice = read(json.dumps({**EVENT, "type": "v2.something.new"}).encode(), live=False)
    assert notice.payment_id is None


def test_an_event_that_cannot_be_handled_waits_longer_each_time_and_is_then_set_aside() -> None:
    waits = [try_after(tries, NOW) for tries in range(1, 12)]
    assert all(waits)
    assert try_after(12, NOW) is None


def movement(
    cents: int, payment: str | None, category: str = "outbound_payment", status: str = "posted"
) -> Movement:
    return Movement(f"trxn_{payment}_{cents}", Money(cents), category, status, NOW, payment)


FUNDED = movement(100_000, None, "received_credit")
NONE = Booked(Money(0), Money(0))


def found(
    movements: list[Movement],
    *,
    held: int,
    ours: dict[str, int],
    booked: dict[str, Booked],
    cash: int | None = None,
) -> set[tuple[Kind, str]]:
    differences = compare(
        opening=Money(0),
        balance=Balance(Money(held), Money(0)),
        movements=movements,
        ours={k: Money(v) for k, v in ours.items()},
        booked=booked,
        ledger_cash=Money(held if cash is None else cash),
    )
    return {(d.kind, d.object_id) for d in differences}


def spent(cents: int, back: int = 0) -> Booked:
    return Booked(Money(-cents), Money(back))


def test_books_that_agree_show_no_difference() -> None:
    agreed = [
        FUNDED,
        movement(-400, "a"),
        movement(400, "a", "outbound_payment_reversal"),
        movement(-50, "b"),
    ]
    assert (
        found(
            agreed,
            held=99_950,
            ours={"a": 400, "b": 50},
            booked={"a": spent(400, 400), "b": spent(50)},
            cash=99_950,
        )
        == set()
    )


def test_a_payment_on_its_way_is_no_difference() -> None:
    pending = [FUNDED, movement(-400, "a", status="pending")]
    assert found(pending, held=100_000, ours={"a": 400}, booked={}) == set()


@pytest.mark.parametrize(
    ("movements", "held", "ours", "booked", "kind"),
    [
        ([FUNDED, movement(-400, "a")], 99_600, {}, {}, (Kind.PAYMENT_NOT_OURS, "a")),
        ([FUNDED, movement(-400, "a")], 99_600, {"a": 400}, {}, (Kind.PAYMENT_NOT_IN_LEDGER, "a")),
        ([FUNDED], 100_000, {"a": 400}, {"a": spent(400)}, (Kind.LEDGER_WITHOUT_PAYMENT, "a")),
        ([FUNDED, movement(-400, "a")], 99_600, {"a": 400}, {"a": spent(390)}, (Kind.OTHER_AMOUNT, "a")),
        ([FUNDED], 99_999, {}, {}, (Kind.STATEMENT_DOES_NOT_ADD_UP, "statement")),
        (
            [FUNDED, movement(-150, None, "stripe_fee")],
            99_850,
            {},
            {},
            (Kind.FEE_NOT_CODED, "trxn_None_-150"),
        ),
    ],
    ids=["dashboard", "not in ledger", "not at stripe", "amount", "sum", "fee"],
)
def test_each_difference_is_found_by_its_name(
    movements: list[Movement],
    held: int,
    ours: dict[str, int],
    booked: dict[str, Booked],
    kind: tuple[Kind, str],
) -> None:
    assert found(movements, held=held, ours=ours, booked=booked) == {kind}


def test_one_cent_less_in_the_ledgers_cash_is_found() -> None:
    assert found([FUNDED], held=100_000, ours={}, booked={}, cash=99_999) == {(Kind.CASH_DIFFERS, "cash")}
