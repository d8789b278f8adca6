"""Numbers, names and texts no page of ours would send: each is answered, and nothing is taken out."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from reunify.rates.places import rules_folder
from reunify.rules import health
from reunify.rules.library import Watch
from tests.web.pages_world import TestClient, text
from tests.web.rules_world import FUND, Hall, form_of, hall

__all__ = ["hall"]

NUMBERS = ["9" * 5000, "²", "-1", "", "1e3", "\u0664"]


@pytest.fixture(scope="module")
def draft(hall: Hall) -> str:
    return hall.begin("2027-02-01")


@pytest.mark.parametrize("number", NUMBERS, ids=["long", "superscript", "below", "none", "float", "arabic"])
@pytest.mark.parametrize(
    ("page", "verbs"),
    [
        ("/requirements", ("up", "down", "remove")),
        ("/tables/0", ("drop-row", "drop-column")),
        ("/examples", ("remove",)),
        ("/requirements/1", ("drop", "drop-group", "add")),
    ],
)
def test_a_number_that_names_nothing_changes_nothing(
    hall: Hall, draft: str, page: str, verbs: tuple[str, ...], number: str
) -> None:
    client = hall.as_("noor")
    before = client.get(f"{draft}/text").text
    for verb in verbs:
        shown = page if page != "/requirements" else ""
        sent = (
            {} if page in ("/requirements", "/examples") else form_of(client.get(draft + shown), draft + page)
        )
        sent |= {"do": f"{verb}:{number}", "revision": hall.revision(draft)}
        assert client.post(draft + page, data=sent).status_code == 200
    after = client.get(f"{draft}/text").text
    count = "- id: DR-\\d\\d|name: "
    assert re.findall(count, after) == re.findall(count, before)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_revision_that_is_no_number_is_an_old_one(hall: Hall, draft: str, number: str) -> None:
    client = hall.as_("noor")
    sent = form_of(client.get(f"{draft}/text"), f"{draft}/text") | {"revision": number}
    assert client.post(f"{draft}/text", data=sent).status_code == 409


@pytest.mark.parametrize("name", ["%00", "%ED%A0%80", "A" * 64, "a" * 63, "a" * 30_000, "%2e%2e"])
def test_what_cannot_name_a_version_or_a_source_is_not_looked_up(hall: Hall, name: str) -> None:
    client = hall.as_("noor")
    for path in ("", "/replay", "/files/rules.yaml"):
        assert client.get(f"/rules/versions/{name}{path}").status_code in (404, 422)
    for verb in ("approve", "send-back", "retire", "replay"):
        answer = client.post(f"/rules/versions/{name}/{verb}", data={"reason": "why not"})
        assert answer.status_code in (404, 422)
    if name not in ("a" * 63, "%2e%2e"):
        for verb in ("suspension", "suspension/confirm", "resumption", "resumption/confirm"):
            answer = client.post(f"/rules/sources/{name}/{verb}", data={"reason": "why not"})
            assert answer.status_code in (404, 422)


@pytest.mark.parametrize("based_on", ["\x00", "x", "A" * 64, "a" * 64])
def test_a_change_begins_from_a_version_that_is_one(hall: Hall, based_on: str) -> None:
    sent = {"source": FUND, "based_on": based_on, "effective_from": "2027-01-01"}
    assert hall.as_("noor").post("/rules/drafts", data=sent).status_code in (404, 422)


@pytest.mark.parametrize(
    "name", ["DR-²", f"DR-{'9' * 5000}", "DR-\u0664\u0664", "²"], ids=["a", "b", "c", "d"]
)
def test_a_requirement_is_begun_after_one_with_an_odd_number(hall: Hall, name: str) -> None:
    draft = hall.begin("2027-02-02")
    assert hall.keep_text(draft, "id: DR-05", f"id: {name}").status_code == 200
    begun = hall.as_("noor").post(
        f"{draft}/requirements", data={"do": "add", "revision": hall.revision(draft)}
    )
    assert begun.status_code == 200
    assert re.search(r"DR-\d\d", text(begun))


@pytest.mark.parametrize(
    "examples",
    [
        "given: {purpose: [a], x: {y: z}}\nexamples: []",
        "given: {purpose: {a: b}}\nexamples: [{name: a, answer: [b], facts: {purpose: {a: b}}}]",
        "given: [a]\nexamples: [a, [b], {name: [x], facts: [y], asks: {a: b}, decisions: [c]}]",
    ],
    ids=["list", "mapping", "everything"],
)
def test_examples_of_an_odd_shape_are_shown_with_their_sentence(hall: Hall, examples: str) -> None:
    draft, client = hall.begin("2027-02-03"), hall.as_("noor")
    sent = form_of(client.get(f"{draft}/text"), f"{draft}/text") | {"examples": examples}
    assert client.post(f"{draft}/text", data=sent).status_code == 200
    for page in ("", "?edit=0", "?edit=1", "?edit=2"):
        shown = client.get(f"{draft}/examples{page}")
        assert shown.status_code == 200
        assert "Allowed:" in text(shown)


def test_a_table_over_the_limits_is_refused_before_it_is_kept(hall: Hall, draft: str) -> None:
    client, at = hall.as_("noor"), f"{draft}/tables/0"
    before = client.get(f"{at}/csv").text
    rows = "".join(f"R{n},-,1.00,x\n" for n in range(501))
    columns = ",".join(f"a{n}" for n in range(15_000))
    for body, said in (
        (f"row,purpose,=> trip_cap,cite\n{rows}", "found 501 rows"),
        (f"row,{columns},=> trip_cap,cite\nA,1,x\n", "15003 columns"),
    ):
        answer = client.post(
            f"{at}/upload",
            data={"revision": hall.revision(draft)},
            files={"file": ("c.csv", body.encode(), "text/csv")},
        )
        assert answer.status_code == 422
        assert said in text(answer)
    assert client.get(f"{at}/csv").text == before


def test_the_public_learns_the_file_and_the_line_and_no_word_of_the_file(
    hall: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(rules_folder(), tmp_path / "rules")
    table = tmp_path / "rules" / FUND / "2026-01-01.caps.csv"
    monkeypatch.setattr(health, "_WATCH", Watch(tmp_path / "rules", every=0))
    written = table.read_text()
    name, cell = re.search(r"\n([^,\n]+),[^\n]*?([\d.]+),", written).groups()  # type: ignore[union-attr]
    table.write_text(written.replace(f"\n{name},", "\nSMITH-BOISE,", 1).replace(cell, "75x", 1))
    with hall.house.db.read() as session:
        found = health.health(session, today=date(2026, 11, 25))
    place = f"{FUND}/2026-01-01.caps.csv"
    assert found.public == f"The file {place}, line 2, is broken; the approved rules stay in use."
    assert any("SMITH-BOISE" in said for said in found.staff)
    public = TestClient(hall.app, base_url="https://testserver").get("/api/v1/health").text
    assert "SMITH" not in public
    rules = tmp_path / "rules" / FUND / "2026-01-01.yaml"
    table.write_text(written)
    rules.write_text(rules.read_text().replace("cite:", "smith_of_boise:", 1))
    with hall.house.db.read() as session:
        found = health.health(session, today=date(2026, 11, 25))
    assert found.public == f"The file {FUND}/2026-01-01.yaml is broken; the approved rules stay in use."
