"""What codes are called on staff screens. Staff screens keep the field's exact terms."""

from __future__ import annotations

_WORDS = {
    # stages
    "draft": "Draft",
    "no_money_left": "No money left for it",
    "checking": "Being checked",
    "cannot_check": "Could not be judged",
    "not_judged": "Could not be judged",
    "question": "Question open",
    "staff_decision": "Staff decision needed",
    "refusal_to_confirm": "Refusal to confirm",
    "refused": "Refused",
    "awaiting_approval": "Awaiting approval",
    "approved": "Awaiting release",
    "awaiting_release": "Awaiting release",
    "released": "Released",
    "declined": "Declined",
    "paying": "Being paid",
    "paid": "Paid",
    "needs_person": "Needs a person",
    # consents and links
    "processor": "Payment processor",
    "consent_agreed": "Agreed",
    "consent_no": "No",
    "consent_ended": "Ended",
    "consent_open": "Not answered",
    "out_of_tries": "Out of tries",
    "closed": "Closed",
    # answers and outcomes
    "eligible": "Eligible",
    "eligible_provisional": "Eligible, provisional",
    "attested": "Attested, still owed",
    "ineligible": "Ineligible",
    "needs_information": "Needs information",
    "needs_staff_decision": "Needs a staff decision",
    "worth_applying": "Worth applying",
    "not_this_source": "Not from this source",
    "no_source": "No source can pay",
    "not_met": "Not met",
    # payments
    "to_log": "To be logged",
    "recorded": "Awaiting verification",
    "global_payout": "Stripe payout",
    "logged": "Logged (paid elsewhere)",
    "bank_details_missing": "The payee has not given bank details yet",
    "nobody_knows_whether_it_went_out": "Nobody knows whether it went out",
    "declared_unsent": "A person looked: it did not go out",
    "ConsentMissing": "The payee did not agree to Stripe",
    "RecipientRefused": "Stripe will not take this payee",
    # people
    "night_case_manager": "Night: cases",
    "night_finance": "Night: money",
    "requests:write": "Enter requests",
    "requests:read_progress": "Read how its requests stand",
    # differences
    "payment_not_ours": "A payment made past us",
    "payment_not_in_ledger": "Paid at Stripe, not in our books",
    "ledger_without_payment": "In our books, not paid at Stripe",
    "statement_does_not_add_up": "The statement does not add up",
    "cash_differs": "The balance differs",
    "fee_not_coded": "A fee nobody has booked",
    "other_amount": "Another amount",
    # settlement
    "organisation_books": "We book and pay it",
    "vendor_billed": "Vendor bills us",
    "partner_gives": "Partner gives it",
    "advance": "Advance to the family",
    "repaid": "Family pays, we repay",
    # retention
    "plan_planned": "To be approved",
    "plan_approved": "Approved, to be run",
    "plan_discarded": "Discarded",
    "plan_done": "Run",
    "hold_placed": "Held",
    "hold_lift_asked": "Held; a lift is asked for",
    "hold_lifted": "Lifted",
    "outcome_erased": "Erased",
    "outcome_held": "Skipped: a legal hold stands on it",
    "outcome_changed": "Skipped: it changed after the plan was made",
    "outcome_erased_before": "Was erased before",
    # papers sent in
    "paper_police_report": "Police report",
    "paper_court_order": "Court order",
    "paper_custody_paper": "Custody paper",
    "paper_identity": "ID (booking only)",
    "paper_receipt": "Receipt",
    "paper_consent_paper": "Signed consent",
    "paper_other": "Other paper",
    "not_scanned": "Not scanned yet",
    "clean": "Scanned, clean",
    "infected": "Malware found",
    "quarantined": "Set aside unseen",
    "removed": "Removed",
    "paper_refused": "Not taken",
    # rules
    "rules_draft": "Sent back",
    "rules_in_review": "In review",
    "rules_approved": "Approved",
    "rules_suspended": "Suspended",
    "rules_retired": "Retired",
    "replay_waiting": "Waiting to run",
    "replay_running": "Running",
    "replay_done": "Finished",
    "replay_failed": "Could not finish",
    # documents
    "approval_letter": "Approval letter",
    "refusal_letter": "Refusal letter",
    "information_request": "Request for information",
    # true names by order
    "agency_head": "The federal agency head's approval",
    "court_order": "A court's order",
    "to_confirm": "To be confirmed",
    "to_begin": "Confirmed, not begun",
    "in_force": "In force",
    "over": "Over",
    "ended": "Ended",
    "en": "English",
    "es": "Spanish",
    "docx": "Word",
    "pdf": "PDF",
    "ics": "Calendar",
}
_GOOD = {
    "eligible",
    "met",
    "payable",
    "released",
    "paid",
    "settled",
    "verified",
    "worth_applying",
    "clean",
    "consent_agreed",
    "rules_approved",
    "replay_done",
}
_BAD = {
    "ineligible",
    "not_met",
    "refused",
    "declined",
    "failed",
    "returned",
    "needs_person",
    "stuck",
    "infected",
    "quarantined",
    "paper_refused",
    "no_money_left",
    "rules_suspended",
    "replay_failed",
}
_WAITING = {
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
    "to_log",
    "recorded",
    "ask",
}


def label(code: str) -> str:
    """`awaiting_approval` as `Awaiting approval`; unknown codes are spelled out."""
    return _WORDS.get(code) or code.replace("_", " ").capitalize()


def tone(code: str) -> str:
    """The tag's colour; the word itself always says the same."""
    if code in _GOOD:
        return "good"
    if code in _BAD:
        return "bad"
    return "waiting" if code in _WAITING else "plain"
