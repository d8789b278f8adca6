"""Who must agree before anything is told, and that no permit exists without them."""

from __future__ import annotations

import inspect
import re
import typing
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import reunify
from reunify.consent import policy, wording
from reunify.consent.policy import (
    CUSTODIAN,
    STRIPE,
    Needed,
    NoConsentFor,
    NotAGiver,
    Parent,
    Permit,
    Recipient,
    RecipientKind,
    Standing,
    Told,
    needed_givers,
    permit_from,
)
from reunify.disbursement.ports import BankDetailsPage, PaymentGateway, PaymentOrder
from reunify.kernel.canonical import digest_of
from reunify.kernel.ids import RequestId

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
REQUEST = RequestId(uuid4())
HOTEL = Recipient(RecipientKind.PARTNER, "Sample Hotels Foundation")


def yes(giver: str, *, ends: timedelta = timedelta(days=30), revoked: datetime | None = None) -> Standing:
    return Standing(giver, "yes", NOW + ends, revoked)


def ask(given: list[Standing], needed: Needed, recipient: Recipient = STRIPE) -> Permit:
    return permit_from(
        given,
        needed,
        request=REQUEST,
        recipient=recipient,
        what=Told.PAYMENT_DETAILS,
        about="mother",
        now=NOW,
    )


# Who signs -------------------------------------------------------------------------------------------------
MOTHER, FATHER = Parent("mother", may_sign=True), Parent("father", may_sign=False)


@pytest.mark.parametrize(
    ("age", "parents", "needed"),
    [
        (18, [MOTHER], Needed(("child",))),
        (17, [MOTHER], Needed(("child",), ("mother",))),
        (12, [MOTHER], Needed(("child",), ("mother",))),
        (11, [MOTHER], Needed((), ("mother",))),
        (0, [MOTHER], Needed((), ("mother",))),
        (None, [MOTHER], Needed(("child",), ("mother",))),
        (15, [MOTHER, Parent("aunt", may_sign=True)], Needed(("child",), ("mother", "aunt"))),
        (15, [MOTHER, FATHER], Needed(("child",), ("mother",))),
        (15, [FATHER], Needed(("child",), (CUSTODIAN,))),
        (15, [], Needed(("child",), (CUSTODIAN,))),
        (4, [FATHER], Needed((), (CUSTODIAN,))),
    ],
)
def test_a_minor_and_a_parent_who_may_sign_are_both_needed(
    age: int | None, parents: list[Parent], needed: Needed
) -> None:
    assert needed_givers("child", is_child=True, age=age, parents=parents) == needed


def test_an_adult_signs_alone() -> None:
    assert needed_givers("mother", is_child=False, age=None, parents=[FATHER]) == Needed(("mother",))


def test_a_minor_the_law_lets_stand_alone_signs_alone() -> None:
    assert needed_givers("child", is_child=True, age=16, parents=[FATHER], alone=True) == Needed(("child",))


@pytest.mark.parametrize(
    ("suspected", "found_safe", "may"),
    [
        ("no", False, True),
        ("no", True, True),
        ("unknown", False, False),
        ("unknown", True, True),
        ("yes", False, False),
        ("yes", True, True),
    ],
)
def test_an_abuser_cannot_consent_and_unknown_is_not_no(
    suspected: policy.YesNoUnknown, found_safe: bool, may: bool
) -> None:
    calm: dict[str, Any] = {"protective_order": "no", "hidden_from": False, "found_safe": found_safe}
    assert policy.parent_may_sign(abuse_suspected=suspected, **calm) is may
    for fear in ({"protective_order": "yes"}, {"protective_order": "unknown"}, {"hidden_from": True}):
        assert policy.parent_may_sign(abuse_suspected=suspected, **calm | fear) is found_safe


def test_a_signature_that_is_not_needed_is_refused() -> None:
    with pytest.raises(NotAGiver):
        policy.check_giver("father", Needed(("child",), ("mother",)))


# Permits ---------------------------------------------------------------------------------------------------
BOTH = Needed(("child",), ("mother", "aunt"))


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ([], ("child", "mother", "aunt")),
        ([yes("child")], ("mother", "aunt")),
        ([yes("mother")], ("child",)),
        ([yes("father"), yes("child")], ("mother", "aunt")),
        ([yes("child"), Standing("mother", "no", None, None)], ("mother", "aunt")),
        ([yes("child"), yes("mother", revoked=NOW)], ("mother", "aunt")),
        ([yes("child"), yes("mother", ends=timedelta(0))], ("mother", "aunt")),
    ],
)
def test_no_permit_while_somebody_still_has_to_sign(given: list[Standing], missing: tuple[str, ...]) -> None:
    with pytest.raises(NoConsentFor) as refused:
        ask(given, BOTH, HOTEL)
    assert refused.value.missing == missing
    assert refused.value.recipient == HOTEL
    assert "Sample Hotels Foundation" in str(refused.value)


def test_what_became_of_the_consent_is_said_in_words() -> None:
    for given, said in (
        (yes("mother", revoked=NOW), "taken back"),
        (yes("mother", ends=timedelta(seconds=-1)), "time is over"),
        (Standing("mother", "no", None, None), "with no"),
    ):
        with pytest.raises(NoConsentFor, match=said):
            ask([given], Needed(("mother",)))


def test_a_permit_ends_with_the_consent_that_ends_first() -> None:
    made = ask(
        [yes("child", ends=timedelta(days=5)), yes("mother", ends=timedelta(days=9)), yes("aunt")], BOTH
    )
    assert made.until == NOW + timedelta(days=5)
    made = ask(
        [yes("child"), yes("mother", ends=timedelta(days=9)), yes("aunt", ends=timedelta(days=3))], BOTH
    )
    assert made.until == NOW + timedelta(days=9)


def test_nobody_to_sign_means_no_permit() -> None:
    with pytest.raises(NoConsentFor):
        ask([yes("mother")], Needed(()))


def test_a_permit_speaks_of_one_recipient_one_thing_and_one_request() -> None:
    made = ask([yes("mother")], Needed(("mother",)))
    said: dict[str, Any] = {"record": None, "request": REQUEST, "about": made.about}
    assert made.covers(STRIPE, Told.PAYMENT_DETAILS, **said)
    assert not made.covers(HOTEL, Told.PAYMENT_DETAILS, **said)
    assert not made.covers(STRIPE, Told.CASE_SUMMARY, **said)
    for other in ({"request": uuid4()}, {"about": "somebody-else"}, {"record": uuid4()}):
        assert not made.covers(STRIPE, Told.PAYMENT_DETAILS, **said | other)


def test_a_permit_is_never_written_by_hand() -> None:
    with pytest.raises(policy.PermitForged):
        Permit(REQUEST, STRIPE, Told.PAYMENT_DETAILS, "mother", NOW, object())


def test_only_the_consents_in_the_database_make_a_permit() -> None:
    """`permit_from` is called in one place, and the class is built in one place."""
    root = Path(reunify.__file__).parent
    said = {p.relative_to(root).as_posix(): p.read_text() for p in root.rglob("*.py")}
    makers = {name for name, text in said.items() if re.search(r"\bpermit_from\(", text)}
    assert makers == {"consent/policy.py", "consent/actions.py"}
    assert {n for n, text in said.items() if re.search(r"(?<!class )\bPermit\(", text)} == {
        "consent/policy.py"
    }
    assert {n for n, text in said.items() if "_MAKING" in text} == {"consent/policy.py"}


# What tells nothing of a payee: the bytes `prepare` froze under a permit, a look at what came of them or
# at the account that is there, and stopping it: that no consent could forbid.
TELLS_NOTHING_NEW = {"send", "look_up", "prepare", "bank_of", "cancel"}


@pytest.mark.parametrize("port", [PaymentGateway, BankDetailsPage])
def test_every_port_that_tells_of_a_payee_takes_a_permit(port: type) -> None:
    verbs = [f for name, f in inspect.getmembers(port, inspect.isfunction) if not name.startswith("_")]
    assert verbs
    for verb in verbs:
        hints = typing.get_type_hints(verb)
        needs = inspect.signature(verb).parameters.get("permit")
        if verb.__name__ in TELLS_NOTHING_NEW:
            continue
        assert hints.get("permit") is Permit, f"{verb.__name__} could be called without a consent"
        assert needs is not None
        assert needs.default is inspect.Parameter.empty
    assert typing.get_type_hints(PaymentOrder)["permit"] is Permit
    assert typing.get_type_hints(PaymentGateway.prepare)["order"] is PaymentOrder


# Ends, signatures, words -----------------------------------------------------------------------------------
@pytest.mark.parametrize("months", [0, 13, -1])
def test_a_consent_is_never_open_ended(months: int) -> None:
    with pytest.raises(policy.TooLong):
        policy.end_of(NOW, months)


def test_a_consent_ends_when_the_family_chose_and_within_a_year() -> None:
    assert policy.end_of(NOW, 3) == NOW + timedelta(days=90)
    assert policy.end_of(NOW, 12) == NOW + timedelta(days=365)


@pytest.mark.parametrize("name", ["", "  ", "Al", "\u00a0\u00a0"])
def test_a_signature_is_a_name(name: str) -> None:
    with pytest.raises(policy.NotSigned):
        policy.check_signed(name)


def test_the_words_of_a_version_never_change() -> None:
    """A changed word is a new version: write a new VERSION, and its hash here."""
    texts = [
        wording.sentences(recipient="R", what=what, about="A", language=language)
        for what, language in product(Told, ("en", "es"))
    ]
    assert (wording.VERSION, digest_of(texts)[:16]) == ("2026-11", "405b02e63951542e")
