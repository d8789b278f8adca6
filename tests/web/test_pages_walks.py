"""Requests walked through the pages: the question, the decision, the yes, the no, the log, the letter."""

from __future__ import annotations

import copy
import re
from datetime import date
from typing import Any

import pytest
from httpx2 import Response

from reunify.approval import queries as approval
from reunify.bootstrap import House
from reunify.disbursement import queries as disbursement
from reunify.sandbox.families import sample_family
from tests.papers import photo
from tests.web.pages_world import (
    AGAIN,
    TestClient,
    as_sent,
    browser,
    read_form,
    signed_in,
    text,
    work_off,
)

TODAY = date(2026, 11, 25)
BOY, FATHER, ABOVE, NO_REPORT = (sample_family(x, TODAY).draft for x in "bdef")


class Office:
    """The demo's people, each at their own browser."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.ana, self.ben, self.carla, self.dee = (
            signed_in(house, name) for name in ("ana", "ben", "carla", "dee")
        )

    def submit(self, draft: dict[str, Any]) -> str:
        """Ana submits; what the machine does is done. The request's page."""
        kept = self.ana.post("/api/v1/requests", json=draft).json()
        answer = self.ana.post(f"/api/v1/requests/{kept['id']}/submission", json=AGAIN)
        assert answer.status_code == 202, answer.text
        work_off(self.house)
        return f"/requests/{kept['id']}"

    def award(self) -> approval.Award:
        with self.house.db.read() as session:
            return approval.awards(session, states=["awaiting_approval", "approved", "released"])[-1]

    def family(self, request: str) -> TestClient:
        page = self.ana.post(f"{request}/family-link")
        address, pin = re.findall(r'class="secret[^"]*">([^<]+)<', page.text)
        phone = browser(self.house)
        phone.get(address)
        phone.post("/family", data={"pin": pin})
        return phone


@pytest.fixture
def office(house: House) -> Office:
    return Office(house)


def test_an_open_question_is_asked_answered_and_the_request_goes_on(office: Office) -> None:
    request = office.submit(NO_REPORT)
    page = office.ana.get(request)
    assert "What is the number of the police or agency report?" in text(page)
    assert "/case/report_number" in {c.name for c in read_form(page).sent}
    family = text(office.family(request).get("/family"))
    assert "We need to know one more thing" in family
    assert "What is the number of the police or agency report?" in family
    after = office.ana.post(f"{request}/answers", data={"/case/report_number": "SG-26-30981"})
    assert "The answers are kept." in text(after)
    work_off(office.house)
    assert "Awaiting approval" in text(office.ana.get(request))


def test_answering_nothing_is_said_at_the_question(office: Office) -> None:
    request = office.submit(NO_REPORT)
    page = office.ana.post(f"{request}/answers", data={"/case/report_number": "  "})
    assert page.status_code == 422
    assert "Answer at least one question." in text(page)


def test_finance_and_auditors_see_the_question_but_do_not_answer_it(office: Office) -> None:
    request = office.submit(NO_REPORT)
    assert "A case manager answers these." in text(office.ben.get(request))
    assert office.ben.post(f"{request}/answers", data={"/case/report_number": "X"}).status_code == 403


def test_the_return_authority_is_decided_with_a_reason_on_the_requests_page(office: Office) -> None:
    draft = copy.deepcopy(BOY)
    draft["return_authority"] |= {"decision": None, "decision_reason": None}
    request = office.submit(draft)
    page = office.ana.get(request)
    assert "Is it safe and lawful to bring this child to this adult?" in text(page)
    known = {"/return_authority/released_by", "/return_authority/called_back"}
    assert not known & as_sent(page).keys(), "what is known is not asked again"
    decided = {
        "/return_authority/decision": "safe_and_lawful",
        "/return_authority/decision_reason": "Called back; custody papers seen.",
    }
    office.ana.post(f"{request}/answers", data=decided)
    work_off(office.house)
    assert "Awaiting approval" in text(office.ana.get(request))


def test_what_the_decision_stands_on_is_asked_with_it_and_no_answer_is_lost(office: Office) -> None:
    draft = copy.deepcopy(BOY)
    draft["return_authority"] = {"abuse_suspected": "no"}  # so the home state is not the one to pay
    draft["travelers"][0]["role"] = "companion"
    request = office.submit(draft)
    asked = as_sent(office.ana.get(request))
    assert "/return_authority/suitability_finding" in asked
    decided = {
        "/return_authority/released_by": "Sample desk officer",
        "/return_authority/released_to": "mother",
        "/return_authority/called_back": "unknown",
        "/return_authority/custody_basis": "guardian",
        "/return_authority/decision": "safe_and_lawful",
        "/return_authority/decision_reason": "The papers were seen.",
    }
    again = office.ana.post(f"{request}/answers", data=decided)
    assert again.status_code == 422
    assert "was the agency or officer called back on a number we looked up?" in text(again)
    assert "write the suitability finding" in text(again)
    assert decided.items() <= as_sent(again).items()
    decided["/return_authority/called_back"] = "yes"
    decided["/return_authority/suitability_finding"] = "Home visit yesterday; she is suitable."
    assert "The answers are kept." in text(office.ana.post(f"{request}/answers", data=decided))
    work_off(office.house)
    assert "Awaiting approval" in text(office.ana.get(request))


def test_at_or_under_the_limit_one_second_person_approves_and_releases(office: Office) -> None:
    office.submit(FATHER)
    award = office.award()
    page = office.ben.get(f"/awards/{award.id}")
    assert "Approve and release" in text(page)
    released = office.ben.post(f"/awards/{award.id}/approve-and-release")
    assert "The award is released." in text(released)


def test_above_the_limit_the_approver_reads_why_a_colleague_must_release(office: Office) -> None:
    office.submit(BOY)
    award = office.award()
    assert "Approve and release" not in text(office.ben.get(f"/awards/{award.id}"))
    page = office.ben.post(f"/awards/{award.id}/approve")
    assert "You approved this award. Above $1,500.00 a colleague must release it." in text(page)
    assert "Release $1,583.60" not in text(page)
    assert office.ben.post(f"/awards/{award.id}/release").status_code == 403
    assert "Release $1,583.60" in text(office.carla.get(f"/awards/{award.id}"))


def test_whoever_entered_it_reads_why_a_colleague_decides(office: Office) -> None:
    office.submit(BOY)
    award = office.award()
    assert "Only a finance approver can do this." in text(office.ana.get(f"/awards/{award.id}"))
    assert office.ana.post(f"/awards/{award.id}/approve").status_code == 403


def test_an_auditor_reads_an_award_without_a_persons_name(office: Office) -> None:
    office.submit(BOY)
    page = office.dee.get(f"/awards/{office.award().id}")
    assert "Marisol" not in page.text
    assert "Peachtree Sample Inn" not in page.text
    assert "A vendor" in page.text


def test_declining_needs_a_reason_and_frees_the_money(office: Office) -> None:
    request = office.submit(BOY)
    award = office.award()
    empty = office.ben.post(f"/awards/{award.id}/decline", data={"reason": " "})
    assert empty.status_code == 422
    assert "Say why, in a few words." in text(empty)
    done = office.ben.post(f"/awards/{award.id}/decline", data={"reason": "Paid twice by mistake."})
    assert "You declined this award." in text(done)
    family = text(office.family(request).get("/family?lang=en"))
    assert "Let us talk about your trip" in family
    assert "declined" not in family.casefold()
    assert "This is the plan" not in family


def test_a_refusal_is_confirmed_by_a_named_person_and_the_family_gets_one_kind_letter(
    office: Office,
) -> None:
    request = office.submit(ABOVE)
    with office.house.db.read() as session:
        (refusal,) = approval.refusals(session, states=["proposed"])
    assert "No source can pay" in text(office.ben.get(f"/refusals/{refusal.id}"))
    phone = office.family(request)
    before = text(phone.get("/family"))
    assert "We are arranging your trip" in before
    for other in (office.dee, office.ben):  # the letter carries the name of a case manager
        assert other.post(f"/refusals/{refusal.id}/confirm").status_code == 403
    done = office.ana.post(f"/refusals/{refusal.id}/confirm")
    assert "You confirmed the refusal." in text(done)
    work_off(office.house)
    page = phone.get("/family")
    assert "We wrote you a letter" in text(page)
    assert_downloads(phone, page, {"pdf", "docx"})


def released(office: Office, draft: dict[str, Any]) -> str:
    request = office.submit(draft)
    award = office.award()
    office.ben.post(f"/awards/{award.id}/approve")
    office.carla.post(f"/awards/{award.id}/release")
    work_off(office.house)
    return request


def assert_downloads(phone: TestClient, page: Response, formats: set[str]) -> None:
    found = [link for link in read_form(page).links if "/documents/" in link]
    assert {link.rpartition("/")[2] for link in found} == formats
    for link in found:
        answer = phone.get(link)
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_payment_made_elsewhere_is_written_down_by_one_and_verified_by_another(office: Office) -> None:
    request = released(office, FATHER)
    with office.house.db.read() as session:
        (made,) = disbursement.in_state(session, "to_log")
    path = f"/payments/{made.id}"
    form = {
        "/instrument": "check",
        "/external_reference": "4471",
        "/paid_on": "2026-11-25",
        "/evidence": "Copy of the check seen.",
    }
    for name, wrong, remedy in (
        ("/paid_on", "2026-12-25", "The payment date lies in the future."),
        ("/paid_on", "soon", "Write the day it was paid, like 2026-10-01."),
        ("/instrument", "", "Choose how it was paid."),
        ("/external_reference", "", "Write the check, voucher, confirmation or bill number."),
        ("/evidence", "", "Write what you have seen: the bill, the bank line."),
    ):
        page = office.ben.post(f"{path}/record", data=form | {name: wrong})
        assert page.status_code == 422
        assert remedy in text(page)
        if name != "/evidence":
            assert "Copy of the check seen." in page.text
    office.ben.post(f"{path}/record", data=form)
    assert "ask a colleague to check it" in text(office.ben.get(path))
    assert office.ben.post(f"{path}/verify").status_code == 403
    refused = office.carla.post(f"{path}/verify")
    assert refused.status_code == 422
    assert "Attach the paper that shows this payment" in text(refused)
    paper = {"files": ("check.jpg", photo(), "image/jpeg")}
    assert "It is attached to this payment." in text(office.ben.post(f"{path}/paper", files=paper))
    (shown,) = re.findall(f'href="({path}/papers/[^"]+/file)"', office.carla.get(path).text)
    assert office.carla.get(shown).headers["content-type"] == "image/jpeg"
    assert "The payment is verified" in text(office.carla.post(f"{path}/verify"))
    assert "Paid" in text(office.ana.get(request))
    assert "$1,151.00 for Daniel Okafor Reyes: paid." in text(office.family(request).get("/family"))


def test_after_release_the_family_reads_approved_with_public_names_only(office: Office) -> None:
    request = released(office, BOY)
    phone = office.family(request)
    page = phone.get("/family?lang=en")
    said = text(page)
    assert "Your trip is approved" in said
    assert "Family Travel Fund" in said
    assert "Partner Hotel Nights" in said
    assert "$1,583.60" in said
    for inside in ("organisation-set", "Domestic reunification", "Quintero Mateo", "Mateo Quintero", "9531"):
        assert inside not in said
    assert_downloads(phone, page, {"pdf", "docx", "ics"})


def test_a_mother_who_reads_spanish_is_not_answered_in_her_phones_english(office: Office) -> None:
    request = released(office, BOY)
    page = office.ana.post(f"{request}/family-link")
    address, pin = re.findall(r'class="secret[^"]*">([^<]+)<', page.text)
    phone = browser(office.house)
    phone.headers["accept-language"] = "en-US"
    door = phone.get(address)
    assert "The 6 numbers" in text(door)
    assert "Su viaje está aprobado" in text(phone.post("/family", data=as_sent(door, pin=pin)))


def test_the_queue_and_the_balances_show_what_waits_and_what_is_left(office: Office) -> None:
    office.submit(BOY)
    office.submit(ABOVE)
    queue = text(office.ben.get("/finance"))
    assert "1 to approve" in queue
    assert "1 refusals to confirm" in queue
    funds = text(office.dee.get("/funds"))
    assert "Families read: Family Travel Fund." in funds
    assert "$1,060.60" in funds


def test_the_work_list_puts_each_request_under_whose_turn_it_is(office: Office) -> None:
    office.submit(NO_REPORT)
    office.submit(BOY)
    page = text(office.ana.get("/"))
    assert page.index("A case manager's turn") < page.index("Question open") < page.index("Finance's turn")
    assert page.index("Finance's turn") < page.index("Awaiting approval")


def test_staff_downloads_are_files_and_not_for_auditors(office: Office) -> None:
    request = released(office, BOY)
    page = office.ana.get(request)
    assert_downloads(office.ana, page, {"pdf", "docx", "ics"})
    assert "PDF (not tagged)" in text(page)
    link = next(link for link in read_form(page).links if link.startswith("/documents/"))
    assert office.dee.get(link).status_code == 403
    masked = {link for link in read_form(office.dee.get(request)).links if link.startswith("/documents/")}
    assert masked
    assert all(link.endswith("/masked") for link in masked)
