"""Draws docs/states from the tables of moves. `--check` fails if a picture no longer tells the truth."""

from __future__ import annotations

import sys
from pathlib import Path

from reunify.approval.envelope_policy import ENVELOPE_MOVES, REVIEW_MOVES
from reunify.approval.policy import AWARD_MOVES, REFUSAL_MOVES
from reunify.bookings.policy import BOOKING
from reunify.closeout.policy import TRANSFER_MOVES
from reunify.closeout.recovery_policy import RECOVERY_MOVES
from reunify.disbursement import policy as disbursement
from reunify.disbursement.cards_policy import CARD
from reunify.disbursement.logging_policy import LOGGED
from reunify.disbursement.outage_policy import OUTAGE
from reunify.eligibility.asking_policy import ASK_MOVES, DECISION_MOVES
from reunify.eligibility.hand_off_policy import HAND_OFF_MOVES
from reunify.eligibility.look_back_policy import LOOK_BACK_MOVES
from reunify.files.evidence_policy import EVIDENCE
from reunify.funds.policy import FUND_MOVES
from reunify.intake.outcome_policy import OUTCOME
from reunify.intake.policy import MOVES as REQUEST_MOVES
from reunify.kernel.moves import Moves
from reunify.notices.policy import ESCALATION, NOTICE
from reunify.reconciliation.suspense_finding_policy import FINDING
from reunify.retention.policy import HOLD_MOVES, PLAN_MOVES
from reunify.rules.policy import DRAFT_MOVES, REPLAY_MOVES
from reunify.rules.policy import MOVES as RULE_MOVES

STATES = Path(__file__).parents[2] / "docs" / "states"


def tables() -> list[Moves]:
    """Every table of moves in the house."""
    found = [m for m in vars(disbursement).values() if isinstance(m, Moves)]
    found += [ENVELOPE_MOVES, REVIEW_MOVES]
    found += [
        BOOKING,
        CARD,
        LOGGED,
        OUTAGE,
        TRANSFER_MOVES,
        RECOVERY_MOVES,
        NOTICE,
        ESCALATION,
        OUTCOME,
        FINDING,
    ]
    found += [
        ASK_MOVES,
        DECISION_MOVES,
        HAND_OFF_MOVES,
        LOOK_BACK_MOVES,
        RULE_MOVES,
        REPLAY_MOVES,
        DRAFT_MOVES,
    ]
    return [REQUEST_MOVES, AWARD_MOVES, REFUSAL_MOVES, FUND_MOVES, EVIDENCE, HOLD_MOVES, PLAN_MOVES, *found]


def page(moves: Moves) -> str:
    return (
        f"# The moves of {_article(moves.name)}\n\n"
        "Drawn from the code by `make diagrams`; `make check` compares.\n\n"
        f"```mermaid\n{moves.mermaid()}```\n"
    )


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def main(check: bool) -> int:
    STATES.mkdir(parents=True, exist_ok=True)
    stale = []
    for moves in tables():
        file = STATES / f"{moves.name.replace(' ', '_')}.md"
        if check and (not file.exists() or file.read_text() != page(moves)):
            stale.append(file.name)
        elif not check:
            file.write_text(page(moves))
    if stale:
        sys.stderr.write(f"Out of date: {', '.join(stale)}. Run `make diagrams`.\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv))
