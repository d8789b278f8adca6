"""Find or register the human beings that requests name."""

from __future__ import annotations

from datetime import date, datetime

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
    found = session.scalar(sa.select(PersonKey.person_id).where(PersonKey.index.in_(keys)).limit(1))
    if found is None:
        person = PersonRecord(name=name, registered_at=now)
        session.add(person)
        session.flush()
        found = person.id
    rows = [{"index": key, "person_id": found} for key in keys]
    session.execute(insert(PersonKey).values(rows).on_conflict_do_nothing())
    return PersonId(found)
