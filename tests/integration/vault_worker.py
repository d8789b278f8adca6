"""A process of the house at work: enters families and reads them back, until its input is closed.

`python -m tests.integration.vault_worker DATABASE_URL KEY_FILE STAFF_ID` says "ready" after the first round
and at the end how many rounds it made; any failure ends it with its traceback.
"""

from __future__ import annotations

import random
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import reunify.tables  # noqa: F401 - every mapping is known before the first query
from reunify.adapters.key_sources import FileKeys
from reunify.db import Database
from reunify.intake.records import RequestRecord
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role, Staff
from reunify.payees.records import PayeeRecord
from reunify.vault import keyring
from reunify.vault.keyring import KeyRing
from tests.integration import vault_world as world


def main(url: str, key_file: str, staff_id: str) -> None:
    source = FileKeys(Path(key_file))
    keyring.use(KeyRing.from_json(source.read()), source)
    db, stop = Database(url), threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    ana = Staff(StaffId(UUID(staff_id)), "Ana", frozenset({Role.CASE_MANAGER}))
    mine: list[UUID] = []
    while not stop.is_set():
        mine.append(one_round(db, ana))
        with db.read() as session:
            assert session.get_one(RequestRecord, random.choice(mine)).draft == {"told": "Rosa's words"}
        if len(mine) == 1:
            sys.stdout.write("ready\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(mine)}\n")


def one_round(db: Database, ana: Staff) -> UUID:
    now = datetime.now(UTC)
    family = world.family(db, ana, now)
    with db.work() as session:
        session.add(world.payee(family, now))
    with db.work() as session:
        record = session.scalars(world.payees_of(family)).one()
        assert isinstance(record, PayeeRecord)
        record.email = f"{record.legal_name.split()[1]}@example.com"
    return family


if __name__ == "__main__":
    main(*sys.argv[1:])
