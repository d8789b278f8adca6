"""Out of review: sent back, or brought into force by a second person; and out of force again."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.kernel.may import may
from reunify.kernel.people import Role, Staff
from reunify.rules import current, drafts, files, library, moving, policy, replaying
from reunify.rules.files import DICTIONARY, Kept
from reunify.rules.model import Rulebook
from reunify.rules.policy import IN_FORCE, MOVES, AlreadyAsked, NobodyAsked, NoDraftBehind, SuspensionAsked
from reunify.rules.records import RuleInForce, RuleMove, RuleVersion
from reunify.rules.submitting import check_ids, check_proved


@may(Role.RULES_AUTHOR)
def send_back(session: Session, *, sha256: str, reason: str, by: Staff, now: datetime) -> None:
    """Its draft can be worked on again. Raises NoSuchVersion, WrongState, ReasonNeeded, NoDraftBehind."""
    moving.locked(session, sha256)
    said = policy.check_reason(reason)
    state = moving.newest(session, sha256).to_state
    MOVES.check(state, "send_back")
    draft_id = moving.submitted(session, sha256).draft_id
    if draft_id is None:
        raise NoDraftBehind(
            "This version came with the release, so there is no draft to send it back to. Withdraw it; to "
            "change it, begin a draft with its text."
        )
    moving.write(session, sha256, "send_back", before=state, who=by, now=now, reason=said)
    draft = drafts.locked(session, draft_id)
    drafts.move(session, draft, "send_back", who=by, now=now, detail={"sha256": sha256})


@may(Role.RULES_AUTHOR)
def approve(session: Session, *, sha256: str, reason: str = "", by: Staff, now: datetime) -> bool:
    """In force from its day on; what was in force for the same source and day is retired in the same act.

    False while one more person is needed: nobody of the house wrote what a release ships, so whoever first
    says yes takes it on. While the source is suspended the new version is suspended too. Trips already
    decided keep their answers. Where a suspension was asked and is not confirmed yet it waits for that.

    Raises NoSuchVersion, WrongState, SuspensionAsked, SecondAtCommandLine, AuthorMayNotApprove,
    SecondPersonNeeded, BackdatedNeedsReason, ReplayNeeded, RuleFileBroken, ExamplesFail, IdOfAnotherSource.
    """
    version = moving.locked(session, sha256)
    state = moving.newest(session, sha256).to_state
    MOVES.check(state, "approve")
    said = policy.check_words(reason)
    policy.check_backdated(version.effective_from, today=moving.today(session, now), reason=said)
    people = _people(session, version, by, now)
    if people is None:
        moving.write(session, sha256, "take_on", before=state, who=by, now=now, reason=said)
        return False
    standing = moving.in_force(session, version.source)
    _check_no_suspension_asked(session, standing)
    replaced = next((r for r in standing if r.effective_from == version.effective_from), None)
    replay_id = _replay(session, version, replaced)
    book, fields = _check_still_proved(session, version)
    check_ids(session, book)
    _check_no_overlap(session, version, standing)
    suspended = any(row.state == "suspended" for row in standing)
    if replaced is not None:
        moving.write(session, replaced.sha256, "replace", before=replaced.state, who=by, now=now, reason=said)
        session.expire(replaced)
    verb = "approve_suspended" if suspended else "approve"
    moving.write(
        session,
        sha256,
        verb,
        before=state,
        who=by,
        now=now,
        reason=said,
        replay_id=replay_id,
        fields_sha256=fields,
        **people,
    )
    return True


@may(Role.RULES_AUTHOR)
def retire(
    session: Session, *, sha256: str, reason: str, confirms: bool = False, by: Staff, now: datetime
) -> bool:
    """No longer in force, or never. False while one more person is needed, who retires it by the same verb.

    `confirms`: this is the second person's yes; whoever means to ask never retires what a colleague asked
    meanwhile. Trips already decided keep their answers. Raises NoSuchVersion, WrongState, ReasonNeeded,
    AlreadyAsked, NobodyAsked, SecondPersonNeeded, SecondAtCommandLine.
    """
    moving.locked(session, sha256)
    said = policy.check_reason(reason)
    state = moving.newest(session, sha256).to_state
    if state not in IN_FORCE:
        moving.write(session, sha256, "withdraw", before=state, who=by, now=now, reason=said)
        return True
    asked = moving.pending(session, sha256, "ask_retirement")
    if confirms and asked is None:
        raise NobodyAsked("Nobody has asked to retire this version. Ask first; another confirms.")
    if asked is not None and not confirms:
        raise AlreadyAsked("To retire this version is asked already. Another person must confirm it.")
    if asked is None:
        moving.write(session, sha256, "ask_retirement", before=state, who=by, now=now, reason=said)
        return False
    people = second(session, asked, by, now)
    moving.write(session, sha256, "retire", before=state, who=by, now=now, reason=said, **people)
    return True


@may(Role.RULES_AUTHOR)
def withdraw_retirement_ask(session: Session, *, sha256: str, reason: str, by: Staff, now: datetime) -> None:
    """By whoever asked, or a colleague: nobody confirms it any more, and the version stays as it stands.

    Raises NoSuchVersion, ReasonNeeded, NobodyAsked.
    """
    moving.locked(session, sha256)
    said = policy.check_reason(reason)
    if moving.pending(session, sha256, "ask_retirement") is None:
        raise NobodyAsked("There is nothing to withdraw: nobody has asked, or it was done meanwhile.")
    state = moving.newest(session, sha256).to_state
    moving.write(session, sha256, "withdraw_retirement_ask", before=state, who=by, now=now, reason=said)


def second(session: Session, asked: RuleMove, by: Staff, now: datetime) -> dict[str, Any]:
    """The first of two people, as the second one's row names them.

    Raises SecondPersonNeeded, SecondAtCommandLine.
    """
    assert asked.moved_by is not None  # the table says so: only the release registers without a person
    all_of_them = moving.askers(session, asked, now)
    moving.check_second(session, by, others=all_of_them, first=[asked.moved_by], author=False, now=now)
    moving.check_not_both_typed(session, asked)
    return {"asked_by": asked.moved_by, "asked_for": sorted(all_of_them - {asked.moved_by})}


def _people(session: Session, version: RuleVersion, by: Staff, now: datetime) -> dict[str, Any] | None:
    """Who wrote it and who took it on; None when nobody did the latter yet of what the release ships."""
    written = moving.authors(session, version.sha256)
    handed_in = moving.submitted(session, version.sha256).moved_by
    first = sorted({one for one in (version.author, handed_in) if one is not None})
    moving.check_second(session, by, others=written, first=first, author=True, now=now)
    if handed_in is not None:
        return {"authors": sorted(written)}
    asked = moving.pending(session, version.sha256, "take_on")
    if asked is None:
        return None
    return {"authors": sorted(written), **second(session, asked, by, now)}


def _check_no_suspension_asked(session: Session, standing: list[RuleInForce]) -> None:
    """To stop a source is asked of the rules in force: replaced meanwhile, nobody could confirm it."""
    if any(moving.pending(session, row.sha256, "ask_suspension") for row in standing):
        raise SuspensionAsked(
            "A colleague has asked to suspend this source. Another person confirms that first, on the page "
            "Rules; approved then, this version waits with the source until two people let it answer again."
        )


def _replay(session: Session, version: RuleVersion, replaced: RuleInForce | None) -> UUID | None:
    """The report the approval rests on; None where nothing but wording changes of what is in force."""
    submitted_at = moving.submitted(session, version.sha256).at
    found = replaying.good(session, version.sha256, submitted_at)
    only_words = version.wording_only and replaced is not None and replaced.sha256 == version.based_on
    outdated = found is None and replaying.outdated(session, version.sha256, submitted_at)
    policy.check_replayed(replayed=found is not None, only_words=only_words, outdated=outdated)
    return found.id if found is not None else None


def _check_no_overlap(session: Session, version: RuleVersion, standing: list[RuleInForce]) -> None:
    """With the versions of other days that stay in force. Raises RuleFileBroken."""
    others = [r.sha256 for r in standing if r.effective_from != version.effective_from]
    books, _ = current.compiled(session, [*others, version.sha256])
    library.refuse_overlaps(tuple(sorted(books.values(), key=lambda b: b.effective_from)))


def _check_still_proved(session: Session, version: RuleVersion) -> tuple[Rulebook, str]:
    """Against the dictionary of today, whose fingerprint is kept with the approval."""
    words = current.dictionary()
    examples_sha = moving.submitted(session, version.sha256).examples_sha256 or ""
    kept = files.kept(session, {examples_sha})
    books, broken = current.compiled(session, [version.sha256])
    if broken:
        raise broken[version.sha256]
    book = books[version.sha256]
    check_proved(book, kept[examples_sha].body, words.dictionary, words.sha256)
    files.keep(session, [Kept(words.sha256, DICTIONARY, words.dictionary.body)])
    return book, words.sha256
