"""Passwords: long enough, not common, not about the person, not in a list of stolen ones; no network."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from argon2.exceptions import VerificationError
from sqlalchemy.orm import Session
from zxcvbn import zxcvbn

from reunify.audit import actions as audit
from reunify.identity import policy, tries
from reunify.identity.records import StaffRecord, StaffSession
from reunify.identity.secret import PASSWORDS, hashed
from reunify.kernel.ids import StaffId
from reunify.kernel.may import ANYBODY, may
from reunify.kernel.people import Actor

# Verified against where there is no password, so that the answer takes as long as where there is one.
DECOY = PASSWORDS.hash("no such person has this password")
_GUESSED_UP_TO = 72  # zxcvbn looks at no more; what follows only makes it harder
_OF_ONES_OWN = 8  # characters that must not be the person's or the organisation's words
_LINE_LONGEST = 64  # a SHA-1, a colon and a count
_guessing = threading.Lock()  # zxcvbn keeps the person's own words in a global


def is_right(password_hash: str | None, password: str) -> bool:
    """Compares exactly what was typed (ASVS 6.2.8)."""
    try:
        return PASSWORDS.verify(password_hash or DECOY, password) and password_hash is not None
    except VerificationError:
        return False


def check_new(password: str, *, about: Iterable[str], breached: Path | None = None) -> None:
    """Raises WeakPassword with the remedy.

    `about`: the person's name, user name and organisation, whose words count as guesses. `breached`: an
    optional file of lines `SHA1:count`, sorted by the hash, in upper case (ASVS 6.2.4, 6.2.11, 6.2.12).
    """
    policy.check_password_length(password)
    words = [word for said in about for word in re.split(r"\W+", said.casefold()) if len(word) > 2]
    with _guessing:
        score = zxcvbn(password[:_GUESSED_UP_TO], user_inputs=words)["score"]
    if score < policy.PASSWORD_SCORE or _without(password, words) < _OF_ONES_OWN:
        raise policy.WeakPassword(
            "This would be guessed soon: it is common, repeats itself, or is about you. "
            "Four words that do not belong together are easy to remember.",
            field="/password",
        )
    if breached is not None and is_listed(breached, password):
        raise policy.WeakPassword(
            "This password is in a list of stolen ones. Please choose another.", field="/password"
        )


def _without(password: str, words: Iterable[str]) -> int:
    """How many characters are left once the person's own words are taken out."""
    rest = password.casefold()
    for word in words:
        rest = rest.replace(word, "")
    return len(rest)


def is_listed(listed: Path, password: str) -> bool:
    """Looks the password up by halving the file, which may be many gigabytes and is never read whole."""
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with listed.open("rb") as file:
        low, high = 0, file.seek(0, 2)
        while low < high:  # the line that holds the wanted hash begins in [low, high)
            middle = (low + high) // 2
            file.seek(max(middle - 1, 0))
            if middle:
                file.readline(_LINE_LONGEST)  # to the beginning of the next line
            line = file.readline(_LINE_LONGEST)
            found = line[: len(wanted)].upper()
            if found == wanted:
                return True
            if line and found < wanted:
                low = file.tell()
            else:
                high = middle
    return False


@may(*ANYBODY, system=True)
def change(
    session: Session,
    *,
    old: str,
    new: str,
    staff_id: StaffId,
    token: str,
    about: Iterable[str],
    breached: Path | None,
    by: Actor,
    now: datetime,
) -> bool:
    """False for a wrong old password (counted). Other sessions end. Raises WeakPassword, TooManyTries."""
    who = f"password-change:{staff_id}"
    tries.check_not_paused(session, who, now=now)
    staff = session.get_one(StaffRecord, staff_id)
    if not is_right(staff.password_hash, old):
        tries.count(session, who, now=now)
        return False
    check_new(new, about=(*about, staff.name, staff.username), breached=breached)
    tries.forget(session, who)
    staff.password_hash = PASSWORDS.hash(new)
    session.execute(
        sa.delete(StaffSession).where(
            StaffSession.staff_id == staff_id, StaffSession.token_hash != hashed(token)
        )
    )
    audit.record(session, by=by, at=now, subject="staff", subject_id=staff_id, moved="change_password")
    return True


@may(*ANYBODY, system=True)
def choose(
    session: Session,
    *,
    new: str,
    staff_id: StaffId,
    about: Iterable[str],
    breached: Path | None,
    by: Actor,
    now: datetime,
) -> None:
    """At the very beginning, when there is none. Raises WeakPassword."""
    staff = session.get_one(StaffRecord, staff_id, with_for_update=True)
    check_new(new, about=(*about, staff.name, staff.username), breached=breached)
    staff.password_hash = PASSWORDS.hash(new)
    audit.record(session, by=by, at=now, subject="staff", subject_id=staff_id, moved="choose_password")
