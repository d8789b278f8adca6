"""The moves of a version in words: who did what, and who stood beside them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from reunify.rules.views import MoveView

_WORDS = {
    "submit": "Handed in for review",
    "register": "Came with the release, to be reviewed",
    "take_on": "Taken on: the first yes",
    "send_back": "Sent back",
    "approve": "Approved",
    "approve_suspended": "Approved, while the source is suspended",
    "withdraw": "Withdrawn",
    "replace": "Replaced by a newer version of the same day",
    "ask_retirement": "To be retired, says",
    "retire": "Retired",
    "ask_suspension": "To be suspended, says",
    "confirm_suspension": "Suspended",
    "ask_resumption": "To answer again, says",
    "confirm_resumption": "Answers again",
    "withdraw_retirement_ask": "The ask to retire it withdrawn",
    "withdraw_suspension_ask": "The ask to suspend it withdrawn",
    "withdraw_resumption_ask": "The ask to let it answer again withdrawn",
}
RELEASE = "the release"


@dataclass(frozen=True, slots=True)
class ShownMove:
    words: str
    reason: str
    at: datetime


def show_moves(history: Iterable[MoveView]) -> list[ShownMove]:
    return [ShownMove(_said(move), move.reason, move.at) for move in history]


def _said(move: MoveView) -> str:
    what = _WORDS.get(move.verb, move.verb.replace("_", " ").capitalize())
    if move.verb == "register":
        return what  # by whoever runs the release, always at the command line
    return f"{what} {_people(move)}" if what.endswith("says") else f"{what} by {_people(move)}"


def _people(move: MoveView) -> str:
    by = move.by or RELEASE
    both = f"{by}, with {move.asked_by}" if move.asked_by else by
    return f"{both}, at the command line" if move.typed else both
