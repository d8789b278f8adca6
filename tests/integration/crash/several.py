"""Three payments under one commit: one is refused, of one the answer is lost, one has no trouble."""

from __future__ import annotations

from itertools import product
from uuid import uuid4

from reunify.adapters.stripe_gateway import StripeGateway
from reunify.disbursement import sending, troubles
from reunify.intake.form import Settlement
from reunify.kernel.ids import AwardId, InstructionId
from reunify.ledger.policy import Cash
from tests.integration.crash.boundaries import make_mortal
from tests.integration.crash.story import EVENTS, PAYMENTS, Plot, Story
from tests.integration.payment_world import FLOW

AT_ONCE = 3
CALLS = ("calls in turn", "calls at once")
# Stripe has made the payment, and its sender does not hear so.
TROUBLES = {
    "one lost": ("error_500_after",),
    "one refused": ("refuse",),
    "both": ("refuse", "error_500_after"),
}


def lives() -> list[Plot]:
    """All that can be told of a worker that does not die. Events come into a call only in turn: whoever
    works on them then is one."""
    every = [Plot(t, calls, e) for t, calls, e in product(("none", *TROUBLES), CALLS, EVENTS)]
    return [one for one in every if (one.strikes, one.events) != (CALLS[1], "early")]


class Several(Story):
    """Of an award each, to somebody Stripe knows: nothing but the commits is shared."""

    def instructed(self) -> InstructionId:
        world = self.world
        self.instructions: list[InstructionId] = []
        for _ in range(AT_ONCE):
            world.award = AwardId(uuid4())
            line = world.line("mother", Settlement.ADVANCE, self.chance.randrange(100, 20_000))
            self.instructions += world.instruct(line)
        gateway, first = self.stage.gateway(), self.instructions[0]
        known = sending.ensure_recipient(world.db, gateway, instruction_id=first, by=FLOW, clock=world.clock)
        gateway.close()
        assert known
        return first

    def marks(self) -> set[str]:
        return {str(one) for one in self.instructions}

    def meet_trouble(self, gateway: StripeGateway) -> None:
        for fault in TROUBLES.get(self.plot.trouble, ()):
            self.stage.simulator.faults.order(fault, path=PAYMENTS, code="invalid_payout_method")
        make_mortal(
            gateway,
            self.trace,
            in_use=None,
            answered=self.answered,
            in_turn=self.plot.strikes == CALLS[0],
        )

    def states(self) -> list[str]:
        """Of every attempt there is."""
        return [a.state for one in self.instructions for a in self.world.attempts(one)]

    def flies(self) -> bool:
        found = self.states()
        return len(found) == AT_ONCE and not {"open", "unknown"} & set(found)

    def rests(self) -> bool:
        return len(self.states()) == AT_ONCE and set(self.states()) <= {"posted", "failed"}

    def holds(self) -> None:
        """Each has one attempt, and one payment unless Stripe refused it: of that one a person is asked. The
        money is where it belongs."""
        self.stage.simulator.faults.clear()
        made = {p["metadata"]["reunify_disbursement"]: p for p in self.payments()}
        assert len(self.payments()) == len(made), self.plot
        with self.world.db.read() as session:
            asked = {i.id for i, _ in troubles.need_person(session, now=self.world.clock(), limit=10_000)}
        refused = set()
        for one in self.instructions:
            (attempt,) = self.world.attempts(one)
            payment, state = made.get(str(one)), self.world.instruction(one).state
            if payment is None:
                refused.add(one)
                assert (state, attempt.state, attempt.payment) == ("failed", "failed", None), self.plot
            else:
                assert (state, attempt.state, payment["status"]) == ("settled", "posted", "posted"), self.plot
                assert attempt.payment == payment["id"]
        assert asked & set(self.instructions) == refused
        is_refused = "refuse" in TROUBLES.get(self.plot.trouble, ())
        assert len(refused) <= is_refused, self.plot
        assert self.plot.dies_at is not None or len(refused) == is_refused, self.plot
        held = self.stage.simulator.bank.financial_account()["balance"]["available"]["usd"]["value"]
        assert self.world.cash(Cash.STRIPE) == held, self.plot
