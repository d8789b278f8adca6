"""The glossary in force: what is shipped, and what staff added. A page edits it: no release is needed.

Staff add words and take back what they added. A shipped word stays: every sentence we ship is tested against
it, and a release changes both together.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.documents import glossary
from reunify.documents.glossary import Avoided
from reunify.documents.glossary_records import AvoidedWord
from reunify.intake.form import Language
from reunify.kernel.ids import StaffId
from reunify.kernel.may import may
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import BadInput, NotFound, Problem
from reunify.kernel.text import is_safe

# Who speaks with families, and who writes the sentences of the rules.
EDITS: Final = (Role.CASE_MANAGER, Role.SUPERVISOR, Role.RULES_AUTHOR)
_MOST: Final = 200
_WORD: Final = re.compile(r"[^\W\d_]{3,}[*]?(?: [^\W\d_]+[*]?){0,4}")


class WordNotAdded(NotFound):
    """It is shipped, or nobody added it."""


@dataclass(frozen=True, slots=True)
class Added:
    """One word staff added."""

    id: UUID
    language: Language
    word: str
    because: str
    say: str
    by: StaffId
    at: datetime


@may(*EDITS)
def avoid(
    session: Session, *, language: Language, word: str, because: str, say: str, by: Staff, now: datetime
) -> UUID:
    """From now on it is avoided. `word`: a `*` at an end stands for the rest. Raises BadInput."""
    word = unicodedata.normalize("NFC", " ".join(word.split()).casefold())
    wrong = [
        Problem(f"/{name}", remedy)
        for name, text, remedy in (
            ("because", because, "Say in a few words whom it hurts, and how."),
            ("say", say, "Say what we say instead, or (leave it out)."),
        )
        if not text or len(text) > _MOST or not is_safe(text)
    ]
    if not _WORD.fullmatch(word):
        wrong.insert(
            0, Problem("/word", "Write one to five words of letters; * at the end of one for its rest.")
        )
    if wrong:
        raise BadInput(wrong)
    return _say(session, language, word, True, because, say, by, now)


@may(*EDITS)
def take_back(session: Session, *, word_id: UUID, because: str, by: Staff, now: datetime) -> UUID:
    """An added word may be said again. Raises BadInput, WordNotAdded."""
    if not because or len(because) > _MOST or not is_safe(because):
        raise BadInput([Problem("/because", "Say why it may be said again.")])
    found = next((a for a in added(session) if a.id == word_id), None)
    if found is None:
        raise WordNotAdded("It is not among the words staff added. A shipped word changes with a release.")
    return _say(session, found.language, found.word, False, because, "", by, now)


def added(session: Session) -> list[Added]:
    """What staff added and nobody took back, in order of the alphabet. One statement."""
    newest = (
        sa.select(AvoidedWord)
        .ext(distinct_on(AvoidedWord.language, AvoidedWord.word))
        .order_by(AvoidedWord.language, AvoidedWord.word, AvoidedWord.sequence.desc())
    )
    return [
        Added(r.id, _language(r.language), r.word, r.because, r.say, StaffId(r.said_by), r.said_at)
        for r in session.scalars(newest)
        if r.avoided
    ]


def in_force(session: Session, folder: Path) -> Glossary:
    """`folder`: where the shipped file is."""
    more = [
        glossary.avoided(a.language, a.word, because=a.because, say=a.say, shipped=False)
        for a in added(session)
    ]
    return Glossary([*glossary.load(folder), *more])


@dataclass(frozen=True, slots=True)
class Glossary:
    """Every word avoided now. What rooms upstream know as `Wording`."""

    words: list[Avoided]

    def instead(self, text: str, language: Language) -> str | None:
        found = glossary.avoided_in(text, language, self.words)
        return f'Not "{found[0].word}": {found[0].because}. Say: {found[0].say}.' if found else None


def _say(
    session: Session,
    language: Language,
    word: str,
    avoided: bool,
    because: str,
    say: str,
    by: Staff,
    now: datetime,
) -> UUID:
    row = AvoidedWord(
        language=language, word=word, avoided=avoided, because=because, say=say, said_by=by.id, said_at=now
    )
    session.add(row)
    session.flush()
    verb = "avoid" if avoided else "say_again"
    audit.record(session, by=by, at=now, subject="avoided_word", subject_id=row.id, moved=verb)
    return row.id


def _language(kept: str) -> Language:
    return "es" if kept == "es" else "en"
