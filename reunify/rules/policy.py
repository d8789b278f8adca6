"""Who may change the rules, and how. The tables say the same again in CHECKs and triggers.

A version is proposed by one person and brought into force by another; what the house shipped has no author,
so two named people stand for it. Suspending, resuming and retiring rules in force takes two as well; what one
of the two asked by mistake, any rules author withdraws before the other confirms.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from uuid import UUID

from reunify.kernel.moves import START, Move, Moves
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotAllowed, NotFound, OutOfStep, Refused
from reunify.kernel.text import is_safe
from reunify.rules.model import Rulebook

LONGEST_REASON = 2_000
LARGEST_DRAFT = 200_000  # characters of the rules, or of one table, or of the examples

_ONE, _OTHER = "rules author", "another rules author"
MOVES = Moves(
    "rule version",
    Move(START, "submit", "in_review", _ONE),
    Move(START, "register", "in_review", "the release"),
    Move("draft", "submit", "in_review", _ONE),
    Move("in_review", "take_on", "in_review", "rules author, for what the release ships"),
    Move("in_review", "send_back", "draft", _ONE),
    Move("in_review", "approve", "approved", _OTHER),
    Move("in_review", "approve_suspended", "suspended", "another rules author: stays suspended"),
    Move("draft", "withdraw", "retired", _ONE),
    Move("in_review", "withdraw", "retired", _ONE),
    Move("approved", "replace", "retired", "approval of a newer version of the same day"),
    Move("suspended", "replace", "retired", "approval of a newer version of the same day"),
    Move("retired", "submit", "in_review", "rules author: the same text once more"),
    Move("retired", "register", "in_review", "the release, of what was withdrawn"),
    Move("approved", "ask_retirement", "approved", _ONE),
    Move("suspended", "ask_retirement", "suspended", _ONE),
    Move("approved", "retire", "retired", _OTHER),
    Move("suspended", "retire", "retired", _OTHER),
    Move("approved", "ask_suspension", "approved", _ONE),
    Move("approved", "confirm_suspension", "suspended", "another rules author, supervisor or administrator"),
    Move("suspended", "ask_resumption", "suspended", _ONE),
    Move("suspended", "confirm_resumption", "approved", _OTHER),
    Move("approved", "withdraw_retirement_ask", "approved", _ONE),
    Move("suspended", "withdraw_retirement_ask", "suspended", _ONE),
    Move("approved", "withdraw_suspension_ask", "approved", _ONE),
    Move("suspended", "withdraw_resumption_ask", "suspended", _ONE),
)
IN_FORCE = ("approved", "suspended")
# Whoever may stop a source that harms: its authors, and who answers for the house at night.
STOPS = (Role.RULES_AUTHOR, Role.SUPERVISOR, Role.ADMINISTRATOR)
APPROVALS = ("approve", "approve_suspended")
# Each verb that takes a second person, and what the first one did.
ASKED_FOR = {
    "retire": "ask_retirement",
    "confirm_suspension": "ask_suspension",
    "confirm_resumption": "ask_resumption",
}
OF_A_SOURCE = ("ask_suspension", "ask_resumption")
# What one person asked and nobody confirmed yet, and the verb that withdraws it. In force nothing changes.
WITHDRAWN_BY = {
    "ask_retirement": "withdraw_retirement_ask",
    "ask_suspension": "withdraw_suspension_ask",
    "ask_resumption": "withdraw_resumption_ask",
}

REPLAY_MOVES = Moves(
    "rule replay",
    Move(START, "ask", "waiting", "rules author, or the release"),
    Move("waiting", "begin", "running", "flow"),
    Move("running", "begin", "running", "flow"),
    Move("running", "report", "done", "flow"),
    Move("running", "fail", "failed", "flow"),
)

DRAFT_MOVES = Moves(
    "rule draft",
    Move(START, "begin", "open", _ONE),
    Move("open", "submit", "submitted", _ONE),
    Move("open", "abandon", "abandoned", _ONE),
    Move("submitted", "send_back", "open", _ONE),
)


class NoSuchVersion(NotFound):
    """No version of any rules has this fingerprint."""


class NoSuchDraft(NotFound):
    """There is no such draft."""


class NoSuchReplay(NotFound):
    """There is no such replay."""


class NoSuchSource(NotFound):
    """No rules of this source are in force."""


class AuthorMayNotApprove(NotAllowed):
    """Whoever wrote a version never brings it into force."""


class StandsForTheAuthor(AuthorMayNotApprove):
    """A stand-in and whoever they stand for count as one person."""


class SecondPersonNeeded(NotAllowed):
    """Whoever asked, or counts as one with them, does not confirm."""


class NobodyAsked(OutOfStep):
    """There is nothing to confirm: nobody has asked, or it has moved on since."""


class SecondAtCommandLine(SecondPersonNeeded):
    """Whoever types for both people at a keyboard is one person."""


class AlreadyAsked(OutOfStep):
    """One person has asked; another must confirm."""


class SuspensionAsked(OutOfStep):
    """What was asked of the whole source would be forgotten, were its rules replaced meanwhile."""


class NoDraftBehind(OutOfStep):
    """What a release ships was never a draft here, so it goes back to none."""


class NothingToSuspend(OutOfStep):
    """Every version of the source is suspended already."""


class NothingSuspended(OutOfStep):
    """No version of the source is suspended."""


class ReasonNeeded(Refused):
    """What was done to the rules is read for years: it carries its reason."""


class BackdatedNeedsReason(ReasonNeeded):
    """A version may take effect in the past, but never silently."""


class WrongSource(Refused):
    """The text speaks of another source, or of another day, than the draft it is in."""


class ExamplesFail(Refused):
    """An example does not give its answer, or a requirement decides none."""

    def __init__(self, failures: tuple[str, ...]) -> None:
        shown = " ".join(failures[:5])
        more = f" And {len(failures) - 5} more." if len(failures) > 5 else ""
        super().__init__(f"The examples do not prove these rules yet. {shown}{more}", field="/examples")
        self.failures = failures


class ReplayNeeded(Refused):
    """Nobody has seen what this version would have answered in the past."""


class ReplayOutdated(ReplayNeeded):
    """It was seen with a dictionary that is no longer the one of now."""


class AlreadyAVersion(Refused):
    """These bytes were submitted before."""


class DraftChanged(OutOfStep):
    """A colleague saved the draft since this page was opened."""


class DraftTooLarge(Refused):
    """More text than a rule file may have."""


class NoRulesApproved(Refused):
    """No rules are in force at all, so nothing can be answered."""


class IdOfAnotherSource(Refused):
    """A person's decision is kept under the id of a requirement or table alone: no two sources share one."""


class RulesDoNotCompile(Refused):
    """Approved rules cannot be read, and this process has no earlier reading of them."""


def check_apart(
    by: Staff, *, others: Collection[UUID], author: bool, kind: type[NotAllowed] = SecondPersonNeeded
) -> None:
    """`others`: everyone the first person counts as. `author`: they wrote it, rather than asked for it."""
    if by.selves.isdisjoint(others):
        return
    if author:
        if by.id in others:
            raise AuthorMayNotApprove(
                "You wrote this version, or stood for its author. Somebody else must approve."
            )
        raise StandsForTheAuthor(
            "A colleague you stand in for wrote this version. Somebody who stands for neither must approve."
        )
    raise kind("Somebody else must confirm: you asked for this, or count as one with whoever did.")


def check_reason(reason: str) -> str:
    """The reason as kept. Raises ReasonNeeded."""
    said = reason.strip()
    if len(said) < 3:
        raise ReasonNeeded("Say why, in a few words.", field="/reason")
    return check_words(said)


def check_words(reason: str) -> str:
    """A reason that may be empty. Raises ReasonNeeded when it cannot be kept as written."""
    said = reason.strip()
    if len(said) > LONGEST_REASON or not is_safe(said.replace("\r\n", "\n")):
        raise ReasonNeeded(
            f"Say why in plain text of at most {LONGEST_REASON:,} characters.", field="/reason"
        )
    return said


def check_backdated(effective_from: date, *, today: date, reason: str) -> None:
    """Trips already decided keep their answers; those decided from now on follow the new rules."""
    if effective_from < today and len(reason.strip()) < 3:
        raise BackdatedNeedsReason(
            f"This version takes effect on {effective_from}, which has passed. Say why, in a few words.",
            field="/reason",
        )


def check_draft_is_for(book: Rulebook, *, source: str, effective_from: date) -> None:
    if book.source != source:
        raise WrongSource(
            f"This draft is for {source}, but its text says `source: {book.source}`. Correct one of them.",
            field="/rules",
        )
    if book.effective_from != effective_from:
        raise WrongSource(
            f"This draft is for {effective_from}, but its text takes effect on {book.effective_from}. "
            "Correct the date in the text, or begin a draft for that day.",
            field="/rules",
        )


def check_ids(book: Rulebook, others: Iterable[Rulebook]) -> None:
    """`others`: of any source; only another's count. Raises IdOfAnotherSource."""
    for name, source in shared_ids(book, others):
        raise IdOfAnotherSource(
            f"The id {name} is used by {source} already, and what people decide is kept under it. Give this "
            "requirement or table an id of its own.",
            field="/rules",
        )


def shared_ids(book: Rulebook, others: Iterable[Rulebook]) -> Iterator[tuple[str, str]]:
    """Each id of this book that another source uses too, and that source."""
    used = {name: other.source for other in others if other.source != book.source for name in other.ids}
    yield from ((name, used[name]) for name in book.ids if name in used)


def check_draft_size(texts: Collection[str]) -> None:
    if any(len(text) > LARGEST_DRAFT for text in texts):
        raise DraftTooLarge(
            f"A rule file, a table and the examples have at most {LARGEST_DRAFT:,} characters each. "
            "Shorten the text, then save."
        )


def check_replayed(*, replayed: bool, only_words: bool, outdated: bool = False) -> None:
    """`replayed`: exactly these bytes, after they were submitted. `only_words`: of what is in force now.

    Raises ReplayNeeded, ReplayOutdated.
    """
    if not replayed and not only_words:
        if outdated:
            raise ReplayOutdated(
                "The fact dictionary was changed since this version was replayed, so its report may no "
                "longer be true. Replay it again, read the report, then approve."
            )
        raise ReplayNeeded(
            "This version changes what is answered. Replay it over past determinations first, read the "
            "report, then approve."
        )
