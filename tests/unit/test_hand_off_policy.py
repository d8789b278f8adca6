"""Who is a recipient a consent names, when somebody asks again, and what is written down."""

from __future__ import annotations

from datetime import date

import pytest

from reunify.consent.policy import RecipientKind
from reunify.eligibility import hand_off_policy as policy
from reunify.rates.fields import Words

HOME_FREE = policy.names_of(
    "home_free",
    "Home Free (National Runaway Safeline and Greyhound)",
    Words("Free bus ticket home", "Boleto de autobús gratis a casa"),
)


@pytest.mark.parametrize(
    ("recipient", "named"),
    [
        ("Home Free", True),
        ("  home  FREE ", True),
        ("Home Free (National Runaway Safeline and Greyhound)", True),
        ("Boleto de autobús gratis a casa", True),
        ("Greyhound", False),
        ("Home Freed", False),
    ],
)
def test_a_consent_for_one_recipient_says_nothing_of_another(recipient: str, named: bool) -> None:
    assert policy.names_recipient(RecipientKind.PARTNER, recipient, HOME_FREE) is named


@pytest.mark.parametrize(
    ("kind", "counts"),
    [(kind, kind.value in ("agency", "partner", "funder")) for kind in sorted(RecipientKind)],
)
def test_a_consent_for_stripe_or_an_airline_is_none_for_a_source(kind: RecipientKind, counts: bool) -> None:
    assert policy.names_recipient(kind, "Home Free", HOME_FREE) is counts


def test_where_a_child_travels_one_consent_is_about_the_child() -> None:
    policy.check_named(["mother", "child"], ["child"], "Home Free")
    policy.check_named(["mother"], [], "Home Free")
    for about, children in ([], []), (["mother"], ["child"]):
        with pytest.raises(policy.NobodyNamed):
            policy.check_named(about, children, "Home Free")


def test_the_day_to_ask_again_is_the_cards() -> None:
    assert policy.follow_up_on(1, date(2026, 12, 31)) == date(2027, 1, 1)
    assert policy.follow_up_on(0, date(2026, 12, 31)) is None


@pytest.mark.parametrize(
    ("written", "stands"), [("1234", False), ("12345", True), ("x" * 2_000, True), ("x" * 2_001, False)]
)
def test_what_was_told_is_a_sentence_of_plain_text(written: str, stands: bool) -> None:
    if stands:
        assert policy.check_text(written, field="/told") == written
        return
    with pytest.raises(policy.SayMore) as why:
        policy.check_text(written, field="/told")
    assert why.value.field == "/told"


def test_a_hand_off_ends_in_one_of_three_ways() -> None:
    assert [policy.outcome_of(o.value) for o in policy.BecameOfIt] == list(policy.BecameOfIt)
    with pytest.raises(policy.NoSuchOutcome, match="helped, did_not, no_answer"):
        policy.outcome_of("maybe")
