"""Wherever the worker dies, whatever Stripe's answer was and however its events come: paid exactly once.

The stories are drawn from the whole of `matrix.py` by a fixed seed; `make fuzz-payments` tells the others.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from tests.integration.crash.matrix import a_few
from tests.integration.crash.story import Plot, Stage, staged
from tests.integration.payment_world import superuser_of
from tests.lasting import lasting_database

SEED = 7
# What the worker does is not always passed in the same steps: these many at least, whoever else is busy.
FEWEST_PLACES = 24


@pytest.fixture(scope="module")
def stage(
    server: Urls, administrator: sa.Engine, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with lasting_database(server, administrator, template) as db:
        name = sa.make_url(db.url).database or ""
        with staged(db, superuser_of(server.superuser, name), tmp_path_factory.mktemp("crash")) as stage:
            yield stage


def test_a_worker_that_lives_passes_every_kind_of_place(stage: Stage) -> None:
    passed = stage.tell(Plot()).passed
    assert len(passed) >= FEWEST_PLACES
    assert {place.split(" /")[0] for place in passed} == {
        "before a commit",
        "after a commit",
        *(f"{when} {call}" for when in ("before", "during", "after") for call in ("GET", "POST")),
    }


@pytest.mark.parametrize("plot", a_few(FEWEST_PLACES, seed=SEED, count=16), ids=str)
def test_it_is_paid_once_and_the_books_balance(stage: Stage, plot: Plot) -> None:
    stage.tell(plot)


def test_after_all_of_them_stripe_the_ledger_and_every_rule_agree(stage: Stage) -> None:
    stage.tell(Plot("lose_response", events="late"))
    stage.books_agree()
