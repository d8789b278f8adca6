"""One award, one payment and a few people, as plain values: what each may do next, by the house's policies.

Nothing here decides: every move asks the table of moves and the checks that the verbs themselves ask. What
the model adds is memory of who did what, so that a whole history can be judged.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from reunify.kernel.moves import START
from reunify.kernel.refusals import Refused
from tests.unit import dual_model_award as award
from tests.unit import dual_model_now as model
from tests.unit import dual_model_payment as payment
from tests.unit.dual_model_now import Does, Now, Step


def moves(now: Now) -> Iterator[tuple[Step, Now]]:
    """Everything that is let through from here."""
    for name in now.scope.names:
        for verb, does in BY_PEOPLE.items():
            yield from _let_through((verb, name), does, now, name)
        if now.scope.night:
            for verb, does in award.AT_NIGHT.items():
                yield from _let_through((verb, name), does, now, name)
        if now.scope.loans:
            for other in now.scope.names:
                yield from _let_through((f"lend to {other}", name), model.lend_to(other), now, name)
    for verb, does_itself in BY_ITSELF.items():
        yield from _let_through((verb, ""), does_itself, now, "")


def _let_through(step: Step, does: Does, now: Now, name: str) -> Iterator[tuple[Step, Now]]:
    try:
        then = does(now, name)
    except Refused:
        return
    if then is not None and then != now:
        yield step, then


BY_PEOPLE = {**award.BY_PEOPLE, **payment.BY_PEOPLE}
BY_ITSELF = {**award.BY_ITSELF, **payment.BY_ITSELF, "end the loan": model.end_loan}


def wrong(now: Now) -> list[str]:
    """What no history may come to, in words; empty where all is well."""
    found = list(now.broken)
    if now.alone and now.review == START:
        found.append(model.UNREVIEWED)
    if payment.standing(now) > 1:
        found.append(model.TWICE)
    return found


def way_to(start: Now, verbs: set[str], *, looked_at: int) -> list[tuple[Step, Now]]:
    """The shortest way over one of these; none where none is among so many states from here."""
    before: dict[Now, tuple[Step, Now] | None] = {start: None}
    waiting = deque([start] if verbs else [])
    while waiting and len(before) < looked_at:
        here = waiting.popleft()
        for step, there in moves(here):
            if step[0] in verbs:
                way = [(step, there)]
                while (came := before[here]) is not None:
                    way.insert(0, (came[0], here))
                    here = came[1]
                return way
            if there not in before:
                before[there] = (step, here)
                waiting.append(there)
    return []
