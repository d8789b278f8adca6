"""Whatever is done, in whatever order, alone or at once: the books agree with a plain model.

`make fuzz-ledger` looks for longer, each time elsewhere.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from itertools import permutations
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from reunify.adapters.embedded_postgres import Urls
from reunify.kernel.refusals import Refused
from reunify.ledger import actions as ledger
from reunify.ledger import periods, queries
from reunify.ledger.actions import CostMove
from reunify.ledger.policy import Cash, Scope, Unit
from tests.integration.ledger_acts import AUTHORIZED, DRAWN, KEYS, KINDS, Acts, Wish
from tests.integration.ledger_model import FAMILY_CAP, TRIPS_CAP, Act, Model
from tests.integration.ledger_world import TRANSPORT, Books, faults, open_books
from tests.lasting import lasting_database

FUZZ = int(os.environ.get("REUNIFY_FUZZ", "0"))  # how many histories, each time others
HOW_LONG = settings(
    max_examples=FUZZ or 5,
    stateful_step_count=60 if FUZZ else 25,
    derandomize=not FUZZ,
    database=None,
    phases=list(Phase) if FUZZ else [Phase.generate],
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
WISHES = st.builds(
    Wish,
    st.sampled_from(DRAWN),
    st.integers(0, 40),
    st.integers(0, len(KEYS) - 1),
    st.integers(0, 2),
    st.booleans(),
)


class Machine(RuleBasedStateMachine):
    """One database for each history."""

    opened: ClassVar[Callable[[], AbstractContextManager[Books]]]
    seen: ClassVar[Counter[tuple[str, bool]]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self._open = type(self).opened()
        self.books = self._open.__enter__()
        self.model = Model(dict(AUTHORIZED))
        self.last: Act | None = None
        with self.books.db.work() as session:
            family = self._cap(session, "cash", Scope.FAMILY, FAMILY_CAP)
            self.trips = {
                code: self._cap(session, code, Scope.LIFETIME, TRIPS_CAP) for code in ("cash", "gift")
            }
        self.acts = Acts(self.books, family, self.trips)

    def _cap(self, session: sa.orm.Session, code: str, scope: Scope, at_most: int) -> UUID:
        fund = self.books.funds[code]
        return ledger.set_cap(
            session, fund_id=fund, scope=scope, scope_id="child", unit=Unit.CENTS, at_most=at_most
        )

    def teardown(self) -> None:
        self._open.__exit__(None, None, None)

    # What is done ------------------------------------------------------------------------------------
    @initialize()
    def begin(self) -> None:
        """Three lines, two of them obligated, one half paid; then a little of everything."""
        begun = [Wish("reserve", which, which, 0, yes=which == 0) for which in range(3)]
        begun += [Wish("obligate", 0, 0, 0, yes=True)] * 2
        begun += [Wish("expend", 0, 0, 1, yes=True)] * 2
        begun += [Wish(kind, 0, 3, 1, yes=True) for kind in KINDS if kind not in ("reserve", "obligate")]
        for wish in begun:
            self.one(wish)

    @rule(wish=WISHES)
    def one(self, wish: Wish) -> None:
        self._all_at_once([self.acts.of(self.model, self.books.now, wish)])

    @rule(wishes=st.lists(WISHES, min_size=2, max_size=3))
    def at_once(self, wishes: list[Wish]) -> None:
        """In sessions of their own: the outcome is that of one order or the other."""
        self._all_at_once([self.acts.of(self.model, self.books.now, wish) for wish in wishes])

    @rule()
    def again(self) -> None:
        """The act accepted last, with its reference: accepted, and nothing changes."""
        if self.last is not None:
            assert self._accepted(self.last, self.books.now)

    @rule(days=st.integers(1, 40))
    def close(self, days: int) -> None:
        """Time passes, and all that is over is closed. Nothing more is dated there."""
        self.books.now += timedelta(days)
        self.model.closed = self.books.now.date() - timedelta(1)
        self.books.close(self.model.closed.isoformat())
        move = CostMove(next(iter(self.model.lines)), uuid4(), self.books.funds["gift"], TRANSPORT, 1)
        with pytest.raises(Refused):
            self.books.transfer(move, day=self.model.closed)

    def _all_at_once(self, acts: list[Act]) -> None:
        """Do them in as many sessions, and take for the model the order that explains what came of them."""
        times = [self.books.now + timedelta(seconds=i + 1) for i in range(len(acts))]
        self.books.now = times[-1]
        if len(acts) == 1:
            came = [self._accepted(acts[0], times[0])]
        else:
            with ThreadPoolExecutor(len(acts)) as pool:
                came = list(pool.map(self._accepted, acts, times))
        for act, yes in zip(acts, came, strict=True):
            self.seen[act.name, yes] += 1
            self.last = act if yes else self.last
        shown = self._shown()
        explained = (
            after
            for order in permutations(range(len(acts)))
            if (after := self._after([(acts[i], came[i]) for i in order])) is not None
            and self._said(after) == shown
        )
        model = next(explained, None)
        assert model is not None, (
            f"no order explains {[(a.name, y) for a, y in zip(acts, came, strict=True)]}"
        )
        self.model = model

    def _after(self, acts: list[tuple[Act, bool]]) -> Model | None:
        model = self.model
        for act, came in acts:
            yes, model = act.on(model)
            if yes is not came:
                return None
        return model

    def _accepted(self, act: Act, at: datetime) -> bool:
        try:
            with self.books.db.work() as session:
                act.do(session, at)
        except Refused:
            return False
        return True

    # What must hold ------------------------------------------------------------------------------------
    def _shown(self) -> object:
        with self.books.db.read() as session:
            codes = {fund: code for code, fund in self.books.funds.items()}
            balances = {
                (codes[b.key.fund_id], b.key.budget_category): (
                    b.available,
                    b.reserved,
                    b.obligated,
                    b.expended,
                )
                for b in queries.balances(session)
                if b.key.unit is Unit.CENTS
            }
            cash = [queries.cash(session, account).cents for account in Cash]
            counted = queries.trips(session, self.trips.values())
        return balances, cash, {code: set(counted.get(cap, ())) for code, cap in self.trips.items()}

    def _said(self, model: Model) -> object:
        return (
            {key: model.shown(key) for key in KEYS},
            [model.sums.cash[account] for account in Cash],
            {code: model.trips(code) for code in self.trips},
        )

    @invariant()
    def every_rule_of_the_proof_holds(self) -> None:
        with self.books.db.read() as session:
            assert [str(f) for f in faults(session)] == []
            assert periods.closed_through(session) == self.model.closed


def test_the_books_agree_with_a_plain_model_after_every_step(
    server: Urls, administrator: sa.Engine, template: str, now: datetime
) -> None:
    @contextmanager
    def opened() -> Iterator[Books]:
        with lasting_database(server, administrator, template) as db:
            books = open_books(db, now)
            books.open("gift", {key[1]: cents for key, cents in AUTHORIZED.items() if key[0] == "gift"})
            yield books

    Machine.opened = staticmethod(opened)
    Machine.seen.clear()
    run_state_machine_as_test(Machine, settings=HOW_LONG)
    assert {kind for kind in KINDS if not Machine.seen[kind, True]} == set(), "never accepted"
    refused = {kind for kind, yes in Machine.seen if not yes}
    assert len(refused) > 3, "the histories must hold both yes and no"
