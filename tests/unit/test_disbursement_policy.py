"""What may happen to a payment, pair by pair, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import uuid4

import pytest

from reunify.disbursement import policy
from reunify.disbursement.logging_policy import LOGGED
from reunify.disbursement.outcomes import Status
from reunify.disbursement.policy import ATTEMPT, INSTRUCTION, Instrument, steps
from reunify.kernel.ids import StaffId
from reunify.kernel.moves import START, Moves, WrongState
from reunify.kernel.people import Role, Staff, System
from reunify.kernel.refusals import NotAllowed

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def staff(*roles: Role) -> Staff:
    return Staff(StaffId(uuid4()), "someone", frozenset(roles))


@pytest.mark.parametrize("moves", [INSTRUCTION, ATTEMPT, LOGGED], ids=lambda m: m.name)
def test_every_pair_of_state_and_verb_either_moves_or_refuses_in_words(moves: Moves) -> None:
    allowed = {(m.source, m.verb): m.target for m in moves}
    for state, verb in product([START, *moves.states], {m.verb for m in moves}):
        if (state, verb) in allowed:
            assert moves.check(state, verb).target == allowed[state, verb]
        else:
            with pytest.raises(WrongState, match=moves.name):
                moves.check(state, verb)


def test_money_that_may_still_leave_keeps_the_attempt_alive() -> None:
    dead = set(ATTEMPT.states) - set(policy.ALIVE)
    assert dead == {"failed", "canceled", "posted", "returned"}


def test_an_unclear_attempt_cannot_be_refused_by_stripe_only_declared_unsent_by_a_person() -> None:
    assert not ATTEMPT.can("unknown", "refuse")
    assert next(m.who for m in ATTEMPT if (m.source, m.verb) == ("unknown", "declare_unsent")) == "finance"


@pytest.mark.parametrize(
    ("state", "status", "expected"),
    [
        ("open", Status.PROCESSING, ["take_up"]),
        ("unknown", Status.POSTED, ["take_up", "post"]),
        ("in_flight", Status.POSTED, ["post"]),
        ("in_flight", Status.RETURNED, ["post", "return"]),
        ("posted", Status.RETURNED, ["return"]),
        ("posted", Status.PROCESSING, []),
        ("posted", Status.POSTED, []),
        ("returned", Status.POSTED, []),
        ("failed", Status.PROCESSING, []),
        ("posted", Status.FAILED, []),
        ("stuck", Status.CANCELED, ["take_up", "cancel"]),
    ],
)
def test_news_only_ever_moves_an_attempt_forward(state: str, status: Status, expected: list[str]) -> None:
    assert steps(state, status) == expected


def test_a_changed_approval_is_not_paid() -> None:
    policy.check_digest("a", "a")
    with pytest.raises(policy.ApprovalChanged, match="new approval"):
        policy.check_digest("a", "b")


def test_who_wrote_it_down_does_not_check_it() -> None:
    one = staff(Role.FINANCE_APPROVER)
    with pytest.raises(policy.VerifierIsRecorder, match="colleague"):
        policy.check_verifier(one, one.id, authors=())
    assert policy.check_verifier(staff(Role.FINANCE_APPROVER), one.id, authors=())


def test_a_stand_in_and_whom_they_stand_for_are_one_to_check_a_payment() -> None:
    recorder, third = StaffId(uuid4()), StaffId(uuid4())
    finance = staff(Role.FINANCE_APPROVER)
    for by, recorded_for in (
        (replace(finance, stands_for=frozenset({recorder})), ()),
        (finance, (finance.id,)),
        (replace(finance, stands_for=frozenset({third})), (third,)),
    ):
        with pytest.raises(policy.VerifierIsRecorder, match="same person"):
            policy.check_verifier(by, recorder, recorded_for, authors=())
    assert policy.check_verifier(replace(finance, stands_for=frozenset({third})), recorder, authors=())


def test_who_wrote_the_request_checks_none_of_its_payments() -> None:
    recorder, author = StaffId(uuid4()), StaffId(uuid4())
    finance = staff(Role.FINANCE_RELEASER)
    for by, authors in (
        (finance, {finance.id}),
        (replace(finance, stands_for=frozenset({author})), {author}),
    ):
        with pytest.raises(policy.VerifierIsAuthor, match="another colleague"):
            policy.check_verifier(by, recorder, authors=authors)
    assert policy.check_verifier(finance, recorder, authors={author})


def test_the_system_and_case_managers_do_not_check_payments() -> None:
    with pytest.raises(policy.NotStaff):
        policy.check_verifier(System("reconcile"), uuid4(), authors=())
    with pytest.raises(NotAllowed):
        policy.check_verifier(staff(Role.CASE_MANAGER), uuid4(), authors=())
    with pytest.raises(policy.NotStaff):
        policy.check_recorder(System("disburse"))


def test_only_finance_decides_about_a_failed_payment() -> None:
    policy.check_decider(staff(Role.FINANCE_RELEASER))
    with pytest.raises(NotAllowed):
        policy.check_decider(staff(Role.CASE_MANAGER))


@pytest.mark.parametrize(
    ("instrument", "unit"),
    [
        (Instrument.CHECK, "night"),
        (Instrument.HOTEL_NIGHT, "cents"),
        (Instrument.AIRLINE_MILES, "night"),
        (Instrument.HOTEL_NIGHT, "mile"),
        (Instrument.CARD, "mile"),
    ],
)
def test_nights_are_given_as_nights_miles_as_miles_and_money_as_money(
    instrument: Instrument, unit: str
) -> None:
    with pytest.raises(policy.WrongInstrument):
        policy.check_instrument(instrument, unit)


@pytest.mark.parametrize(
    ("unit", "instruments"),
    [
        ("night", {Instrument.HOTEL_NIGHT}),
        ("mile", {Instrument.AIRLINE_MILES}),
        ("cents", {Instrument.CHECK, Instrument.VOUCHER, Instrument.VENDOR_PAYMENT, Instrument.CARD}),
    ],
)
def test_each_unit_has_its_own_ways_to_be_paid(unit: str, instruments: set[Instrument]) -> None:
    assert set(policy.instruments_for(unit)) == instruments
    for instrument in instruments:
        policy.check_instrument(instrument, unit)


def test_what_the_release_obligated_is_bound_and_what_it_left_waits_for_the_entry() -> None:
    assert not policy.binds_at_entry(100, reserved=50, obligated=100)
    assert policy.binds_at_entry(100, reserved=150, obligated=0)
    for reserved, obligated in ((0, 99), (99, 0), (99, 99), (0, 0)):
        with pytest.raises(policy.NotObligated):
            policy.binds_at_entry(100, reserved=reserved, obligated=obligated)


def test_the_same_key_is_sent_again_for_twelve_hours_and_ever_more_slowly() -> None:
    policy.check_may_resend(NOW - timedelta(hours=11), NOW)
    with pytest.raises(policy.UnknownTooLong):
        policy.check_may_resend(NOW - timedelta(hours=13), NOW)
    waits = [policy.try_after(tries, NOW) - NOW for tries in range(1, 12)]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(minutes=5)


def test_a_call_in_progress_is_left_alone_until_it_must_be_dead() -> None:
    with pytest.raises(policy.BeingSent):
        policy.check_not_calling(NOW - timedelta(seconds=30), NOW)
    policy.check_not_calling(NOW - timedelta(minutes=3), NOW)
    policy.check_not_calling(None, NOW)
