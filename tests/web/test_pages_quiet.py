"""The pages of the worst day: saying it, one screen of what stands, finance's button; another's request."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from flows import disburse
from reunify.adapters.embedded_postgres import Urls
from reunify.sandbox.families import sample_family
from tests.lasting import lasting_database
from tests.town import NOW, Town, built
from tests.web.pages_world import as_sent, signed_in, step_up, text

REASON = "The sheriff called; we called back on the number we know."


@pytest.fixture(scope="module")
def town(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    data = tmp_path_factory.mktemp("quiet")
    with lasting_database(server, administrator, settled_template) as db, built(db, data) as found:
        yield found


def test_saying_it_and_seeing_what_stands(town: Town) -> None:
    request_id = town.submitted(sample_family("d", NOW.date()).draft)
    award = town.progress(request_id)["award"]["id"]
    town.person("ben").act(town.diary, "approve and release", f"/awards/{award}/approval-and-release")
    disburse.instruct(town.house, disburse.find_awards(town.house.db, 10), None)
    (made,) = town.progress(request_id)["instructions"]
    ana, ben = signed_in(town.house, "ana"), signed_in(town.house, "ben")
    page = f"/requests/{request_id}/outcome"
    assert "stop everything automatic" in text(ana.get(f"/requests/{request_id}"))
    assert "Did it go terribly wrong?" in text(ana.get(page))
    step_up(ana, town.house, "ana")
    unchosen = ana.post(page, data={"reason": REASON})
    assert (unchosen.status_code, REASON in unchosen.text) == (422, True)
    short = ana.post(page, data={"outcome": "child_died", "reason": "no"})
    assert (short.status_code, "in a sentence" in text(short)) == (422, True)
    said = text(ana.post(page, data={"outcome": "child_died", "reason": REASON}))
    for words in ("The child died.", "Held back", "quiet-receipts-1", "Nothing is booked", "You recorded it"):
        assert words in said
    assert "See what stands" in text(ana.get(f"/requests/{request_id}"))
    payment = f"/payments/{made['id']}"
    assert "Let this payment go" in text(ben.get(payment))
    assert "Let this payment go" not in text(ben.post(f"{payment}/let-go"))
    assert ben.get(page).status_code == 403


def test_a_form_that_meets_another_request_asks_why_and_loses_nothing(town: Town) -> None:
    draft = sample_family("b", NOW.date()).draft
    town.submitted(draft)
    second = str(town.person("ana").act(town.diary, "enter", "/requests", draft)["id"])
    ana = signed_in(town.house, "ana")
    edit = f"/requests/{second}/edit"
    sent = as_sent(ana.get(edit)) | {"do": "submit"}
    asked = ana.post(edit, data=sent)
    assert asked.status_code == 422
    assert "Why this request goes on beside the other" in text(asked)
    assert "wants the same person" in text(asked)
    again = as_sent(asked) | {"do": "submit", "overlap_reason": "Both sides agreed on one seat."}
    assert "The request is submitted" in text(ana.post(edit, data=again))


def test_a_draft_can_be_quiet_too_and_its_page_opens(town: Town) -> None:
    draft = sample_family("d", NOW.date()).draft
    request_id = str(town.person("ana").act(town.diary, "enter", "/requests", draft)["id"])
    ana = signed_in(town.house, "ana")
    step_up(ana, town.house, "ana")
    page = f"/requests/{request_id}/outcome"
    assert ana.get(f"/api/v1{page}").json() == {"outcome": None}
    said = ana.post(page, data={"outcome": "missing_again", "reason": REASON})
    assert (said.status_code, "You recorded it" in text(said)) == (200, True)
    assert ana.get(f"/api/v1{page}").json()["outcome"] == "missing_again"
