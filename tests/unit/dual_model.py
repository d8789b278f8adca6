"""One award, one payment and three people, as plain values: what each may do next, by the house's policies.

Nothing here decides: every move asks the table of moves and the checks that the verbs themselves ask. What
the model adds is memory of who did what, so that a whole history can be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from reunify.approval import policy as approval
from reunify.disbursement import policy as payment
from reunify.kernel.ids import StaffId
from reunify.kernel.money import Money
from reunify.kernel.moves import START
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import Refused

NAMES = ("ana", "ben", "carla")
PEOPLE = {name: Staff(StaffId(UUID(int=n + 1)), name, frozenset(Role)) for n, name in enumerate(NAMES)}
NAME_OF = {person.id: name for name, person in PEOPLE.items()}
LIMIT, ABOVE = Money(150_000), Money(150_001)
MOST_CHANGES = 1
MOST_ATTEMPTS = 2


@dataclass(frozen=True)
class Now:
    """`newest`: how often payee or amount changed. `checked`: the version the award was made from.
    `approved_as`, `instructed_as`: what was approved, and what the payment was instructed from.
    """

    authors: frozenset[str]
    newest: int = 0
    checked: int = 0
    award: str = "awaiting_approval"
    approver: str | None = None
    approved_as: int | None = None
    releaser: str | None = None
    authors_then: frozenset[str] = frozenset()
    instruction: str = START
    instructed_as: int | None = None
    recorder: str | None = None
    verifier: str | None = None
    verified_own: bool = False  # somebody who asked, at that moment
    attempts: tuple[str, ...] = ()
    paid_as: int | None = None

    @property
    def author_ids(self) -> frozenset[StaffId]:
        return frozenset(PEOPLE[name].id for name in self.authors)


Step = tuple[str, str]  # the verb, and who ("" for the house and Stripe)
Does = Callable[[Now, str], Now | None]  # where it leads; None where it says nothing


def moves(now: Now) -> Iterator[tuple[Step, Now]]:
    """Everything that is let through from here."""
    for name in NAMES:
        for verb, does in _BY_PEOPLE.items():
            yield from _let_through((verb, name), does, now, name)
    for verb, does_itself in _BY_ITSELF.items():
        yield from _let_through((verb, ""), does_itself, now, "")


def _let_through(step: Step, does: Does, now: Now, name: str) -> Iterator[tuple[Step, Now]]:
    try:
        then = does(now, name)
    except Refused:
        return
    if then is not None and then != now:
        yield step, then


# The award --------------------------------------------------------------------------------------------
def _change(now: Now, name: str) -> Now | None:
    """Somebody changes a payee or an amount of the request."""
    if now.newest >= MOST_CHANGES:
        return None
    return replace(now, newest=now.newest + 1, authors=now.authors | {name})


def _approve(now: Now, name: str) -> Now:
    move = approval.AWARD_MOVES.check(now.award, "approve")
    approval.check_newest(assessed=now.checked, newest=now.newest)
    approval.check_can_approve(PEOPLE[name], authors=now.author_ids)
    return replace(now, award=move.target, approver=name, approved_as=now.checked)


def _release(now: Now, name: str) -> Now:
    move = approval.AWARD_MOVES.check(now.award, "release")
    assert now.approver is not None
    approval.check_newest(assessed=now.checked, newest=now.newest)
    approval.check_digest(str(now.approved_as), str(now.checked))
    approval.check_can_release(
        PEOPLE[name],
        authors=now.author_ids,
        approved_by=PEOPLE[now.approver].id,
        ceiling=ABOVE,
        small_limit=LIMIT,
    )
    return replace(now, award=move.target, releaser=name, authors_then=now.authors)


def _check_again(now: Now, _: str) -> Now | None:
    """The flow checks a changed request: the award that nobody released yet gives way to another."""
    if now.checked == now.newest:
        return None
    approval.AWARD_MOVES.check(now.award, "replace")
    opened = approval.AWARD_MOVES.check(START, "open").target
    return replace(now, checked=now.newest, award=opened, approver=None, approved_as=None)


# The payment ------------------------------------------------------------------------------------------
def _stands(now: Now) -> str:
    """As `approval.digest_to_pay` answers inside the paying transaction."""
    approval.check_newest(assessed=now.checked, newest=now.newest)
    return str(now.checked)


def _instruct(now: Now, _: str) -> Now | None:
    if now.award != "released" or now.instruction != START:
        return None
    payment.check_digest(str(now.approved_as), _stands(now))
    move = payment.INSTRUCTION.check(START, "instruct")
    return replace(now, instruction=move.target, instructed_as=now.approved_as)


def _send(now: Now, _: str) -> Now | None:
    if len(now.attempts) >= MOST_ATTEMPTS:
        return None
    payment.check_digest(str(now.instructed_as), _stands(now))
    move = payment.INSTRUCTION.check(now.instruction, "send")
    opened = payment.ATTEMPT.check(START, "open").target
    return replace(now, instruction=move.target, attempts=(*now.attempts, opened), paid_as=now.newest)


def _attempt(verb: str, then: str | None = None) -> Does:
    """What becomes of the newest attempt, and of its instruction with it."""

    def does(now: Now, name: str) -> Now | None:
        if not now.attempts:
            return None
        state = payment.ATTEMPT.check(now.attempts[-1], verb).target
        instruction = (
            now.instruction if then is None else payment.INSTRUCTION.check(now.instruction, then).target
        )
        return replace(now, attempts=(*now.attempts[:-1], state), instruction=instruction)

    return does


def _decide(verb: str) -> Does:
    def does(now: Now, name: str) -> Now:
        payment.check_decider(PEOPLE[name])
        move = payment.INSTRUCTION.check(now.instruction, verb)
        payment.check_nothing_flying(now.attempts)
        return replace(now, instruction=move.target)

    return does


def _record(now: Now, name: str) -> Now:
    payment.check_recorder(PEOPLE[name])
    payment.check_digest(str(now.instructed_as), _stands(now))
    move = payment.INSTRUCTION.check(now.instruction, "record")
    return replace(
        now, instruction=move.target, recorder=name, verifier=None, verified_own=False, paid_as=now.newest
    )


def _verify(now: Now, name: str) -> Now:
    move = payment.INSTRUCTION.check(now.instruction, "verify")
    assert now.recorder is not None
    payment.check_verifier(PEOPLE[name], PEOPLE[now.recorder].id, authors=now.author_ids)
    return replace(now, instruction=move.target, verifier=name, verified_own=name in now.authors)


def _void(now: Now, name: str) -> Now:
    payment.check_recorder(PEOPLE[name])
    move = payment.INSTRUCTION.check(now.instruction, "void")
    return replace(now, instruction=move.target)


_BY_PEOPLE: Mapping[str, Does] = {
    "change": _change,
    "approve": _approve,
    "release": _release,
    "record": _record,
    "verify": _verify,
    "void": _void,
    **{verb: _decide(verb) for verb in payment.DECISIONS},
}
_BY_ITSELF: Mapping[str, Does] = {
    "check again": _check_again,
    "instruct": _instruct,
    "send": _send,
    "lose": _attempt("lose"),
    "refuse": _attempt("refuse", "fail"),
    "take up": _attempt("take_up"),
    "post": _attempt("post", "settle"),
    "fail": _attempt("fail", "fail"),
    "return": _attempt("return", "return"),
}


# What must be true of every history ---------------------------------------------------------------------
def wrong(now: Now) -> list[str]:
    """What no history may come to, in words; empty where all is well."""
    found = []
    if now.award == "released":
        if now.approver == now.releaser:
            found.append("one person approved and released")
        if {now.approver, now.releaser} & now.authors_then:
            found.append("whoever asked also approved or released")
    if now.paid_as is not None:
        if now.award != "released":
            found.append("paid without a release")
        if now.paid_as != now.approved_as:
            found.append("a changed payee or amount was paid on the old approval")
    if now.verifier is not None:
        if now.verifier == now.recorder:
            found.append("one person recorded and verified")
        if now.verified_own:
            found.append("whoever asked also verified")
    if sum(state in payment.ALIVE or state == "posted" for state in now.attempts) > 1:
        found.append("two attempts that may both pay")
    return found
