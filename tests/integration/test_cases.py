"""Whose case it is: lists and single cases agree; a hand-over, a night opening, an order for true names."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from reunify.adapters.examining import examined_here
from reunify.db import Database
from reunify.files.evidence_policy import MediaType
from reunify.files.ports import Clean, Examined, Infected, Scanned, Unavailable
from reunify.identity import delegation, family_links
from reunify.identity.family_links import NewLink
from reunify.identity.policy import LinkNotOpen
from reunify.identity.queries import holders
from reunify.identity.records import Recovery, StaffRecord
from reunify.intake import actions, cases, disclosing, disclosures, order_papers, queries, reach
from reunify.intake.case_records import CaseOpening, DisclosureRecord
from reunify.intake.order_papers import OrderPaper
from reunify.kernel.ids import RequestId, StaffId
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import BadInput, NotAllowed, NotFound
from reunify.kernel.sight import Sight
from reunify.sandbox.families import sample_family
from reunify.vault.keepers import HOUSE
from tests import papers
from tests.integration.people_world import hire, standing
from tests.objects import stored

DAY = timedelta(days=1)
ROLES = {
    "ana": (Role.CASE_MANAGER,),
    "amy": (Role.CASE_MANAGER,),
    "eli": (Role.CASE_MANAGER,),
    "lone": (Role.CASE_MANAGER,),
    "sue": (Role.SUPERVISOR,),
    "sam": (Role.SUPERVISOR,),
    "ben": (Role.FINANCE_APPROVER, Role.FINANCE_RELEASER),
    "dee": (Role.AUDITOR,),
    "dan": (Role.AUDITOR,),
    "ada": (Role.ADMINISTRATOR,),
}
TEAMS = {"ana": "north", "amy": "north", "sue": "north", "eli": "south", "sam": "south", "ben": "north"}


@dataclass
class Office:
    db: Database
    people: dict[str, Staff]
    submitted: RequestId
    reference: str
    draft: RequestId

    def sight(self, who: str, request_id: RequestId, now: datetime) -> Sight:
        """What the single page gives; and the list must say the same."""
        by = self.people[who]
        with self.db.read() as session:
            listed = {r.id: seen for r, seen in reach.requests(session, by=by, now=now)}
            try:
                alone = reach.reach(session, request_id, by=by, now=now).sight
            except NotFound:
                alone = Sight.NONE
        assert listed.get(request_id, Sight.NONE) is alone
        return alone


@pytest.fixture
def office(db: Database, now: datetime) -> Office:
    family = sample_family("d", now.date()).draft
    with db.work() as session:
        for name, roles in ROLES.items():
            staff = hire(session, name, *roles, now=now)
            session.get_one(StaffRecord, staff.id).team = TEAMS.get(name)
    with db.work() as session:
        ids = session.execute(sa.select(StaffRecord.username, StaffRecord.id)).all()
        people = {username: standing(session, StaffId(i), now) for username, i in ids}
        ana = people["ana"]
        kept = actions.create(session, draft=family, by=ana, now=now)
        draft = actions.create(session, draft=family, by=ana, now=now)
        types = [family["case"]["case_type"]]
        actions.submit(session, request_id=kept.id, case_types=types, by=ana, now=now)
    return Office(db, people, kept.id, kept.reference, draft.id)


SIGHTS = {
    "ana": (Sight.WHOLE, Sight.WHOLE),
    "amy": (Sight.WHOLE, Sight.WHOLE),
    "sue": (Sight.WHOLE, Sight.WHOLE),
    "eli": (Sight.NONE, Sight.NONE),
    "lone": (Sight.NONE, Sight.NONE),
    "sam": (Sight.NONE, Sight.NONE),
    "ben": (Sight.MONEY, Sight.NONE),
    "dee": (Sight.MASKED, Sight.NONE),
    "ada": (Sight.NONE, Sight.NONE),
}


@pytest.mark.asvs("8.2.2")
def test_a_list_shows_what_the_cases_own_page_shows_and_no_more(office: Office, now: datetime) -> None:
    for who, (submitted, draft) in SIGHTS.items():
        assert office.sight(who, office.submitted, now) is submitted, who
        assert office.sight(who, office.draft, now) is draft, who


# Somebody else's role -----------------------------------------------------------------------------------
def lend(office: Office, role: Role, lender: str, receiver: str, now: datetime) -> None:
    """The receiver stands as their next request would find them."""
    with office.db.work() as session:
        delegation.lend(
            session,
            lender_id=office.people[lender].id,
            receiver_id=office.people[receiver].id,
            role=role,
            starts_at=now,
            ends_at=now + DAY,
            by=office.people[lender],
            now=now,
        )
        office.people[receiver] = standing(session, office.people[receiver].id, now)


@pytest.mark.asvs("8.2.2")
def test_to_vouch_for_a_colleague_opens_none_of_their_cases(office: Office, now: datetime) -> None:
    eli, ana = office.people["eli"], office.people["ana"]
    with office.db.work() as session:
        session.add(
            Recovery(
                staff_id=ana.id,
                opened_by=eli.id,
                opened_at=now,
                first_hash="first",
                confirmed_by=office.people["ada"].id,
                confirmed_at=now,
                second_hash="second",
                ends_at=now + timedelta(minutes=30),
                tries_left=5,
                used_at=now,
            )
        )
        session.flush()
        office.people["eli"] = standing(session, eli.id, now)
    assert ana.id in office.people["eli"].stands_for
    assert office.sight("eli", office.submitted, now) is Sight.NONE


def test_who_covers_for_a_case_manager_reads_her_cases(office: Office, now: datetime) -> None:
    lend(office, Role.CASE_MANAGER, "ana", "sam", now)
    assert office.sight("sam", office.submitted, now) is Sight.WHOLE


@pytest.mark.asvs("8.2.2")
def test_a_lent_supervisors_role_leads_the_lenders_team_and_not_the_receivers(
    office: Office, now: datetime
) -> None:
    """Eli, of the south, leads the north for a day; Lou, of the north, the south."""
    with office.db.work() as session:
        lou = hire(session, "lou", Role.RULES_AUTHOR, team="north", now=now)
    office.people["lou"] = lou
    lend(office, Role.SUPERVISOR, "sue", "eli", now)
    lend(office, Role.SUPERVISOR, "sam", "lou", now)
    assert office.sight("eli", office.submitted, now) is Sight.WHOLE
    assert office.sight("lou", office.submitted, now) is Sight.NONE
    hand_over(office, "amy", "eli", now)
    with pytest.raises(NotFound):
        hand_over(office, "ana", "lou", now)


def test_a_supervisor_who_lends_her_role_opens_none_of_her_own_cases_by_it(
    office: Office, now: datetime
) -> None:
    """She has no team: nobody but whoever handles a case leads it."""
    with office.db.work() as session:
        both = hire(session, "bea", Role.CASE_MANAGER, Role.SUPERVISOR, now=now)
        kept = actions.create(session, draft=sample_family("d", now.date()).draft, by=both, now=now)
    office.people["bea"] = both
    lend(office, Role.SUPERVISOR, "bea", "eli", now)
    assert office.sight("eli", kept.id, now) is Sight.NONE


# Handed over --------------------------------------------------------------------------------------------
def hand_over(office: Office, to: str, by: str, now: datetime) -> None:
    with office.db.work() as session:
        cases.hand_over(
            session,
            request_id=office.submitted,
            to=office.people[to].id,
            team=holders(session, Role.CASE_MANAGER, team="north").keys(),
            by=office.people[by],
            now=now,
        )


def test_a_supervisor_hands_a_case_to_a_colleague_of_the_team_and_who_asked_stays_who_asked(
    office: Office, now: datetime
) -> None:
    hand_over(office, "amy", "sue", now)
    with office.db.read() as session:
        case = queries.request(session, office.submitted)
        audited = session.scalars(sa.text("SELECT detail FROM audit_entries WHERE verb = 'hand_over'")).all()
    ana, amy = office.people["ana"].id, office.people["amy"].id
    assert (case.handled_by, case.requested_by) == (amy, ana)
    assert audited == [{"from": str(ana), "to": str(amy)}]


def test_a_case_goes_to_no_other_team_and_is_handed_over_by_no_other_supervisor(
    office: Office, now: datetime
) -> None:
    with pytest.raises(cases.NotOfTheTeam):
        hand_over(office, "eli", "sue", now)
    with pytest.raises(NotFound):
        hand_over(office, "amy", "sam", now)
    with pytest.raises(NotAllowed):
        hand_over(office, "amy", "ana", now)


# Opened in an emergency ---------------------------------------------------------------------------------
WHY = "The mother called; her flight leaves at six."


def open_case(office: Office, who: str, now: datetime, reason: str = WHY, reference: str = "") -> None:
    with office.db.work() as session:
        cases.open_case(
            session,
            reference=reference or office.reference.lower(),
            reason=reason,
            by=office.people[who],
            now=now,
        )


def test_at_night_a_case_manager_opens_another_teams_case_for_twelve_hours_and_its_supervisor_reads_why(
    office: Office, now: datetime
) -> None:
    open_case(office, "eli", now)
    assert office.sight("eli", office.submitted, now) is Sight.WHOLE
    assert office.sight("lone", office.submitted, now) is Sight.NONE
    last = now + cases.ONE_NIGHT
    assert office.sight("eli", office.submitted, last - timedelta(seconds=1)) is Sight.WHOLE
    assert office.sight("eli", office.submitted, last) is Sight.NONE
    with office.db.work() as session:
        (told,) = cases.openings_to_look_at(session, teams={"north"}, now=now)
        assert (told.opened_by, told.reason) == (office.people["eli"].id, WHY)
        assert cases.openings_to_look_at(session, teams={"south"}, now=now) == []
        with pytest.raises(NotFound):
            cases.look_at_opening(session, opening_id=told.id, by=office.people["sam"], now=now)
        cases.look_at_opening(session, opening_id=told.id, by=office.people["sue"], now=now)
        assert cases.openings_to_look_at(session, teams={"north"}, now=now) == []


def make_link(office: Office, who: str, now: datetime) -> NewLink:
    by = office.people[who]
    with office.db.work() as session:
        case = reach.reach(session, office.submitted, by=by, now=now)
        return family_links.make_family_link(
            session, request_id=office.submitted, reader="mother", within=case.opened, by=by, now=now
        )


def opens(office: Office, link: NewLink, now: datetime) -> bool:
    try:
        with office.db.work() as session:
            return family_links.open_family_link(session, token=link.token, pin=link.pin, now=now) is not None
    except LinkNotOpen:
        return False


@pytest.mark.asvs("8.2.2", "8.3.2")
def test_a_family_link_made_in_an_emergency_opening_ends_with_it(office: Office, now: datetime) -> None:
    open_case(office, "eli", now)
    link = make_link(office, "eli", now + timedelta(hours=11))
    last = now + cases.ONE_NIGHT
    with office.db.work() as session:
        token = family_links.open_family_link(
            session, token=link.token, pin=link.pin, now=last - timedelta(minutes=5)
        )
        assert token is not None
    assert opens(office, link, last - timedelta(seconds=1))
    assert not opens(office, link, last)
    with office.db.read() as session:
        assert family_links.family_of(session, token=token, now=last - timedelta(seconds=1))
        assert family_links.family_of(session, token=token, now=last) is None


def test_whose_case_it_is_makes_a_link_that_lasts_though_they_opened_it_in_an_emergency_too(
    office: Office, now: datetime
) -> None:
    open_case(office, "amy", now)
    link = make_link(office, "amy", now)
    assert opens(office, link, now + cases.ONE_NIGHT)
    with office.db.read() as session:
        (told,) = cases.openings_to_look_at(session, teams={"north"}, now=now)
    assert told.links == 0


def test_the_supervisor_sees_that_a_link_was_made_and_looking_at_it_closes_the_link(
    office: Office, now: datetime
) -> None:
    open_case(office, "eli", now)
    link = make_link(office, "eli", now)

    def to_look_at() -> list[cases.Opening]:
        with office.db.read() as session:
            return cases.openings_to_look_at(session, teams={"north"}, now=now)

    (told,) = to_look_at()
    assert told.links == 1
    with office.db.work() as session:
        cases.look_at_opening(session, opening_id=told.id, by=office.people["sue"], now=now)
    assert not opens(office, link, now)
    assert to_look_at() == []
    assert office.sight("eli", office.submitted, now) is Sight.WHOLE


def test_an_opening_comes_back_to_the_supervisor_when_a_link_is_made_after_she_looked(
    office: Office, now: datetime
) -> None:
    open_case(office, "eli", now)
    with office.db.work() as session:
        (told,) = cases.openings_to_look_at(session, teams={"north"}, now=now)
        cases.look_at_opening(session, opening_id=told.id, by=office.people["sue"], now=now)
    link = make_link(office, "eli", now)
    with office.db.work() as session:
        (again,) = cases.openings_to_look_at(session, teams={"north"}, now=now)
        assert (again.id, again.links) == (told.id, 1)
        cases.look_at_opening(session, opening_id=told.id, by=office.people["sue"], now=now)
    assert not opens(office, link, now)


def test_no_reason_no_case_and_a_wrong_reference_or_a_draft_says_the_same(
    office: Office, now: datetime
) -> None:
    with pytest.raises(cases.ReasonNeeded):
        open_case(office, "eli", now, reason="urgent")
    with office.db.read() as session:
        draft = queries.request(session, office.draft).reference
    for reference in ("R-333333", draft):
        with pytest.raises(cases.NoSuchReference, match="There is no such request"):
            open_case(office, "eli", now, reference=reference)
    for who in ("sue", "ben", "dee", "ada"):
        with pytest.raises(NotAllowed):
            open_case(office, who, now)
    with office.db.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(CaseOpening)) == 0


def test_why_a_case_was_opened_is_sealed(office: Office, now: datetime) -> None:
    open_case(office, "eli", now)
    with office.db.read() as session:
        kept = session.scalar(sa.text("SELECT reason FROM case_openings"))
    assert b"flight" not in bytes(kept)


# True names by order ------------------------------------------------------------------------------------
def propose(office: Office, now: datetime, by: str = "ada", **changed: object) -> None:
    said = {
        "reader": office.people["dee"].id,
        "asked_by": "J. Doe, Office of the Inspector General",
        "basis": "agency_head",
        "paper": "OIG-2026-118, in the safe",
        "attached": OrderPaper(b"as sent", MediaType.JPEG, b"drawn again", MediaType.JPEG),
        "references": [office.reference],
        "starts_at": now,
        "ends_at": now + 30 * DAY,
    } | changed
    with office.db.work() as session:
        auditors = holders(session, Role.AUDITOR).keys()
        disclosing.propose(session, auditors=auditors, by=office.people[by], now=now, **said)  # type: ignore[arg-type]


def looked_into(content: bytes, scanned: Scanned | None) -> OrderPaper:
    class Here:
        def examine(self, content: bytes) -> Examined:
            return examined_here(content)

    class Scanner:
        def scan(self, content: bytes) -> Scanned:
            assert scanned is not None
            return scanned

    return order_papers.looked_into(content, examiner=Here(), scanner=Scanner() if scanned else None)


def test_an_order_is_examined_and_scanned_before_it_is_taken() -> None:
    pdf, photo = papers.pdf(), papers.photo()
    assert looked_into(pdf, Clean()).shown == pdf
    drawn = looked_into(photo, None)
    assert (drawn.original, drawn.shown_type) == (photo, MediaType.JPEG)
    assert drawn.shown != photo
    for content, scanned, told in [
        (b"", Clean(), "Attach the approval"),
        (b"MZ, not a paper", Clean(), "neither a photo"),
        (pdf, Infected("Eicar"), "malware"),
        (photo, Infected("Eicar"), "malware"),
        (pdf, Unavailable("silent"), "No malware scanner answers"),
        (pdf, None, "No malware scanner answers"),
    ]:
        with pytest.raises(order_papers.OrderNotTaken, match=told):
            looked_into(content, scanned)


def test_the_attached_order_is_sealed_by_the_house_and_every_opening_is_written_down(
    office: Office, now: datetime
) -> None:
    propose(office, now)
    assert the_order(office).file_sha256 == hashlib.sha256(b"as sent").hexdigest()
    with office.db.read() as session:
        whose = session.scalars(sa.text("SELECT keeper FROM files_blobs")).all()
        sealed = stored(session)
    assert set(whose) == {HOUSE}
    assert not any(b"as sent" in content or b"drawn" in content for content in sealed)
    for who in ("ada", "sue"):
        with office.db.work() as session:
            opened = order_papers.show(
                session, disclosure_id=the_order(office).id, by=office.people[who], now=now
            )
        assert (opened.content, opened.media_type) == (b"drawn again", MediaType.JPEG)
    for who in ("dee", "ana", "ben"):
        with office.db.work() as session, pytest.raises(NotAllowed):
            order_papers.show(session, disclosure_id=the_order(office).id, by=office.people[who], now=now)
    with office.db.read() as session:
        read = session.scalars(
            sa.text("SELECT actor FROM audit_entries WHERE subject = 'disclosure' AND verb = 'download'")
        ).all()
    assert set(read) == {f"staff:{office.people[who].id}" for who in ("ada", "sue")}


def the_order(office: Office) -> disclosures.Disclosure:
    with office.db.read() as session:
        (found,) = disclosures.every(session)
    return found


def confirm(office: Office, by: str, now: datetime) -> None:
    with office.db.work() as session:
        disclosing.confirm(session, disclosure_id=the_order(office).id, by=office.people[by], now=now)


def test_an_order_shows_true_names_to_its_reader_only_once_two_people_stand_behind_it(
    office: Office, now: datetime
) -> None:
    propose(office, now)
    assert office.sight("dee", office.submitted, now) is Sight.MASKED
    confirm(office, "sue", now)
    assert office.sight("dee", office.submitted, now) is Sight.WHOLE
    assert office.sight("dan", office.submitted, now) is Sight.MASKED
    assert office.sight("dee", office.submitted, now + 30 * DAY) is Sight.MASKED


def test_an_order_begins_on_its_day_and_ends_at_once_when_it_is_ended(office: Office, now: datetime) -> None:
    propose(office, now, starts_at=now + DAY, ends_at=now + 2 * DAY)
    confirm(office, "sue", now)
    assert office.sight("dee", office.submitted, now) is Sight.MASKED
    assert office.sight("dee", office.submitted, now + DAY) is Sight.WHOLE
    with office.db.work() as session:
        disclosing.end(session, disclosure_id=the_order(office).id, by=office.people["ada"], now=now + DAY)
    assert office.sight("dee", office.submitted, now + DAY) is Sight.MASKED


def test_a_reader_who_is_no_auditor_any_more_reads_nothing(office: Office, now: datetime) -> None:
    propose(office, now)
    confirm(office, "sue", now)
    dee = office.people["dee"]
    office.people["dee"] = Staff(dee.id, dee.name, frozenset({Role.RULES_AUTHOR}))
    assert office.sight("dee", office.submitted, now) is Sight.NONE


WRONG: list[tuple[str, dict[str, object], str]] = [
    ("thirty days and one second", {"ends": 30 * DAY + timedelta(seconds=1)}, "/ends_at"),
    ("ends before it begins", {"ends": -DAY}, "/ends_at"),
    ("no ground", {"basis": "they asked nicely"}, "/basis"),
    ("no paper", {"paper": "  "}, "/paper"),
    ("nobody asks", {"asked_by": ""}, "/asked_by"),
    ("no case", {"references": []}, "/references"),
    ("a case nobody knows", {"references": ["R-333333"]}, "/references"),
    ("a reader who is no auditor", {"reader": "ben"}, "/reader"),
]


def test_an_order_that_does_not_hold_together_is_not_written_down(office: Office, now: datetime) -> None:
    for why, said, pointer in WRONG:
        changed = dict(said)
        if isinstance(ends := changed.pop("ends", None), timedelta):
            changed["ends_at"] = now + ends
        if "reader" in changed:
            changed["reader"] = office.people[str(changed["reader"])].id
        with pytest.raises(BadInput) as refused:
            propose(office, now, **changed)
        assert [p.pointer for p in refused.value.problems] == [pointer], why


def test_nobody_but_an_administrator_proposes_and_nobody_but_a_supervisor_confirms(
    office: Office, now: datetime
) -> None:
    for who in ("sue", "dee", "ana", "ben"):
        with pytest.raises(NotAllowed):
            propose(office, now, by=who)
    propose(office, now)
    for who in ("ada", "dee", "ana", "ben"):
        with pytest.raises(NotAllowed):
            confirm(office, who, now)


def test_an_order_is_confirmed_by_whoever_leads_the_cases_team(office: Office, now: datetime) -> None:
    propose(office, now)
    with pytest.raises(disclosing.OwnSupervisorConfirms, match="one for each team"):
        confirm(office, "sam", now)
    lend(office, Role.SUPERVISOR, "sue", "eli", now)
    confirm(office, "eli", now)
    assert office.sight("dee", office.submitted, now) is Sight.WHOLE


def test_whoever_wrote_it_down_never_confirms_it_whatever_else_they_are(
    office: Office, now: datetime
) -> None:
    propose(office, now)
    ada = office.people["ada"]
    office.people["both"] = Staff(ada.id, ada.name, frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR}))
    with pytest.raises(disclosing.AnotherMustConfirm):
        confirm(office, "both", now)
    sue = office.people["sue"]
    office.people["stands in"] = replace(sue, stands_for=frozenset({ada.id}))
    with pytest.raises(disclosing.AnotherMustConfirm):
        confirm(office, "stands in", now)


@pytest.mark.parametrize(
    "change",
    [
        "ends_at = starts_at + interval '31 days'",
        "confirmed_by = proposed_by, confirmed_at = now()",
        "file_sha256 = NULL",
        "shown_sha256 = repeat('0', 64)",
    ],
)
def test_the_database_refuses_a_longer_order_a_lone_signature_and_one_without_its_paper(
    office: Office, now: datetime, change: str
) -> None:
    propose(office, now)
    with pytest.raises(IntegrityError), office.db.work() as session:
        session.execute(sa.text(f"UPDATE {DisclosureRecord.__tablename__} SET {change}"))


def test_the_family_reads_who_was_told_and_its_case_manager_is_asked_to_tell_them(
    office: Office, now: datetime
) -> None:
    propose(office, now)
    with office.db.read() as session:
        assert disclosures.disclosures_for_family(session, office.submitted) == []
    confirm(office, "sue", now)
    with office.db.work() as session:
        (told,) = disclosures.disclosures_for_family(session, office.submitted)
        assert (told.asked_by, told.basis, told.told_at) == (
            "J. Doe, Office of the Inspector General",
            "agency_head",
            None,
        )
        (waiting,) = disclosures.to_tell(session, request_ids=[office.submitted])
        disclosing.mark_told(
            session,
            disclosure_id=waiting.disclosure_id,
            request_id=office.submitted,
            by=office.people["ana"],
            now=now,
        )
        assert disclosures.to_tell(session, request_ids=[office.submitted]) == []
    with office.db.read() as session:
        (told,) = disclosures.disclosures_for_family(session, office.submitted)
    assert told.told_at == now
