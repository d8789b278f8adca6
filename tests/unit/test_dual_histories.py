"""Every history of approval and payment moves over a few people: none in which one person asked, approved and
released, none where a changed payee, amount or bank account was paid on the old approval.

All of them hold every role, so that only the rules over one award and one payment keep them apart. Each scope
goes far in one direction: by day and anew at another bank, on paper, by stand-ins, inside an envelope.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import pytest

from reunify.approval import envelope_policy as night
from reunify.approval import policy as approval
from reunify.disbursement import policy as payment
from reunify.disbursement import reapproval_policy as anew
from reunify.kernel.moves import START
from tests.unit import dual_model_now as model
from tests.unit.dual_model import moves, wrong
from tests.unit.dual_model_now import Now, Scope, Step

History = tuple[Step, ...]
FOUR = ("ana", "ben", "carla", "dora")
STARTS = {
    "by day": Now(Scope(attempts=2, banks=1, logs=1)),
    "on paper": Now(Scope(attempts=1, logs=2)),
    "stand-ins, at Stripe": Now(Scope(loans=1, changes=0, attempts=2, banks=1, logs=0)),
    "stand-ins, on paper": Now(Scope(loans=1, attempts=0, logs=1)),
    "at night": Now(Scope(FOUR, changes=0, attempts=0, logs=0, night=True), award=START),
    "stand-ins, at night": Now(
        Scope(model.NAMES, changes=0, attempts=0, logs=0, loans=1, night=True),
        award=START,
        envelope="in_force",
        first_signer="carla",
        signers=frozenset({"carla", "dora"}),
    ),
}


@dataclass
class Explored:
    """Every state that can be come to, with a shortest history of it; every verb that was let through; and a
    shortest history of each thing wrong."""

    known: dict[Now, History]
    told: set[str] = field(default_factory=set)
    broken: dict[str, History] = field(default_factory=dict)


def explored(start: Now, *, until: str = "") -> Explored:
    """Breadth first.

    `until`: no further than the first history of this.
    """
    found, waiting = Explored({start: ()}), deque([start])
    while waiting and until not in found.broken:
        here = waiting.popleft()
        for step, there in moves(here):
            found.told.add(step[0])
            if there in found.known:
                continue
            found.known[there] = (*found.known[here], step)
            for words in wrong(there):
                found.broken.setdefault(words, found.known[there])
            waiting.append(there)
    return found


@pytest.mark.asvs("2.3.5")
def test_no_history_lets_one_person_do_it_alone_or_pays_what_nobody_approved() -> None:
    told, ends, pairs, alone = set[str](), set[str](), set[tuple[str | None, str | None]](), set[str]()
    for name, start in STARTS.items():
        found = explored(start)
        assert found.broken == {}, name
        known, told = found.known, told | found.told
        ends |= {now.instruction for now in known}
        pairs |= {(now.approver, now.releaser) for now in known if name == "by day" and now.releaser}
        alone |= {f"{now.releaser}, {now.review}" for now in known if now.alone}
        paid_anew = [now for now in known if any(bank == 1 for _, bank in now.attempts[1:])]
        assert bool(paid_anew) == bool(start.scope.banks), name
    assert told >= {"change", "check again", "return", "try_again", "record", "stop", "void", "approve anew"}
    assert told >= {"jam", "declare unsent", "move bank", "lend to carla", "end the loan", "close", "bear"}
    assert ends >= {"settled", "failed", "returned", "recorded", "withdrawn", "to_log"}
    # By every pair that may, and always by two; alone only whoever is on call inside an open envelope.
    assert pairs == {("ben", "carla"), ("carla", "ben")}
    assert alone == {f"{model.ON_CALL}, {review}" for review in ("due", "agreed", "refused", "borne")}


PERSON = object()  # whoever asks is let through
# Each rule away by itself, where it matters, and the history that it alone prevents.
HOLES: dict[str, tuple[Any, str, object, str, str]] = {
    "no author decides": (approval, "_check_no_author", None, "by day", model.TWO_PARTS),
    "two finance people": (approval, "check_can_release", None, "by day", model.ONE_PERSON),
    "the newest version, and the digest": (approval, "check_newest", None, "by day", model.OLD_APPROVAL),
    "another bank is approved anew": (anew, "check_bank", None, "by day", model.OTHER_BANK),
    "anew by two": (anew, "check_approver", PERSON, "by day", model.ONE_ANEW),
    "anew by no author": (anew, "check_approver", PERSON, "stand-ins, at Stripe", model.OWN_ANEW),
    "recorder and verifier": (payment, "check_verifier", PERSON, "on paper", model.ONE_VERIFIED),
    "no author verifies": (payment, "check_verifier", PERSON, "stand-ins, on paper", model.OWN_VERIFIED),
    "a stand-in is no second person": (
        approval,
        "one_person",
        False,
        "stand-ins, on paper",
        model.ONE_PERSON,
    ),
    "an envelope has two signatures": (night, "check_second", PERSON, "at night", model.ONE_SIGNED),
    "alone only on call, inside": (night, "why_not_alone", None, "at night", model.ONE_PERSON),
    "a third person reviews": (night, "check_reviewer", PERSON, "stand-ins, at night", model.OWN_REVIEW),
}


@pytest.mark.parametrize("rule", sorted(HOLES))
def test_without_a_rule_the_histories_it_prevents_are_found(
    monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    room, name, gives, where, words = HOLES[rule]
    monkeypatch.setattr(room, name, lambda *said, **_: said[0] if gives is PERSON else gives)
    assert words in explored(STARTS[where], until=words).broken
