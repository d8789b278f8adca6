"""Scan the papers that wait for it, those sent while no scanner answered too. Without one they wait on."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from flows.work import Work
from reunify.bootstrap import House
from reunify.db import Database
from reunify.files import evidence
from reunify.files import evidence_queries as queries
from reunify.files.ports import Unavailable
from reunify.kernel.people import System

BY = System("scan_evidence")
ASK_AGAIN = timedelta(seconds=30)
_AT_ONCE = 20  # each may be 10 MB


def work(house: House) -> Work:
    scanning = Scanning(house)
    return Work("scan_evidence", scanning.find, scanning.scan, acts_as=BY, verbs=(evidence.note_scan,))


class Scanning:
    """A scanner that does not answer is asked again after half a minute; the papers wait meanwhile."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._scanner = house.scanner
        self._silent_until: datetime | None = None

    def find(self, db: Database, limit: int) -> list[UUID]:
        silent = self._silent_until is not None and self._house.now() < self._silent_until
        if self._scanner is None or silent:
            return []
        with db.read() as session:
            return queries.waiting_for_scan(session, limit=min(limit, _AT_ONCE))

    def scan(self, ids: list[UUID], run: str | None) -> int:
        """Returns how many are clean or infected now. The scan itself runs outside any transaction."""
        assert self._scanner is not None
        scanned = 0
        for one in ids:
            with self._house.db.read() as session:
                content = queries.to_scan(session, one)
            if content is None:
                continue
            answer = self._scanner.scan(content)
            if isinstance(answer, Unavailable):
                self._silent_until = self._house.now() + ASK_AGAIN
                return scanned
            with self._house.db.work() as session:
                scanned += evidence.note_scan(
                    session, evidence_id=one, scanned=answer, by=BY, now=self._house.now()
                )
        self._silent_until = None
        return scanned
