"""The two accounts at Stripe, and what nobody can explain yet."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
from pytest_bdd import then, when

from flows import reconcile
from reunify.ledger.policy import Cash
from reunify.reconciliation import cases, proofs, suspense, suspense_queries
from reunify.reconciliation.suspense_queries import Item
from reunify.sandbox.people import known_as
from tests.bdd.card_steps import her_seat, pays, writes_down

TOPPED_UP = 25_000


@when("the desk pays with the card and writes down no ticket")
def pays_alone(story: Any) -> None:
    assert pays(story, her_seat(story)["ceiling_cents"])
    _sweeps(story)


@then("the charge lies in suspense, and finance as a whole is to explain it")
def in_suspense(story: Any) -> None:
    (item,) = _held(story)
    assert (item.cash, item.left.cents, item.owner) == (Cash.CARD, her_seat(story)["ceiling_cents"], None)


@when("finance gives the charge to Ben")
def given_to_ben(story: Any) -> None:
    house, (item,) = story.town.house, _held(story)
    with house.db.work() as session:
        ben = known_as(session, "ben")
        assert ben.id in dict(cases.may_own(session))
        suspense.assign(session, item_id=item.id, to=ben.id, by=ben, now=house.now())
    (item,) = _held(story)
    assert item.owner == ben.id


@when("the ticket of that price is written down")
def explained(story: Any) -> None:
    writes_down(story, her_seat(story), her_seat(story)["ceiling_cents"])


@then("nothing lies in suspense")
def nothing_in_suspense(story: Any) -> None:
    assert _held(story) == []


@when("the cards' balance is topped up from the bank")
def topped_up(story: Any) -> None:
    order = {"account": "card", "cents": TOPPED_UP}
    httpx.post(f"{story.town.stripe_url}/_control/topups", json=order).raise_for_status()


@then("both accounts are proved, and nothing differs")
def both_proved(story: Any) -> None:
    _sweeps(story)
    with story.town.house.db.read() as session:
        proved = proofs.last(session)
    now = story.town.clock()
    assert {(p.account, p.at, p.differences) for p in proved.values()} == {
        (Cash.STRIPE, now, 0),
        (Cash.CARD, now, 0),
    }


def _held(story: Any) -> list[Item]:
    with story.town.house.db.read() as session:
        return suspense_queries.open_items(session, now=story.town.clock())


def _sweeps(story: Any) -> None:
    """A worker that starts looks at once: what happened at Stripe, then both proofs."""
    story.town.clock.at += timedelta(minutes=6)
    story.town.work()
    for work in reconcile.works(story.town.house):
        work.run(work.find(story.town.house.db, 100), None)
