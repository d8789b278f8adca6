"""The audit trail is verified without opening a seal, before and after a family is erased."""

from __future__ import annotations

import ast
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from reunify.audit import actions as audit
from reunify.audit.records import AuditEntry
from reunify.audit.verifying import verify
from reunify.db import Database
from reunify.kernel.canonical import digest_of
from reunify.kernel.people import System
from reunify.vault import keepers, keyring
from reunify.vault.keepers import Erased
from reunify.vault.layout import CannotUnseal
from tests.integration import vault_world as world

ROOT = Path(__file__).parents[2]


OF_NO_FAMILY = {"reunify/funds/changing.py", "reunify/reconciliation/actions.py"}


def test_every_reason_about_a_family_is_sealed_with_that_familys_key() -> None:
    """A reason sealed with the house's key in a trail that never changes could not be erased."""
    found = {}
    for file in (ROOT / "reunify").rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in ("audit.record", "record"):
                said = {word.arg for word in call.keywords}
                if "why" in said and "subject" in said:
                    found.setdefault(str(file.relative_to(ROOT)), []).append("family" in said)
    assert len(found) > 5
    without = {file for file, families in found.items() if not all(families)}
    assert without == OF_NO_FAMILY


def reasoned(db: Database, now: datetime, why: str, family: UUID | None) -> int:
    with db.work() as session:
        entry = audit.record(
            session,
            by=System("test"),
            at=now,
            subject="instruction",
            subject_id=uuid4(),
            moved="void",
            why=why,
            family=family,
            detail={"cents": 12_00},
        )
        session.flush()
        return entry.id


def changed(db: Database) -> list[int | None]:
    with db.read() as session:
        return [finding.row for finding in verify(session).findings]


@pytest.mark.asvs("16.4.2")
def test_the_audit_trail_can_be_verified_after_a_familys_key_is_destroyed(
    db: Database, now: datetime, owner_url: str
) -> None:
    rosas = uuid4()
    theirs = reasoned(db, now, "Rosa found another way", rosas)
    ours = reasoned(db, now, "The fund was renamed", None)
    assert changed(db) == []
    with db.work() as session:
        keepers.destroy(session, keeper=rosas, now=now)
    assert changed(db) == []
    with db.read() as session:
        with pytest.raises(Erased):
            _ = session.get_one(AuditEntry, theirs).why
        assert session.get_one(AuditEntry, ours).why == "The fund was renamed"
    owner = sa.create_engine(owner_url)
    with owner.begin() as connection:
        connection.execute(sa.text("ALTER TABLE audit_entries DISABLE TRIGGER USER"))
        connection.execute(
            sa.text(
                "UPDATE audit_entries SET why = (SELECT why FROM audit_entries WHERE id = :b) WHERE id = :a"
            ),
            {"a": ours, "b": theirs},
        )
    owner.dispose()
    assert changed(db) == [ours]
    with db.read() as session, pytest.raises(CannotUnseal, match=r"audit_entries\.why"):
        _ = session.get_one(AuditEntry, ours).why


def test_an_audit_row_from_before_families_had_keys_can_still_be_verified(
    db: Database, now: datetime
) -> None:
    body = {
        "at": now,
        "actor": "system:old",
        "verb": "void",
        "subject": "instruction",
        "subject_id": uuid4(),
        "source": None,
        "target": None,
        "detail": {},
    }
    sealed = world.first_layout(keyring.current(), b"Asked for a check", "audit_entries.why")
    with db.work() as session:
        session.execute(
            sa.insert(AuditEntry).values(
                **body,
                **{AuditEntry.why.attribute: sealed},
                hash=digest_of(body | {"why": "Asked for a check"}),
            )
        )
    assert changed(db) == []
    with db.read() as session:
        assert session.scalars(sa.select(AuditEntry)).one().why == "Asked for a check"
