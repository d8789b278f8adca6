"""What may be done with a version now, by how it stands and who looks at it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from reunify.kernel.people import Role, Staff
from reunify.rules.views import VersionView
from reunify.web.pages.view import holds

_OF_THE_SOURCE = {
    "ask_suspension": "suspend this source",
    "ask_resumption": "let this source answer again",
}


@dataclass(frozen=True, slots=True)
class Acts:
    """What this person may do with the version now. `missing`: what an approval still needs, in words."""

    approve: bool = False
    approve_words: str = "Approve: in force from its day on"
    approve_note: str = ""
    missing: tuple[str, ...] = ()
    replay: bool = False
    send_back: bool = False
    retire: str = ""
    confirms_retirement: bool = False
    withdraw_ask: bool = False
    reason: str = ""
    notes: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        return bool(self.approve or self.replay or self.send_back or self.retire or self.notes)


def acts_for(version: VersionView, by: Staff, today: date, unproved: tuple[str, ...]) -> Acts:
    """By the state of the version, what waits for a second person, and the person who reads it."""
    if not holds(by, Role.RULES_AUTHOR):
        return Acts()
    state = version.row.status
    if state == "in_review":
        return _in_review(version, by, today, unproved)
    if state in ("approved", "suspended"):
        return _in_force(version, by)
    if state == "retired":
        return Acts(
            notes=(
                "To bring this text back, begin a draft with it below for the same day and hand it in "
                "unchanged. It is replayed and approved by another person, as any version is.",
            )
        )
    if state == "draft":
        return Acts(
            retire="Withdraw it for good",
            reason="Why it is withdrawn",
            notes=("It was sent back to its draft.",),
        )
    return Acts()


def _in_force(version: VersionView, by: Staff) -> Acts:
    """A button says what it does: it confirms where this very act was asked, and asks where it was not."""
    notes = [
        f"{act.by} asks to {words}. A second person answers on the page Rules."
        for verb, words in _OF_THE_SOURCE.items()
        if (act := version.row.asked(verb)) is not None
    ]
    asked = version.row.asked("ask_retirement")
    if asked is not None and asked.is_of(by):
        own = "You asked to retire this version. Another rules author confirms it."
        return Acts(replay=True, withdraw_ask=True, reason="Why you withdraw it", notes=(own, *notes))
    if asked is not None:
        notes.insert(0, f"{asked.by} asks to retire this version: “{asked.reason}”")
    return Acts(
        retire="Confirm: retire this version" if asked else "Ask to retire this version",
        confirms_retirement=asked is not None,
        withdraw_ask=asked is not None,
        reason="Why it is retired, or why the ask is withdrawn" if asked else "Why it is retired",
        replay=True,
        notes=(*notes, "Trips already decided keep their answers. Two people retire rules in force."),
    )


def _in_review(version: VersionView, by: Staff, today: date, unproved: tuple[str, ...]) -> Acts:
    missing = list(unproved)
    if version.row.problem:
        return _unreadable(version)
    if version.needs_replay:
        missing.append(_replay_missing(version))
    notes = []
    shipped = version.row.author is None
    taken_on = version.row.asked("take_on")
    own = taken_on is not None and taken_on.is_of(by)
    wrote = bool(by.selves & version.authors)
    if wrote:
        notes.append("You wrote this version, or count as one with who did: somebody else approves it.")
    if own:
        notes.append("You said the first yes. Another rules author says the second.")
    if version.row.effective_from < today:
        notes.append(
            "Its day has passed: say why it begins in the past. Trips already decided keep their answers."
        )
    if version.replaces:
        notes.append("The version in force for the same day is retired by the approval.")
    first = shipped and taken_on is None
    return Acts(
        approve=not wrote and not own,
        approve_words="Say the first yes" if first else "Approve: in force from its day on",
        approve_note="It came with the release: two rules authors say yes." if shipped else "",
        missing=() if first and not unproved else tuple(missing),  # the first yes waits for no replay
        replay=True,
        send_back=not shipped,
        retire="Withdraw it for good",
        reason="Reason, or what to mend",
        notes=tuple(notes),
    )


def _unreadable(version: VersionView) -> Acts:
    """Nobody can approve what the house cannot read; whoever writes rules may still turn it down."""
    sent_back = version.row.author is not None
    ways = "Send it back, so that its draft is mended, or withdraw it" if sent_back else "Withdraw it"
    return Acts(
        missing=("Rules that this house can read. The sentence above says where it stops reading.",),
        send_back=sent_back,
        retire="Withdraw it for good",
        reason="Reason, or what to mend",
        notes=(f"It would wait here for ever. {ways}: its text, and that it was here, stay on file.",),
    )


def _replay_missing(version: VersionView) -> str:
    replay = version.replay
    if replay is None or replay.state in ("done", "failed"):
        return "A finished replay of exactly this version over past answers"
    how = "waiting to be run" if replay.state == "waiting" else "running"
    return f"The replay of exactly this version: it is {how}"
