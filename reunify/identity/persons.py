"""Find or register the human beings that requests name."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.identity.person_records import PersonKey, PersonRecord
from reunify.kernel.ids import PersonId
from reunify.vault import keyring


def register_person(
    session: Session, *, name: str, birth_date: date | None, case_number: str, now: datetime
) -> PersonId:
    """The person of that name with that birth date, or named in that case; a new one if never met."""
    ring = keyring.current()
    keys = ring.blind_indexes(name, case_number, place="person_keys.case")
    if birth_date is not None:
        keys += ring.blind_indexes(name, birth_date.isoformat(), place="person_keys.birth")
    found = _met(session, keys)
    if found is None:
        person = PersonRecord(name=name, registered_at=now)
        session.add(person)
        session.flush()
        found = person.id
    rows = [{"index": key, "person_id": found} for key in keys]
    session.execute(insert(PersonKey).values(rows).on_conflict_do_nothing())
    return PersonId(found)


def lock_person(session: Session, person_id: UUID) -> None:
    """Until the transaction ends nobody registers a request on this person: the caller may forget them."""
    session.execute(sa.select(PersonRecord.id).where(PersonRecord.id == person_id).with_for_update())


def _met(session: Session, keys: list[bytes]) -> UUID | None:
    """Kept from being forgotten until the transaction ends. Whoever was forgotten meanwhile was never met."""
    wanted = sa.select(PersonKey.person_id).where(PersonKey.index.in_(keys)).limit(1)
    while (found := session.scalar(wanted)) is not None:
        person = sa.select(PersonRecord.id).where(PersonRecord.id == found)
        session.execute(person.with_for_update(read=True, key_share=True))
        if session.scalar(wanted.where(PersonKey.person_id == found)) is not None:
            return found
    return None
