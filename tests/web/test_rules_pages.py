"""The pages of the rules: who reads and presses what; a change from the form to a family's answer."""

from __future__ import annotations

import copy
import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reunify.kernel.people import System
from reunify.rates.places import rules_folder
from reunify.rules import actions
from reunify.sandbox.families import sample_family
from tests.web.pages_world import AGAIN, text
from tests.web.rules_world import FUND, NOW, Hall, hall

__all__ = ["hall"]

PRESSES = ("Change these rules", "Begin its rules", "Ask to suspend this source")


@pytest.fixture(scope="module")
def draft(hall: Hall) -> str:
    return hall.begin("2027-06-01")


# Who reads what ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["ada", "ana", "ben", "dee", "noor", "sam"])
def test_everybody_reads_the_list_and_the_versions(hall: Hall, who: str) -> None:
    listed = hall.as_(who).get("/rules")
    assert listed.status_code == 200
    assert "Domestic reunification fund (organisation-set)" in text(listed)
    assert "Noor Haddad and Ada Lindqvist" in text(listed)
    page = hall.as_(who).get(f"/rules/versions/{hall.newest()}")
    assert page.status_code == 200
    writes = who in ("ada", "noor")
    for words in PRESSES:
        assert (words in text(listed)) is writes, words
    assert ("Ask to retire this version" in page.text) is writes


def test_a_version_is_read_in_sentences_and_tables_and_not_in_yaml(hall: Hall) -> None:
    page = hall.as_("ana").get(f"/rules/versions/{hall.newest()}")
    said = text(page)
    assert "Income as a percent of the organisation's limit is at most 100" in said
    assert "At least one must hold" in said
    assert "Su hijo o hija" in said or "su hijo o hija" in said
    assert "Organisation-set policy of the domestic reunification fund" in said
    assert "Yes; the proof is owed within 10 days" in said
    assert "at most $7,500.00 for a trip" in said
    assert "Exactly one row matches" in said
    assert "Place 40; lower pays first." in said
    assert "Came with the release, to be reviewed Nov 25" in said
    assert "Approved by Noor Haddad, with Ada Lindqvist" in said
    for yaml in ("require_any:", "<= 100", "say:", "income_percent_of_limit"):
        assert yaml not in said


def test_every_version_of_every_source_can_be_read_and_taken_away(hall: Hall) -> None:
    dee = hall.as_("dee")
    found = sorted(set(re.findall(r"/rules/versions/[0-9a-f]{64}", dee.get("/rules").text)))
    assert len(found) >= 10
    for address in found:
        page = dee.get(address)
        assert page.status_code == 200, address
        files = re.findall(rf"{address}/files/[^\"]+", page.text)
        assert len(files) >= 2
        for file in files:
            taken = dee.get(file)
            assert taken.status_code == 200
            assert taken.headers["content-disposition"].startswith("attachment;")
            assert taken.text.strip()
    assert dee.get(f"{found[0]}/files/_fields.yaml").status_code == 404
    assert dee.get("/rules/versions/" + "0" * 64).status_code == 404


@pytest.mark.parametrize(
    ("who", "answer"), [("ana", 403), ("ben", 403), ("dee", 200), ("noor", 200), ("sam", 403)]
)
def test_drafts_are_read_by_authors_and_auditors_and_changed_by_authors(
    hall: Hall, draft: str, who: str, answer: int
) -> None:
    pages = ["", "/requirements/0", "/tables/0", "/tables/0/csv", "/examples", "/text"]
    for page in pages:
        assert hall.as_(who).get(draft + page).status_code == answer, page
    if who != "noor":
        for page in (
            "",
            "/requirements",
            "/requirements/0",
            "/tables/0",
            "/examples",
            "/text",
            "/submit",
            "/abandon",
        ):
            assert hall.as_(who).post(draft + page, data={"revision": "1"}).status_code == 403, page
    if who == "dee":
        shown = hall.as_("dee").get(draft)
        assert "Rules authors change it." in text(shown)
        assert "Hand in for review" not in shown.text
        assert "fieldset disabled" in shown.text


def test_a_draft_nobody_began_is_not_there(hall: Hall, draft: str) -> None:
    nowhere = "/rules/drafts/00000000-0000-0000-0000-000000000000"
    for path in (
        nowhere,
        f"{nowhere}/text",
        f"{draft}/requirements/99",
        f"{draft}/requirements/x",
        f"{draft}/tables/7",
    ):
        assert hall.as_("noor").get(path).status_code == 404, path


# From the form to a family's answer ---------------------------------------------------------------------
def test_a_new_income_limit_goes_from_the_form_to_the_answer_of_a_family(hall: Hall) -> None:
    noor, ada = hall.as_("noor"), hall.as_("ada")
    assert answer_of(hall, submitted(hall)) == "ineligible"
    draft = hall.begin("2026-11-26")
    done = hall.typed(hall.requirement(draft, "DR-05"), g1t0_value="120", do="back")
    assert "The draft is saved." in text(done)
    assert "is at most 120" in text(done), "what changes is said in words"
    refused = noor.post(f"{draft}/submit")
    assert refused.status_code == 422
    assert "expects ineligible, but the rules answer eligible" in text(refused)
    prove_again(hall, draft)
    handed_in = noor.post(f"{draft}/submit")
    version = str(handed_in.url.path)
    assert "It is handed in." in text(handed_in)
    assert "You wrote this version" in text(handed_in)
    assert "/approve" not in handed_in.text
    assert noor.post(f"{version}/approve").status_code == 403

    waiting = ada.get(version)
    assert "it is waiting to be run" in text(waiting)
    assert "/approve" not in waiting.text
    assert ada.post(f"{version}/approve").status_code == 422
    assert "It waits to be run." in text(ada.get(f"{version}/replay"))
    hall.work_off()
    assert "Nothing is missing." in text(ada.get(version))
    the_report_is_read(hall, version)
    approved = ada.post(f"{version}/approve", data={"reason": "The board decided it."})
    assert "Approved. It answers from its day on." in text(approved)
    assert "Approved by Ada Lindqvist" in text(approved)
    assert "The board decided it." in text(approved)
    assert answer_of(hall, submitted(hall)) == "eligible"


def submitted(hall: Hall) -> str:
    """A family of three in Idaho at 110 percent of the limit, on the road from December 1."""
    told: dict[str, Any] = copy.deepcopy(sample_family("e", NOW.date()).draft)
    told["household"]["yearly_income_cents"] = 6_000_000
    ana = hall.as_("ana")
    request = str(ana.post("/api/v1/requests", json=told).json()["id"])
    assert ana.post(f"/api/v1/requests/{request}/submission", json=AGAIN).status_code == 202
    hall.work_off()
    return request


def answer_of(hall: Hall, request: str) -> str:
    progress = hall.as_("ana").get(f"/api/v1/requests/{request}/progress").json()
    return next(str(s["answer"]) for s in progress["sources"] if s["source"] == FUND)


def prove_again(hall: Hall, draft: str) -> None:
    """The example at 101 becomes one at 121, and one exactly at the limit is added."""
    noor = hall.as_("noor")
    page = noor.get(f"{draft}/examples")
    assert ": 1 fails" in text(page)
    number = re.findall(r"examples\?edit=(\d+)#one", page.text)[0]
    fields = {"name": "Just over the limit", "answer": "ineligible", "because": "DR-05"}
    sent = fields | {
        "fact-income_percent_of_limit": "121",
        "do": f"keep:{number}",
        "revision": hall.revision(draft),
    }
    assert ": 1 fails" not in text(noor.post(f"{draft}/examples", data=sent))
    sent = {"name": "Exactly at the new limit", "answer": "eligible", "fact-income_percent_of_limit": "120"}
    added = noor.post(f"{draft}/examples", data=sent | {"do": "keep", "revision": hall.revision(draft)})
    assert "Exactly at the new limit" in text(added)
    assert "Every requirement decides at least one of them." in text(noor.get(draft))


def the_report_is_read(hall: Hall, version: str) -> None:
    """An auditor and an author read a name that leads nowhere; the supervisor of the team the reference."""
    for who, link in (("ada", False), ("dee", False), ("sam", True)):
        page = hall.as_(who).get(f"{version}/replay")
        said = text(page)
        assert "Ineligible Eligible" in said, who
        assert "DR-05" in said
        assert "would become a yes" in said
        assert 'role="img"' in page.text
        assert ('href="/requests/' in page.text) is link, who
        assert bool(re.search("Child [A-Z0-9]{6}", said)) is not link, who
        for fact in ("60,000", "Brandt", "110"):
            assert fact not in said, f"{who} reads {fact}"
    for who in ("ana", "ben"):
        assert hall.as_(who).get(f"{version}/replay").status_code == 403


def test_a_version_is_sent_back_with_its_reason_and_its_draft_goes_on(hall: Hall) -> None:
    draft = hall.begin("2027-03-01")
    version = str(hall.as_("noor").post(f"{draft}/submit").url.path)
    ada = hall.as_("ada")
    missing = ada.post(f"{version}/send-back", data={"reason": ""})
    assert missing.status_code == 422
    assert "Say why, in a few words." in text(missing)
    back = ada.post(f"{version}/send-back", data={"reason": "Section 5 is cited wrongly"})
    assert "Sent back by Ada Lindqvist" in text(back)
    assert "Section 5 is cited wrongly" in text(back)
    assert f'href="{draft}"' in back.text
    assert "Hand in for review" in text(hall.as_("noor").get(draft))


def test_what_a_release_ships_takes_the_yes_of_two(hall: Hall, tmp_path: Path) -> None:
    (sha256,) = shipped_anew(hall, tmp_path)
    version = f"/rules/versions/{sha256}"
    noor, ada = hall.as_("noor"), hall.as_("ada")
    assert "a version to review" in text(ada.get("/rules"))
    assert "It came with the release: two rules authors say yes." in text(ada.get(version))
    assert "send-back" not in ada.get(version).text, "there is no draft it could go back to"
    first = ada.post(f"{version}/approve")
    assert "That is the first yes." in text(first)
    assert "You said the first yes." in text(first)
    assert f"{version}/approve" not in first.text
    assert ada.post(f"{version}/approve").status_code == 403
    waiting = noor.get(version)
    assert "it is waiting to be run" in text(waiting)
    hall.work_off()
    done = noor.post(f"{version}/approve")
    assert "Approved by Noor Haddad, with Ada Lindqvist" in text(done)


def shipped_anew(hall: Hall, folder: Path) -> tuple[str, ...]:
    """The fund's rules as a release would ship them for another day."""
    place = folder / FUND
    place.mkdir()
    shutil.copy(rules_folder() / "_fields.yaml", folder)
    for file in (rules_folder() / FUND).glob("2026-01-01.*"):
        words = file.read_text().replace("2026-01-01", "2027-07-01")
        (place / file.name.replace("2026-01-01", "2027-07-01")).write_text(words)
    with hall.house.db.work() as session:
        return actions.load_shipped(session, folder=folder, by=System("release"), now=NOW)


# Two people for what is in force ---------------------------------------------------------------------------
def test_a_source_is_suspended_and_let_answer_again_by_two_people_each_time(hall: Hall) -> None:
    at, name = "/rules/sources/home_free", "Home Free"
    noor, ada, sam = hall.as_("noor"), hall.as_("ada"), hall.as_("sam")
    empty = noor.post(f"{at}/suspension", data={"reason": ""})
    assert empty.status_code == 422
    assert "Say why, in a few words." in text(empty)
    asked = noor.post(f"{at}/suspension", data={"reason": "The carrier ended it"})
    assert "The source goes on answering until a colleague confirms." in text(asked)
    assert f"{at}/suspension/confirm" not in asked.text, "whoever asked finds no button"
    assert noor.post(f"{at}/suspension/confirm").status_code == 403
    assert f"{at}/suspension/confirm" in sam.get("/rules").text
    assert f"{at}/suspension/confirm" not in hall.as_("ana").get("/rules").text
    done = sam.post(f"{at}/suspension/confirm")
    assert "From now on this source asks staff." in text(done)
    assert "Suspended: asks staff" in text(done)
    again = ada.post(f"{at}/resumption", data={"reason": "It runs again"})
    assert f"{at}/resumption/confirm" not in again.text
    assert sam.post(f"{at}/resumption/confirm").status_code == 403
    assert "answer again." in text(noor.post(f"{at}/resumption/confirm"))
    assert "Suspended: asks staff" not in text(noor.get("/rules"))
    assert name in text(noor.get("/rules"))
    assert noor.post("/rules/sources/nowhere/suspension", data={"reason": "why not"}).status_code == 404


def test_rules_in_force_are_retired_by_two_people(hall: Hall) -> None:
    version = f"/rules/versions/{hall.newest('florida_relocation')}"
    asked = hall.as_("noor").post(f"{version}/retire", data={"reason": "The statute ended"})
    assert "It is retired when another rules author confirms it." in text(asked)
    assert "You asked to retire this version." in text(asked)
    assert "Confirm: retire this version" in text(hall.as_("ada").get(version))
    done = hall.as_("ada").post(f"{version}/retire", data={"reason": "Seen", "confirms": "yes"})
    assert "Retired by Ada Lindqvist, with Noor Haddad" in text(done)


@pytest.mark.parametrize(
    "act",
    [f"{kind}{act}" for kind in ("suspension", "resumption") for act in ("", "/confirm", "/withdraw")],
)
def test_what_changes_answers_needs_a_passkey_just_now(hall: Hall, act: str) -> None:
    """Nothing typed is lost while it is proved."""
    noor = hall.as_("noor")
    hall.clock.at = NOW + timedelta(minutes=6)
    try:
        asked = noor.post(f"/rules/sources/{FUND}/{act}", data={"reason": "A court stopped it"})
        for verb in ("approve", "retire", "retire/withdraw"):
            assert noor.post(f"/rules/versions/{hall.newest()}/{verb}").status_code == 401
        assert noor.post(f"/rules/versions/{hall.newest()}/replay").status_code == 200, "this changes nothing"
    finally:
        hall.clock.at = NOW
    assert asked.status_code == 401
    assert "A court stopped it" in asked.text
    assert "Suspended: asks staff" not in text(noor.get("/rules"))


# Beginning ------------------------------------------------------------------------------------------------
def test_a_new_source_begins_empty_and_says_what_it_needs(hall: Hall) -> None:
    noor = hall.as_("noor")
    for sent, remedy in (
        ({"source": "Not A Name", "effective_from": "2027-01-01"}, "Name the source in small letters"),
        ({"source": "good_name", "effective_from": ""}, "Choose the first day"),
        ({"source": "good_name", "effective_from": "soon"}, "Choose the first day"),
        ({"source": FUND, "effective_from": "2027-01-01"}, "There is a source of this name already."),
    ):
        refused = noor.post("/rules/drafts", data=sent)
        assert refused.status_code == 422, sent
        assert remedy in text(refused)
        assert f'value="{sent["source"]}"' in refused.text
    begun = noor.post("/rules/drafts", data={"source": "county_fund", "effective_from": "2027-01-01"})
    draft = str(begun.url.path)
    said = text(begun)
    assert "CF-01 It is safe and lawful to bring this child to this adult" in said, (
        "every held source carries it"
    )
    assert "There is no example." in said
    assert "top, `public_name`: found nothing" in said or "Found nothing." in said
    kept = hall.typed(draft, name="County fund", **{"public_name/en": "County fund", "pays": "lodging"})
    assert "The draft is saved." in text(kept)
    assert "Name families read (Spanish)" in text(kept)
    assert hall.revision(draft) == "2"
    assert "source: county_fund" in noor.get(f"{draft}/text").text
    assert noor.post(f"{draft}/abandon").status_code == 409, "it does not say what was read"
    assert noor.post(f"{draft}/abandon", data={"revision": "2"}).status_code == 200
    assert "It was handed in and is not changed any more." not in text(noor.get("/rules"))
