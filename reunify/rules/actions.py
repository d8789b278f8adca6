"""What we do: write drafts, submit, send back, approve, retire, suspend and resume, withdraw asks, replay.

Each verb is in the module of its own subject; this is the room's one door to them.
"""

from reunify.rules.approving import approve, retire, send_back, withdraw_retirement_ask
from reunify.rules.drafts import abandon_draft, begin_draft, save_draft
from reunify.rules.replaying import ask_replay, begin_replay, catch_up, fail_replay, report_replay
from reunify.rules.submitting import load_shipped, submit
from reunify.rules.suspending import (
    ask_resumption,
    ask_suspension,
    confirm_resumption,
    confirm_suspension,
    withdraw_resumption_ask,
    withdraw_suspension_ask,
)

__all__ = [
    "abandon_draft",
    "approve",
    "ask_replay",
    "ask_resumption",
    "ask_suspension",
    "begin_draft",
    "begin_replay",
    "catch_up",
    "confirm_resumption",
    "confirm_suspension",
    "fail_replay",
    "load_shipped",
    "report_replay",
    "retire",
    "save_draft",
    "send_back",
    "submit",
    "withdraw_resumption_ask",
    "withdraw_retirement_ask",
    "withdraw_suspension_ask",
]
