"""Papers sent in: kept sealed, scanned, shown to whom it may be, set aside unseen, handed over by two."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.adapters.examining import examined_here
from reunify.db import Database
from reunify.files import evidence, hand_over, objects, setting_aside
from reunify.files import evidence_queries as queries
from reunify.files.evidence import Sent
from reunify.files.evidence_policy import (
    MOST_FOR_A_REQUEST,
    HeldByQuarantine,
    HoldsMalware,
    Kind,
    NoLongerKept,
    NotScannedYet,
    Reason,
    SetAside,
    TooManyPapers,
    UnderLegalHold,
)
from reunify.files.ports import Clean, Infected
from reunify.kernel.ids import RequestId, StaffId, new_id
from reunify.kernel.moves import WrongState
from reunify.kernel.people import Family, Role, Staff, System
from reunify.kernel.refusals import NotAllowed, Refused
from reunify.vault import keepers
from reunify.vault.keepers import Erased
from tests import papers

SCANNER = System("scan_evidence")
REQUEST, ANOTHER = RequestId(uuid4()), RequestId(uuid4())
ANA = Staff(StaffId(new_id()), "Ana", frozenset({Role.CASE_MANAGER}))
BEN = Staff(StaffId(new_id()), "Ben", frozenset({Role.CASE_MANAGER}))
SUE = Staff(StaffId(new_id()), "Sue", frozenset({Role.SUPERVISOR}))
ADAM = Staff(StaffId(new_id()), "Adam", frozenset({Role.ADMINISTRATOR}))
MOTHER, FATHER = Family(new_id(), reader="mother"), Family(new_id(), reader="father")
PHOTO, PDF = papers.photo(), papers.pdf()


def kept(
    db: Database,
    now: datetime,
    content: bytes = PHOTO,
    by: Staff | Family = MOTHER,
    of: RequestId = REQUEST,
    kind: Kind = Kind.POLICE_REPORT,
) -> UUID:
    sent = Sent(content, kind, "holiday.jpg")
    with db.work() as session:
        return evidence.keep(
            session, request_id=of, sent=sent, examined=examined_here(content), by=by, now=now
        )


def shown(
    db: Database, paper: UUID, by: Staff | Family, now: datetime, of: RequestId = REQUEST
) -> evidence.Opened:
    with db.work() as session:
        return evidence.show(session, evidence_id=paper, request_id=of, by=by, now=now)


def scanned(db: Database, paper: UUID, now: datetime, as_: Clean | Infected = Clean()) -> bool:  # noqa: B008
    with db.work() as session:
        return evidence.note_scan(session, evidence_id=paper, scanned=as_, by=SCANNER, now=now)


def quarantined(db: Database, paper: UUID, now: datetime, of: RequestId = REQUEST) -> int:
    with db.work() as session:
        return setting_aside.quarantine(session, evidence_id=paper, request_id=of, by=ANA, now=now)


def removed(
    session: Session, paper: UUID, now: datetime, of: RequestId = REQUEST, held: bool = False
) -> None:
    setting_aside.remove(
        session,
        evidence_id=paper,
        request_id=of,
        why="another family's",
        held=lambda _session, _request: held,
        by=ANA,
        now=now,
    )


def listed(db: Database, by: Staff = ANA, of: RequestId = REQUEST) -> dict[UUID, queries.Paper]:
    with db.read() as session:
        return {p.id: p for p in queries.papers(session, request_id=of, by=by)}


def parts(db: Database, paper: UUID) -> dict[str, bytes]:
    with db.read() as session:
        rows = session.execute(
            sa.text("SELECT part, object_key FROM evidence_bytes WHERE evidence_id = :id"), {"id": paper}
        )
        return {row.part: objects.current().get(row.object_key) or b"" for row in rows}


# Who may open -------------------------------------------------------------------------------------------
def test_before_the_scan_its_sender_alone_sees_the_safe_picture(db: Database, now: datetime) -> None:
    paper = kept(db, now)
    picture = shown(db, paper, MOTHER, now)
    assert papers.PLACE.encode() not in picture.content
    assert picture.file_name == f"paper-{paper.hex[:8]}-police-report.jpg"
    with pytest.raises(NotScannedYet):
        shown(db, paper, ANA, now)
    assert scanned(db, paper, now)
    assert shown(db, paper, ANA, now).content == picture.content


def test_before_the_scan_nobody_opens_a_pdf(db: Database, now: datetime) -> None:
    paper = kept(db, now, PDF)
    for by in (MOTHER, ANA):
        with pytest.raises(NotScannedYet):
            shown(db, paper, by, now)
    scanned(db, paper, now)
    assert shown(db, paper, ANA, now).content == PDF


def test_nobody_opens_malware(db: Database, now: datetime) -> None:
    paper = kept(db, now)
    scanned(db, paper, now, Infected("Marker"))
    for by in (MOTHER, ANA):
        with pytest.raises(HoldsMalware):
            shown(db, paper, by, now)
    assert listed(db)[paper].finding == "Marker"


@pytest.mark.asvs("8.2.2")
def test_another_household_of_the_same_child_sees_nothing_of_it(db: Database, now: datetime) -> None:
    paper = kept(db, now, by=MOTHER)
    scanned(db, paper, now)
    with pytest.raises(NoLongerKept):
        shown(db, paper, FATHER, now)
    with db.read() as session:
        assert queries.own_papers(session, request_id=REQUEST, by=FATHER) == []
        assert queries.paper(session, evidence_id=paper, request_id=REQUEST, by=FATHER) is None
        again = Family(new_id(), reader="mother")  # a new link of hers
        assert [p.id for p in queries.own_papers(session, request_id=REQUEST, by=again)] == [paper]


@pytest.mark.asvs("8.2.2")
def test_a_paper_is_found_under_its_own_request_only(db: Database, now: datetime) -> None:
    paper = kept(db, now)
    scanned(db, paper, now)
    with pytest.raises(NoLongerKept):
        shown(db, paper, ANA, now, of=ANOTHER)
    with pytest.raises(NoLongerKept):
        quarantined(db, paper, now, of=ANOTHER)
    with db.work() as session, pytest.raises(NoLongerKept):
        removed(session, paper, now, of=ANOTHER)


def test_finance_keeps_no_paper_and_opens_none(db: Database, now: datetime) -> None:
    paper = kept(db, now)
    scanned(db, paper, now)
    finance = Staff(StaffId(new_id()), "Carla", frozenset({Role.FINANCE_APPROVER, Role.AUDITOR}))
    with pytest.raises(NotAllowed):
        shown(db, paper, finance, now)


# Kept sealed, and told apart ----------------------------------------------------------------------------
def test_the_database_shows_neither_the_paper_nor_its_name_nor_which_file_it_is(
    db: Database, now: datetime
) -> None:
    paper = kept(db, now)
    with db.read() as session:
        row = (
            session.execute(sa.text("SELECT * FROM evidence WHERE id = :id"), {"id": paper}).mappings().one()
        )
    assert b"holiday" not in bytes(row["file_name"])
    assert len(row["original_mark"]) == 8  # keyed; a plain hash would tell a known file
    assert all(b"JFIF" not in content for content in parts(db, paper).values())
    with db.read() as session:
        assert queries.to_scan(session, paper) == PHOTO  # as it was sent


def test_the_same_file_twice_from_one_sender_is_one_paper(db: Database, now: datetime) -> None:
    assert kept(db, now) == kept(db, now)
    assert len(listed(db)) == 1


def test_the_same_file_elsewhere_is_seen_even_once_its_metadata_was_taken_off(
    db: Database, now: datetime
) -> None:
    first = kept(db, now)
    second = kept(db, now, by=FATHER)
    elsewhere = kept(db, now, papers.photo(orientation=6) + b"tail", of=ANOTHER)  # other bytes, same picture
    other = kept(db, now, papers.photo(color="green"))
    with db.read() as session:
        found = queries.same_file(session, request_id=REQUEST)
        assert found == {first: {REQUEST, ANOTHER}, second: {REQUEST, ANOTHER}}
        assert queries.same_file(session, request_id=ANOTHER) == {elsewhere: {REQUEST}}
    assert other not in found


def test_a_file_that_was_not_taken_leaves_its_name_and_why_and_nothing_else(
    db: Database, now: datetime
) -> None:
    sent = Sent(b"hello", Kind.RECEIPT, "invoice\u202egpj.exe")
    for _ in range(2):
        with db.work() as session:
            evidence.note_refused(
                session, request_id=REQUEST, sent=sent, reason=Reason.NOT_A_PAPER, by=MOTHER, now=now
            )
    (paper,) = listed(db).values()
    assert (paper.state, paper.reason, paper.file_name) == ("refused", Reason.NOT_A_PAPER, "invoicegpj.exe")
    assert parts(db, paper.id) == {}
    with pytest.raises(NoLongerKept):
        shown(db, paper.id, MOTHER, now)


def test_one_request_holds_a_hundred_papers(db: Database, now: datetime) -> None:
    with db.work() as session:
        for number in range(MOST_FOR_A_REQUEST - 1):
            sent = Sent(b"x", Kind.OTHER, f"{number}")
            evidence.note_refused(
                session, request_id=REQUEST, sent=sent, reason=Reason.NOT_A_PAPER, by=MOTHER, now=now
            )
    kept(db, now)
    with pytest.raises(TooManyPapers):
        kept(db, now, PDF)


# Set aside unseen ---------------------------------------------------------------------------------------
def test_what_is_set_aside_is_shown_to_nobody_and_kept_as_it_was_sent(db: Database, now: datetime) -> None:
    paper = kept(db, now)
    scanned(db, paper, now)
    before = parts(db, paper)
    assert quarantined(db, paper, now) == 1
    assert parts(db, paper) == {"original": before["original"]}  # untouched; the drawn picture is destroyed
    for by in (MOTHER, ANA, BEN, SUE):
        with pytest.raises(SetAside):
            shown(db, paper, by, now)
    assert not listed(db)[paper].openable
    with db.read() as session:
        assert queries.to_scan(session, paper) is None
    assert quarantined(db, paper, now) == 0


def test_every_copy_is_set_aside_with_it_and_every_later_one_on_arrival(db: Database, now: datetime) -> None:
    first, copy = kept(db, now), kept(db, now, of=ANOTHER, by=FATHER)
    scanned(db, first, now)
    assert quarantined(db, first, now) == 2
    with pytest.raises(SetAside):
        shown(db, copy, ANA, now, of=ANOTHER)
    later = kept(db, now, by=BEN)
    assert listed(db, BEN)[later].state == "quarantined"
    assert set(parts(db, later)) == {"original"}


def test_a_copy_in_another_case_tells_its_family_nothing_and_its_staff_not_who(
    db: Database, now: datetime
) -> None:
    """The other parent would learn that the picture was sent, and reported."""
    first, before = kept(db, now), kept(db, now, of=ANOTHER, by=FATHER)
    quarantined(db, first, now)
    after = kept(db, now, of=ANOTHER, by=Family(new_id(), reader="uncle"))
    with db.read() as session:
        (his,) = queries.own_papers(session, request_id=ANOTHER, by=FATHER)
        (hers,) = queries.own_papers(session, request_id=REQUEST, by=MOTHER)
    assert (his.state, his.openable, his.quarantined_at) == ("not_scanned", False, None)
    assert hers.state == "quarantined"  # set aside in her own case: staff have called her
    with pytest.raises(NotScannedYet):
        shown(db, before, FATHER, now, of=ANOTHER)
    for paper in (before, after):
        staffs = listed(db, of=ANOTHER)[paper]
        assert (staffs.state, staffs.quarantined_by) == ("quarantined", None)
    with db.read() as session:
        said = "SELECT actor FROM audit_entries WHERE verb LIKE '%quarantine%' AND subject_id = :id"
        assert session.scalars(sa.text(said), {"id": before}).all() == ["system:evidence"]


def test_other_metadata_do_not_bring_the_same_picture_back(db: Database, now: datetime) -> None:
    first, retagged = kept(db, now), kept(db, now, PHOTO + b"tail", of=ANOTHER)
    assert quarantined(db, first, now) == 2
    assert listed(db, of=ANOTHER)[retagged].state == "quarantined"
    later = kept(db, now, PHOTO + b"another tail", by=BEN)
    assert listed(db, BEN)[later].state == "quarantined"
    assert set(parts(db, later)) == {"original"}


def test_a_scan_that_ends_after_the_quarantine_brings_nothing_back(db: Database, now: datetime) -> None:
    paper = kept(db, now)
    quarantined(db, paper, now)
    assert not scanned(db, paper, now)
    assert listed(db)[paper].state == "quarantined"


def test_a_copy_cannot_slip_in_beside_its_quarantine(db: Database, now: datetime) -> None:
    paper = kept(db, now)
    with db.work() as session:
        setting_aside.quarantine(session, evidence_id=paper, request_id=REQUEST, by=ANA, now=now)
        copies: list[UUID] = []
        sending = threading.Thread(target=lambda: copies.append(kept(db, now, of=ANOTHER)))
        sending.start()
        sending.join(0.3)
        assert sending.is_alive()  # it waits for the quarantine to be written
    sending.join(10)
    assert listed(db, of=ANOTHER)[copies[0]].state == "quarantined"


def test_nobody_removes_it_and_retention_leaves_it(db: Database, now: datetime) -> None:
    paper, other = kept(db, now), kept(db, now, PDF)
    quarantined(db, paper, now)
    with db.work() as session, pytest.raises(WrongState):
        removed(session, paper, now)
    with db.work() as session, pytest.raises(HeldByQuarantine):
        evidence.erase(session, request_id=REQUEST, by=System("retention"), now=now)
    assert set(parts(db, other)) == {"original"}
    with db.read() as session:
        assert queries.holds_quarantine(session, REQUEST)
        assert not queries.holds_quarantine(session, ANOTHER)


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE evidence SET state = 'clean', quarantined_at = NULL",
        "DELETE FROM evidence_bytes",
        "DELETE FROM evidence",
    ],
)
def test_the_database_itself_holds_a_quarantine(db: Database, now: datetime, attack: str) -> None:
    quarantined(db, kept(db, now), now)
    with (
        pytest.raises(sa.exc.DBAPIError, match=r"quarantined paper|violates foreign key"),
        db.work() as session,
    ):
        session.execute(sa.text(attack))


def test_a_paper_sent_by_mistake_is_destroyed_and_the_note_of_it_stays(db: Database, now: datetime) -> None:
    paper = kept(db, now)
    with db.work() as session:
        removed(session, paper, now)
    assert parts(db, paper) == {}
    assert (listed(db)[paper].state, listed(db)[paper].file_name) == ("removed", "")
    with pytest.raises(NoLongerKept):
        shown(db, paper, MOTHER, now)
    assert kept(db, now) != paper  # she may send it again


def test_nothing_of_a_held_case_is_removed(db: Database, now: datetime) -> None:
    paper = kept(db, now)
    with db.work() as session, pytest.raises(UnderLegalHold, match="lift it, on the page Retention"):
        removed(session, paper, now, held=True)
    assert set(parts(db, paper)) == {"original", "safe"}


def test_an_identity_paper_has_a_key_of_its_own_that_goes_with_it(db: Database, now: datetime) -> None:
    """An old backup has the bytes; today's keys do not open them."""
    paper, other = kept(db, now, kind=Kind.IDENTITY), kept(db, now, PDF)
    before = parts(db, paper)["original"]
    with db.work() as session:
        removed(session, paper, now)
    with db.read() as session:
        assert keepers.erased_on(session, paper) == now
        assert keepers.erased_on(session, REQUEST) is None
    assert set(parts(db, other)) == {"original"}
    with db.work() as session:  # as the backup brings it back
        row = {"id": new_id(), "paper": paper, "request": REQUEST, "content": before}
        session.execute(
            sa.text(
                "INSERT INTO evidence_bytes (id, evidence_id, part, request_id, keeper, content) "
                "VALUES (:id, :paper, 'original', :request, :paper, :content)"
            ),
            row,
        )
    with db.read() as session, pytest.raises(Erased):
        evidence.bytes_of(session, paper, "original")


def test_retention_destroys_the_papers_of_a_request(db: Database, now: datetime) -> None:
    paper, other = kept(db, now), kept(db, now, of=ANOTHER)
    with db.work() as session:
        assert evidence.erase(session, request_id=REQUEST, by=System("retention"), now=now) == set()
    assert (parts(db, paper), set(parts(db, other))) == ({}, {"original", "safe"})


# Handed over by two -------------------------------------------------------------------------------------
def asked(db: Database, paper: UUID, now: datetime, by: Staff = SUE) -> UUID:
    with db.work() as session:
        return hand_over.ask(session, evidence_id=paper, handed_to="Det. Ruiz, report 7", by=by, now=now)


def agreed(db: Database, which: UUID, now: datetime, by: Staff = ADAM) -> None:
    with db.work() as session:
        hand_over.agree(session, hand_over_id=which, by=by, now=now)


def taken(db: Database, paper: UUID, now: datetime) -> bytes:
    with db.work() as session:
        return hand_over.take(session, evidence_id=paper, by=System("hand_over"), now=now)


def test_a_supervisor_asks_an_administrator_agrees_and_the_bytes_leave_once_as_sent(
    db: Database, now: datetime
) -> None:
    paper = kept(db, now)
    quarantined(db, paper, now)
    which = asked(db, paper, now)
    with pytest.raises(hand_over.NobodyAgreed):
        taken(db, paper, now)
    agreed(db, which, now)
    assert taken(db, paper, now) == PHOTO
    with pytest.raises(hand_over.NobodyAgreed):
        taken(db, paper, now)
    with db.read() as session:
        verbs = session.scalars(sa.text("SELECT verb FROM audit_entries ORDER BY id")).all()
    assert verbs == ["keep", "quarantine", "ask_hand_over", "agree_hand_over", "hand_over"]


def test_the_two_are_two_and_hold_the_roles(db: Database, now: datetime) -> None:
    paper = kept(db, now)
    quarantined(db, paper, now)
    both = Staff(StaffId(new_id()), "Both", frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR}))
    stands_for_sue = Staff(
        StaffId(new_id()), "Eve", frozenset({Role.ADMINISTRATOR}), stands_for=frozenset({SUE.id})
    )
    which = asked(db, paper, now, by=both)
    for by, refusal in ((both, hand_over.NotTheSamePerson), (SUE, NotAllowed), (ANA, NotAllowed)):
        with pytest.raises(refusal):
            agreed(db, which, now, by)
    with pytest.raises(hand_over.NotTheSamePerson):
        agreed(db, asked(db, paper, now), now, stands_for_sue)
    for by in (ANA, ADAM):
        with pytest.raises(NotAllowed):
            asked(db, paper, now, by)


def test_a_hand_over_stands_for_a_day_and_only_for_what_is_set_aside(db: Database, now: datetime) -> None:
    paper = kept(db, now)
    with pytest.raises(NoLongerKept):
        asked(db, paper, now)
    quarantined(db, paper, now)
    which = asked(db, paper, now)
    late = now + hand_over.HAND_OVER
    with pytest.raises(hand_over.NobodyAgreed):
        agreed(db, which, late)
    agreed(db, which, late - timedelta(seconds=1))
    with pytest.raises(hand_over.NobodyAgreed):
        taken(db, paper, late)


def test_every_refusal_tells_no_name(db: Database, now: datetime) -> None:
    paper = kept(db, now)
    with pytest.raises(Refused) as refused:
        shown(db, paper, ANA, now)
    assert "holiday" not in str(refused.value)
