"""Every history of approval and payment moves over three people: none in which one person asked, approved and
released, none where a changed payee or amount was paid on the old approval.

All three hold every role, so that only the rules over one award and one payment keep them apart.
"""

from __future__ import annotations

from collections import deque

import pytest

from reunify.approval import policy as approval
from reunify.disbursement import policy as payment
from tests.unit.dual_model import Now, Step, moves, wrong

History = tuple[Step, ...]


def explored() -> tuple[dict[Now, History], dict[str, History]]:
    """Every state that can be come to, with a shortest history of it; and one for each thing wrong."""
    start = Now(authors=frozenset({"ana"}))
    known: dict[Now, History] = {start: ()}
    broken: dict[str, History] = {}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for step, there in moves(here):
            if there in known:
                continue
            known[there] = (*known[here], step)
            for words in wrong(there):
                broken.setdefault(words, known[there])
            waiting.append(there)
    return known, broken


@pytest.mark.asvs("2.3.5")
def test_no_history_lets_one_person_do_it_alone_or_pays_what_nobody_approved() -> None:
    known, broken = explored()
    assert broken == {}
    told = {verb for history in known.values() for verb, _ in history}
    assert {"change", "approve", "release", "check again", "send", "return", "try_again", "record"} <= told
    paid = [now for now in known if now.paid_as is not None]
    assert {now.instruction for now in paid} >= {"settled", "failed", "returned", "recorded", "withdrawn"}
    # Paid by every pair that may, after a change as well, and always by two.
    pairs = {(now.approver, now.releaser) for now in paid}
    assert pairs == {("ben", "carla"), ("carla", "ben")}
    assert {now.paid_as for now in paid} == {0, 1}


# Each rule away by itself, and the history that it alone prevents.
HOLES = {
    "no author decides": (approval, "_check_no_author", "whoever asked also approved or released"),
    "two finance people": (approval, "check_can_release", "one person approved and released"),
    "the newest version, and the digest in the paying transaction": (
        approval,
        "check_newest",
        "a changed payee or amount was paid on the old approval",
    ),
    "recorder and verifier": (payment, "check_verifier", "one person recorded and verified"),
}


@pytest.mark.parametrize("rule", sorted(HOLES))
def test_without_a_rule_the_histories_it_prevents_are_found(
    monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    room, name, words = HOLES[rule]
    monkeypatch.setattr(room, name, lambda *_, **__: None)
    _, broken = explored()
    assert words in broken
