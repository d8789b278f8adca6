"""Wherever the worker dies, whatever Stripe's answer was and however its events come: paid exactly once.

The stories are drawn from the whole of `matrix.py` by a fixed seed; `make fuzz-payments` tells the others.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from tests.integration.crash.matrix import a_few, a_few_at_once
from tests.integration.crash.several import Several
from tests.integration.crash.story import Plot, Stage, staged
from tests.integration.payment_world import superuser_of
from tests.lasting import lasting_database

SEED = 7
# What the worker does is not always passed in the same steps: these many at least, whoever else is busy.
FEWEST_PLACES = 24
# Of three payments under one commit: frozen and none asked for; all answered and nothing written down; and,
# with all calls on their way, one of them answered.
OF_SEVERAL = (12, 22, 15)


@pytest.fixture(scope="module")
def stage(
    server: Urls, administrator: sa.Engine, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with lasting_database(server, administrator, template) as db:
        name = sa.make_url(db.url).database or ""
        with staged(db, superuser_of(server.superuser, name), tmp_path_factory.mktemp("crash")) as stage:
            yield stage


@pytest.mark.parametrize("plot", a_few(FEWEST_PLACES, seed=SEED, count=15), ids=str)
def test_it_is_paid_once_and_the_books_balance(stage: Stage, plot: Plot) -> None:
    stage.tell(plot)


@pytest.mark.parametrize("plot", a_few_at_once(seed=SEED, places=OF_SEVERAL), ids=str)
def test_of_several_under_one_commit_each_is_paid_once_or_refused(stage: Stage, plot: Plot) -> None:
    stage.tell(plot, Several)


def test_a_worker_that_lives_passes_every_kind_of_place_and_after_all_of_them_every_rule_agrees(
    stage: Stage,
) -> None:
    """Stripe, the ledger and the rules over all tables, for everything told before."""
    passed = stage.tell(Plot("lose_response", events="late")).passed
    assert len(passed) >= FEWEST_PLACES
    assert {place.split(" /")[0] for place in passed} == {
        "before a commit",
        "after a commit",
        *(f"{when} {call}" for when in ("before", "during", "after") for call in ("GET", "POST")),
    }
    stage.books_agree()
