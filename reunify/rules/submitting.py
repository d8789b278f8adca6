"""Into review: a draft is frozen by its author; what a release ships is registered."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.kernel.may import may
from reunify.kernel.people import Actor, Role, Staff
from reunify.rates.fields import Dictionary
from reunify.rates.places import rules_folder
from reunify.rules import current, drafts, files, library, moving, policy, replaying
from reunify.rules.amiss import check_in_order
from reunify.rules.bundle import fingerprint
from reunify.rules.examples import load_examples
from reunify.rules.files import EXAMPLES, Kept
from reunify.rules.model import Rulebook
from reunify.rules.policy import DRAFT_MOVES, MOVES, AlreadyAVersion, ExamplesFail
from reunify.rules.proving import failures
from reunify.rules.reading import compile_rulebook
from reunify.rules.records import RuleDraft, RuleInForce, RuleMove, RuleVersion
from reunify.rules.substance import wording_only

_PROVED: set[tuple[str, str, str]] = set()  # rules, examples, dictionary


@may(Role.RULES_AUTHOR)
def submit(session: Session, *, draft_id: UUID, by: Staff, now: datetime) -> str:
    """Freeze the draft as a version in review, and ask for its replay unless only words changed.

    The text of a version that is retired comes back by the same way: two people, and a fresh replay.
    Its fingerprint. Raises NoSuchDraft, WrongState, RuleFileBroken, WrongSource, IdOfAnotherSource,
    NotInOrder, ExamplesFail, AlreadyAVersion.
    """
    draft = drafts.locked(session, draft_id)
    DRAFT_MOVES.check(draft.state, "submit")
    moving.lock_source(session, draft.source)
    words = current.dictionary()
    file = f"{draft.source}/{draft.effective_from}.yaml"
    book = compile_rulebook(drafts.body_of(draft), words.dictionary, file)
    policy.check_draft_is_for(book, source=draft.source, effective_from=draft.effective_from)
    check_ids(session, book)
    examples = draft.examples.encode()
    check_in_order(book, words.dictionary, on=moving.today(session, now))
    check_proved(book, examples, words.dictionary, words.sha256)
    _withdraw_earlier(session, draft, book.sha256, by, now)
    state, version = _version_of_draft(session, draft, book, by, now)
    draft.authors = sorted({*draft.authors, *by.selves})
    drafts.move(session, draft, "submit", who=by, now=now, detail={"sha256": book.sha256})
    moving.write(
        session,
        book.sha256,
        "submit",
        before=state,
        who=by,
        now=now,
        authors=draft.authors,
        draft_id=draft.id,
        examples_sha256=_keep_examples(session, examples),
    )
    if not version.wording_only or _standing(session, book) != version.based_on:
        replaying.ask(session, book.sha256, since=None, asked_by=by, now=now)
    return book.sha256


@may(Role.RULES_AUTHOR, Role.ADMINISTRATOR, system=True)
def load_shipped(
    session: Session, *, folder: Path | None = None, by: Actor, now: datetime
) -> tuple[str, ...]:
    """Register, in review, every version of the folder (the release's own by default) that is not known yet,
    or that was withdrawn.

    Their fingerprints. Raises RuleFileBroken, ExamplesFail; then nothing is registered.
    """
    moving.lock_source(session, "(the release)")
    place = folder or rules_folder()
    shipped = library.shipped() if folder is None else library.load(place)
    books = [book for versions in shipped.versions.values() for book in versions]
    asked = sa.select(RuleVersion).where(RuleVersion.sha256.in_([b.sha256 for b in books]))
    known = {version.sha256: version for version in session.scalars(asked)}
    new = [b for b in books if b.sha256 not in known or _withdrawn(session, known[b.sha256])]
    current.reading().learn(new, shipped.dictionary_sha256)
    for book in new:
        moving.lock_source(session, book.source)
        examples = (place / book.source / f"{book.effective_from}.examples.yaml").read_bytes()
        check_proved(book, examples, shipped.dictionary, shipped.dictionary_sha256)
        _register(session, book, examples, known.get(book.sha256), now)
        audit.record(
            session,
            by=by,
            at=now,
            subject="rule_version",
            subject_id=moving.subject(book.sha256),
            moved="load",
            detail={"sha256": book.sha256},
        )
    return tuple(book.sha256 for book in new)


def _register(
    session: Session, book: Rulebook, examples: bytes, known: RuleVersion | None, now: datetime
) -> None:
    version = known or _frozen(session, book, _standing(session, book), author=None, draft=None, now=now)
    moving.write(
        session,
        book.sha256,
        "register",
        before=moving.newest(session, book.sha256).to_state if known else None,
        who=current.RELEASE,
        now=now,
        examples_sha256=_keep_examples(session, examples),
    )
    if not version.wording_only or _standing(session, book) != version.based_on:
        replaying.ask(session, book.sha256, since=None, asked_by=None, now=now)


def _withdrawn(session: Session, version: RuleVersion) -> bool:
    """What the release ships and somebody withdrew. What was in force and is not any more stays so."""
    return version.author is None and moving.newest(session, version.sha256).verb == "withdraw"


def check_proved(book: Rulebook, examples: bytes, dictionary: Dictionary, fields_sha256: str) -> None:
    """What was proved once in this process is not proved again. Raises RuleFileBroken, ExamplesFail."""
    key = (book.sha256, fingerprint(examples), fields_sha256)
    if key in _PROVED:
        return
    file = f"{book.source}/{book.effective_from}.examples.yaml"
    missing = failures(book, load_examples(examples, dictionary, file), dictionary)
    if missing:
        raise ExamplesFail(missing)
    _PROVED.add(key)


def check_ids(session: Session, book: Rulebook) -> None:
    """No other source in force has one of its ids, nor gets one before this is committed.

    Raises IdOfAnotherSource.
    """
    moving.lock_source(session, "(the ids)")
    asked = sa.select(RuleInForce.sha256).where(RuleInForce.source != book.source)
    books, _ = current.compiled(session, session.scalars(asked))
    policy.check_ids(book, books.values())


def _version_of_draft(
    session: Session, draft: RuleDraft, book: Rulebook, by: Staff, now: datetime
) -> tuple[str | None, RuleVersion]:
    """The version with the state it is in: None when new, `draft` when the same bytes were sent back,
    `retired` when they come back."""
    known = session.get(RuleVersion, book.sha256)
    if known is None:
        return None, _frozen(session, book, draft.based_on, author=by.id, draft=draft, now=now)
    state = moving.newest(session, book.sha256).to_state
    of_another = state != "retired" and moving.submitted(session, book.sha256).draft_id != draft.id
    if of_another or not MOVES.can(state, "submit"):
        raise AlreadyAVersion(
            f"Exactly these rules are a version already ({book.sha256[:12]}, {state.replace('_', ' ')}). "
            "Change what you meant to change, or abandon this draft."
        )
    return state, known


def _frozen(
    session: Session,
    book: Rulebook,
    based_on: str | None,
    *,
    author: UUID | None,
    draft: RuleDraft | None,
    now: datetime,
) -> RuleVersion:
    files.keep(session, [Kept(book.sha256, book.source, book.body)])
    version = RuleVersion(
        sha256=book.sha256,
        source=book.source,
        effective_from=book.effective_from,
        effective_to=book.effective_to,
        author=author,
        draft_id=draft.id if draft else None,
        based_on=based_on,
        wording_only=_wording_only(session, book, based_on),
        at=now,
    )
    session.add(version)
    session.flush()
    return version


def _wording_only(session: Session, book: Rulebook, based_on: str | None) -> bool:
    """Of another day's version nothing is only wording: it adds days on which it answers."""
    before = current.compiled(session, [based_on])[0].get(based_on) if based_on else None
    return before is not None and wording_only(before, book)


def _standing(session: Session, book: Rulebook) -> str | None:
    """What answers for the same source and day now."""
    same = [r for r in moving.in_force(session, book.source) if r.effective_from == book.effective_from]
    return same[0].sha256 if same else None


def _withdraw_earlier(session: Session, draft: RuleDraft, sha256: str, by: Staff, now: datetime) -> None:
    """What was sent back from this draft, and is now written otherwise, is not submitted again."""
    asked = sa.select(RuleMove.sha256).where(RuleMove.draft_id == draft.id, RuleMove.sha256 != sha256)
    for earlier in sorted(set(session.scalars(asked))):
        newest = moving.newest(session, earlier)
        if newest.to_state == "draft" and moving.submitted(session, earlier).draft_id == draft.id:
            moving.write(session, earlier, "withdraw", before="draft", who=by, now=now)


def _keep_examples(session: Session, examples: bytes) -> str:
    kept = Kept(fingerprint(examples), EXAMPLES, examples)
    files.keep(session, [kept])
    return kept.sha256
