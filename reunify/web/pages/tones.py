"""The colour of a code's tag on staff screens."""

from __future__ import annotations

_GOOD = {
    "card_approved",
    "transfer_confirmed",
    "recovery_verified",
    "eligible",
    "met",
    "payable",
    "released",
    "paid",
    "settled",
    "verified",
    "cleared",
    "worth_applying",
    "clean",
    "consent_agreed",
    "rules_approved",
    "replay_done",
    "fund_open",
    "amendment_in_force",
    "condition_lifted",
}
_BAD = {
    "card_declined",
    "transfer_turned_down",
    "transfer_reversed",
    "recovery_reversed",
    "ineligible",
    "not_met",
    "refused",
    "declined",
    "failed",
    "returned",
    "needs_person",
    "stuck",
    "late",
    "infected",
    "quarantined",
    "paper_refused",
    "no_money_left",
    "lapsed",
    "rules_suspended",
    "replay_failed",
}
_WAITING = {
    "transfer_asked",
    "recovery_recorded",
    "fund_frozen",
    "amendment_later",
    "amendment_waits",
    "condition_stands",
    "rules_in_review",
    "rules_draft",
    "replay_waiting",
    "replay_running",
    "consent_open",
    "not_scanned",
    "cannot_check",
    "question",
    "staff_decision",
    "refusal_to_confirm",
    "awaiting_approval",
    "awaiting_release",
    "approved",
    "needs_information",
    "needs_staff_decision",
    "unknown",
    "eligible_provisional",
    "attested",
    "booking",
    "wanted",
    "changed",
    "to_log",
    "to_ratify",
    "recorded",
    "stale",
    "stale_at_bank",
    "ask",
}


def tone(code: str) -> str:
    """The tag's colour; the word itself always says the same."""
    if code in _GOOD:
        return "good"
    if code in _BAD:
        return "bad"
    return "waiting" if code in _WAITING else "plain"
