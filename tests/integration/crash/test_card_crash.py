"""Wherever the worker or the answering door dies: one card, one answer that counts, one payment, one refund.

The stories are drawn from the whole by a fixed seed; `make fuzz-payments` tells the others.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from tests.integration.crash.card_story import Trip, one_trip
from tests.integration.crash.card_street import CardPlot
from tests.integration.crash.matrix import a_few_cards
from tests.lasting import lasting_database
from tests.town import built

SEED = 10  # among them a cardholder that Stripe goes on refusing under its first key
# These many at least, whatever else the worker finds to do.
FEWEST_PLACES = 40


@pytest.fixture(scope="module")
def trip(
    server: Urls,
    administrator: sa.Engine,
    settled_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Trip]:
    folder = tmp_path_factory.mktemp("card-crash")
    with (
        lasting_database(server, administrator, settled_template) as db,
        built(db, folder) as town,
        one_trip(town, administrator, folder) as trip,
    ):
        yield trip


@pytest.mark.parametrize("plot", a_few_cards(FEWEST_PLACES, seed=SEED, count=3), ids=str)
def test_the_trip_has_one_card_and_each_charge_is_posted_once(trip: Trip, plot: CardPlot) -> None:
    trip.tell(plot)
