"""Payment moves in an order of their own, by three people and Stripe, through the real verbs on PostgreSQL.

Beside each history goes the dual-control model: what it lets through happens, what it does not is refused and
changes nothing, and after each move both say the same of the payment, its attempts, its papers and its money.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from reunify.approval import policy as approval
from reunify.db import Database
from reunify.disbursement import (
    actions,
    attempts,
    logging_ends,
    logging_payments,
    policy,
    reapproving,
    sending,
    unsent,
)
from reunify.disbursement.logging_policy import Ended
from reunify.disbursement.outcomes import (
    TOO_LITTLE_MONEY,
    Known,
    Misused,
    NotSent,
    Outcome,
    Payment,
    Status,
    Unclear,
)
from reunify.disbursement.reapproval_policy import BankChanged
from reunify.intake.form import Settlement
from reunify.kernel.ids import AttemptId, AwardId
from reunify.kernel.money import Money
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import Refused
from reunify.sandbox.stripe_simulator.shapes import FINANCIAL_ACCOUNT
from tests.integration.crash.silent import Silent, bank_called
from tests.integration.payment_world import FLOW, KEY, World, here
from tests.proofs import by_message
from tests.unit import dual_model_payment as model
from tests.unit.dual_model import moves, way_to, wrong
from tests.unit.dual_model_now import Now, Scope, Step

PEOPLE = ("ana", "ben", "carla")
# Whoever wrote the request is Ana, here.
FAR = Scope(PEOPLE, changers=("ana",), changes=1, attempts=3, banks=1, logs=3)
# Released by two people, and instructed.
RELEASED = Now(FAR, award="released", approved_as=0, instructed_as=0, instruction="ready")
CENTS = 4_200
ENDS = ("change", "withdraw")
EVERY = {*model.BY_PEOPLE, *model.BY_ITSELF} - {"instruct"}
LOOKED_AT = 800  # states, for a way to what was not done yet
# A person judges a lost attempt after so long.
LOST = policy.RESEND_FOR + timedelta(hours=1)
HEARD: dict[str, Outcome | Status] = {
    "lose": Unclear("timeout"),
    "jam": Misused("idempotency_error"),
    "refuse": NotSent("payout_method_declined"),
    "find no money": NotSent(TOO_LITTLE_MONEY),
    "take up": Status.PROCESSING,
    "post": Status.POSTED,
    "fail": Status.FAILED,
    "cancel": Status.CANCELED,
    "return": Status.RETURNED,
}


@dataclass
class Seen:
    """What many histories did, and were refused."""

    let_through: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


@dataclass
class History:
    """One payment, told step by step in the world and in the model."""

    world: World
    gateway: Silent
    chance: random.Random
    seen: Seen
    now: Now = RELEASED
    told: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        world = self.world
        world.award = AwardId(uuid4())
        line = world.line("mother", Settlement.ADVANCE, CENTS)
        self.hold = line.hold
        (self.instruction,) = world.instruct(line)
        self.gateway.bank = 0
        sending.ensure_recipient(
            world.db, self.gateway, instruction_id=self.instruction, by=FLOW, clock=world.clock
        )

    def tell(self, steps: int) -> None:
        """The nearest way to what no history did so far, then as it comes; before each step, what the model
        refuses is tried too."""
        ahead: list[tuple[Step, Now]] = []
        for _ in range(steps):
            ways = defaultdict(list)
            for step, there in moves(self.now):
                ways[step[0]].append((step, there))
            self._try_refused({step for found in ways.values() for step, _ in found})
            likely = [verb for verb in sorted(ways) for _ in range(1 if verb in ENDS else 4)]
            if not likely:
                return
            ahead = ahead or way_to(self.now, EVERY - self._done(), looked_at=LOOKED_AT)
            step, self.now = ahead.pop(0) if ahead else self.chance.choice(ways[self.chance.choice(likely)])
            self.told.append(step)
            try:
                self._do(step)
            except Refused as refused:
                if not (step[0] == "send" and isinstance(refused, BankChanged)):
                    raise AssertionError(f"{refused!r} after {self.told}") from refused
            self.seen.let_through[step[0]] += 1
            self._agree()

    def follow(self, verbs: Sequence[str]) -> None:
        for verb in verbs:
            step, self.now = next(way for way in moves(self.now) if way[0][0] == verb)
            self._do(step)
            self._agree()

    def _try_refused(self, allowed: set[Step]) -> None:
        every = [(verb, name) for verb in sorted(model.BY_PEOPLE) for name in PEOPLE]
        refused = [step for step in every if step not in allowed]
        others_may = {verb for verb, _ in allowed}
        near = [step for step in refused if step[0] in others_may]  # the verb is right, the person is not
        for step in near or [self.chance.choice(refused)]:
            if step[0] == "record" and self.now.logs >= FAR.logs:
                continue  # the model's own end
            try:
                self._do(step)
            except Refused as said:
                self.seen.refused[type(said).__name__] += 1
            else:
                raise AssertionError(f"{step} was let through after {self.told}")
            self._agree()

    def _done(self) -> set[str]:
        """Approved anew is only what a second person has said too."""
        return {verb for verb, times in self.seen.let_through.items() if times > (verb == "approve anew")}

    # the verbs --------------------------------------------------------------------------------------
    def _do(self, step: Step) -> None:
        verb, name = step
        if verb in HEARD:
            self._hear(verb)
        elif verb == "send":
            sending.send(
                self.world.db,
                self.gateway,
                instruction_id=self.instruction,
                standing_digest=self._stands,
                by=FLOW,
                clock=self.world.clock,
            )
        elif verb == "move bank":
            self.gateway.bank += 1
        elif verb != "change":
            self._decide(verb, self._person(name))

    def _decide(self, verb: str, by: Staff) -> None:
        clock, id_ = self.world.clock, self.instruction
        if verb == "declare unsent":
            clock.later += LOST
        now = clock()
        said: dict[str, Any] = {"instruction_id": id_, "by": by, "now": now}
        with self.world.db.work() as session:
            match verb:
                case "try_again":
                    actions.try_again(session, **said)
                case "withdraw":
                    actions.withdraw(session, **said)
                case "pay_otherwise":
                    actions.pay_otherwise(session, why="They have no account any more.", **said)
                case "declare unsent":
                    unsent.declare_newest_unsent(session, why="Stripe has none.", **said)
                case "approve anew":
                    reapproving.approve(session, **said)
                case "record":
                    logging_payments.record_logged(
                        session,
                        instrument=policy.Instrument.CHECK,
                        external_reference="1042",
                        paid_on=here(self.world),
                        evidence_note=None,
                        standing_digest=self._stands,
                        **said,
                    )
                    by_message(session, id_, by=by, now=now)
                case "verify":
                    logging_payments.verify_logged(session, **said)
                case "void":
                    logging_payments.void_logged(session, why="Another check.", **said)
                case "stop":
                    day = here(self.world)
                    logging_ends.stop_logged(
                        session, ended=Ended.CAME_BACK, ended_on=day, why="Unused.", **said
                    )
                case _:
                    raise AssertionError(verb)

    def _hear(self, verb: str) -> None:
        newest, said = self.world.attempts(self.instruction)[-1], HEARD[verb]
        if isinstance(said, Status):
            bank = bank_called(self.gateway.bank)
            said = Known(
                Payment(f"obp_{newest.id}", said, Money(CENTS), self.instruction, payout_method=bank)
            )
        id_, now = AttemptId(newest.id), self.world.clock()
        with self.world.db.work() as session:
            attempts.record_outcome(session, attempt_id=id_, outcome=said, by=FLOW, now=now)

    def _stands(self, *_: object) -> str:
        approval.check_newest(assessed=self.now.checked, newest=self.now.newest)
        return self.world.digest

    def _person(self, name: str) -> Staff:
        return Staff(self.world.staff[name].id, name, frozenset(Role))

    # what must be true ------------------------------------------------------------------------------
    def _agree(self) -> None:
        """The tables say what the model says, and nothing of it is wrong."""
        now = self.now
        tried = tuple((state, None if bank is None else bank_called(bank)) for state, bank in now.attempts)
        spent = now.instruction == "settled"
        held = CENTS if now.instruction not in ("settled", "withdrawn") else 0
        expected = (now.instruction, tried, now.logged, (held, CENTS if spent else 0))
        assert _stand(self.world.db, self) == expected, self.told
        assert wrong(now) == [], self.told


def _stand(db: Database, of: History) -> tuple[object, ...]:
    """As `_agree` expects it: the payment, each attempt with its bank, the newest paper, and its money."""
    with db.read() as session:
        said = session.execute(
            sa.text(
                "SELECT i.state, coalesce((SELECT l.state FROM logged_payments l "
                "WHERE l.instruction_id = i.id ORDER BY l.recorded_at DESC LIMIT 1), '(new)') AS logged, "
                "h.obligated, h.expended "
                "FROM instructions i JOIN ledger_holds h ON h.id = :hold WHERE i.id = :id"
            ),
            {"id": of.instruction, "hold": of.hold},
        ).one()
        tried = session.execute(
            sa.text("SELECT state, payout_method FROM attempts WHERE instruction_id = :id ORDER BY number"),
            {"id": of.instruction},
        )
        found = tuple((state, bank) for state, bank in tried)
    return said.state, found, said.logged, (said.obligated, said.expended)


def told(world: World, *, seed: int, histories: int, steps: int, seen: Seen | None = None) -> Seen:
    """So many histories, in an order that the seed decides; `seen`: what others did before."""
    seen = seen or Seen()
    gateway = Silent(key=KEY, financial_account=FINANCIAL_ACCOUNT, base="http://127.0.0.1:9")
    for number in range(histories):
        try:
            History(world, gateway, random.Random(f"{seed} {number}"), seen).tell(steps)
        except AssertionError as broken:
            raise AssertionError(f"history {number} of seed {seed}: {broken}") from broken
    gateway.close()
    return seen


def one_payment(world: World, verbs: Sequence[str]) -> None:
    """One payment that goes this way, by whoever may."""
    gateway = Silent(key=KEY, financial_account=FINANCIAL_ACCOUNT, base="http://127.0.0.1:9")
    History(world, gateway, random.Random(0), Seen()).follow(verbs)
    gateway.close()
