"""Drafts that are broken, attacked, too large, or written by two people at once: nothing typed is lost."""

from __future__ import annotations

import pytest
from httpx2 import Response

from tests.web.pages_world import text
from tests.web.rules_world import Hall, form_of, hall

__all__ = ["hall"]

HEAD = "row,purpose,=> trip_cap,cite\n"
GOOD = f"{HEAD}A,in bring_child_home,7500.00,5(a)\nB,not in bring_child_home,4000.00,5(b)\n"


@pytest.fixture(scope="module")
def draft(hall: Hall) -> str:
    return hall.begin("2027-01-01")


def sent_up(hall: Hall, draft: str, body: bytes, name: str = "caps.csv") -> Response:
    return hall.as_("noor").post(
        f"{draft}/tables/0/upload",
        data={"revision": hall.revision(draft)},
        files={"file": (name, body, "text/csv")},
    )


# Uploads -------------------------------------------------------------------------------------------------
def test_a_table_goes_out_and_comes_back(hall: Hall, draft: str) -> None:
    taken = hall.as_("noor").get(f"{draft}/tables/0/csv")
    assert taken.headers["content-disposition"] == 'attachment; filename="2027-01-01.caps.csv"'
    changed = taken.text.replace("7500.00", "8000.00")
    assert changed != taken.text
    back = sent_up(hall, draft, b"\xef\xbb\xbf" + changed.replace("\n", "\r\n").encode())
    assert "The table is taken over from the file." in text(back)
    assert 'value="8000.00"' in back.text
    assert hall.as_("noor").get(f"{draft}/tables/0/csv").text == changed


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (HEAD + "A,-,=1+1,5(a)\n", ("row A (line 2), `=> trip_cap`", "the spreadsheet formula `=1+1`")),
        (HEAD + "A,@SUM(A1),1.00,5(a)\n", ("row A (line 2), `purpose`", "spreadsheet formula")),
        (HEAD + "A,= bring_home,1.00,5(a)\n", ("row A (line 2), `purpose`", "`bring_home`")),
        (HEAD + "A,-,1.00\n", ("line 2", "3 cells", "4 cells")),
        ("row,purpos,=> trip_cap,cite\nA,-,1.00,x\n", ("line 1, column 2", "unknown column `purpos`")),
        ("row,purpose,cite\nA,-,x\n", ("line 1", "no output")),
        ("row,purpose,=> trip_cap\nA,-,1.00\n", ("`row` first and `cite` last",)),
        (HEAD + "A,-,12.345,5(a)\n", ("row A (line 2), `=> trip_cap`", "dollars and cents like 1284.50")),
        (HEAD + 'A,"-,1.00,x\n', ("quotes that do not match",)),
        (HEAD, ("no rows",)),
        ("", ("nothing",)),
    ],
)  # fmt: skip
def test_a_refused_table_says_file_row_column_found_and_allowed(
    hall: Hall, draft: str, body: str, said: tuple[str, ...]
) -> None:
    before = hall.as_("noor").get(f"{draft}/tables/0/csv").text
    refused = sent_up(hall, draft, body.encode())
    assert refused.status_code == 422
    shown = text(refused)
    assert "2027-01-01.caps.csv" in shown
    assert "Allowed:" in shown
    for words in said:
        assert words in shown
    assert hall.as_("noor").get(f"{draft}/tables/0/csv").text == before, "nothing has changed"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (GOOD.encode("utf-16"), 422, "UTF-16 text"),
        (GOOD.encode() + "C,-,1.00,€\n".encode("cp1252"), 422, "letters of another encoding"),
        (GOOD.encode() + b"C,-,1.00,a\x00b\n", 422, "UTF-16 text"),
        (GOOD.encode() + "C,-,1.00,a\u202eb\n".encode(), 422, "hidden or control characters"),
        (GOOD.encode() + b"x" * 200_000, 422, "at most 200,000 bytes"),
        (b"x" * (10 * 1024 * 1024), 413, "This is too large."),
    ],
    ids=["utf16", "mixed", "nul", "bidi", "one over", "10 MB"],
)
def test_a_table_in_another_encoding_or_too_large_is_refused(
    hall: Hall, draft: str, body: bytes, status: int, said: str
) -> None:
    refused = sent_up(hall, draft, body)
    assert refused.status_code == status
    assert said in text(refused)


def test_a_table_just_within_the_limit_is_read(hall: Hall, draft: str) -> None:
    padded = GOOD.encode() + b"C,= visit_child,1.00," + b"y" * 200_000
    answer = sent_up(hall, draft, padded[:200_000])
    assert "at most 200,000 bytes" not in text(answer)


def test_a_table_too_large_to_type_is_changed_as_a_spreadsheet(hall: Hall) -> None:
    draft = hall.begin("2027-01-04")
    head = HEAD.replace("purpose,", "purpose,child_recovered,")
    rows = "".join(f"R{n},-,-,1.00,5(a)\n" for n in range(401))  # 2,005 cells
    assert sent_up(hall, draft, (head + rows).encode()).status_code == 200
    page = hall.as_("noor").get(f"{draft}/tables/0")
    assert "too large to be changed here" in text(page)
    refused = hall.typed(f"{draft}/tables/0", c0_3="2.00")
    assert refused.status_code == 422
    assert hall.as_("noor").get(f"{draft}/tables/0/csv").text == head + rows


def test_a_misspelt_fact_of_an_example_is_named_and_kept(hall: Hall) -> None:
    draft, client = hall.begin("2027-01-05"), hall.as_("noor")
    page = f"{draft}/text"
    sent = form_of(client.get(page), page)
    client.post(page, data=sent | {"examples": sent["examples"].replace("given:\n", "given:\n  purpos: x\n")})
    shown = client.get(f"{draft}/examples")
    assert "unknown field `purpos`" in text(shown)
    changed = {"do": "given", "fact-purpose": "visit_child", "revision": hall.revision(draft)}
    client.post(f"{draft}/examples", data=changed)
    kept = client.get(page).text
    assert "purpos: x" in kept
    assert "purpose: visit_child" in kept


def test_a_gap_in_a_table_is_told_with_an_example_and_keeps_the_draft_from_being_handed_in(
    hall: Hall,
) -> None:
    draft = hall.begin("2027-01-06")
    assert "What the check finds" not in text(hall.as_("noor").get(draft))
    sent_up(hall, draft, f"{HEAD}A,in bring_child_home,7500.00,5(a)\n".encode())
    said = "no row matches when purpose of the trip is Attend a hearing"
    assert said in text(hall.as_("noor").get(draft))
    refused = hall.as_("noor").post(f"{draft}/submit")
    assert refused.status_code == 422
    assert f"These rules are not in order yet. whole table: {said}" in text(refused)


def test_an_upload_without_a_file_asks_for_one(hall: Hall, draft: str) -> None:
    refused = hall.as_("noor").post(f"{draft}/tables/0/upload", data={"revision": hall.revision(draft)})
    assert refused.status_code == 422
    assert "Choose the CSV file first." in text(refused)


# The grid ------------------------------------------------------------------------------------------------
def test_rows_and_columns_are_added_and_taken_out_without_script(hall: Hall) -> None:
    table = f"{hall.begin('2027-01-02')}/tables/0"
    more = hall.typed(table, do="add-row")
    assert 'name="c2_0" value="C"' in more.text
    wider = hall.typed(table, do="add-fact", new_fact="household_size")
    assert 'name="h2" value="household_size"' in wider.text
    capped = hall.typed(table, do="add-output", new_output="=> trip_cap lodging")
    assert "At most for a trip, lodging" in text(capped)
    filled = hall.typed(table, c2_1="= visit_child", c2_3="100.00", c2_5="5(c)")
    assert 'value="100.00"' in filled.text
    narrower = hall.typed(table, do="drop-column:2")
    assert "household_size" not in form_of(narrower, table).values()
    gone = hall.typed(table, do="drop-row:2")
    assert 'name="c2_0"' not in gone.text


def test_a_broken_cell_is_kept_and_marked(hall: Hall) -> None:
    table = f"{hall.begin('2027-01-03')}/tables/0"
    kept = hall.typed(table, c0_2="a lot")
    assert 'value="a lot"' in kept.text
    assert "row A (line 2), `=> trip_cap`" in text(kept)
    assert kept.text.count('aria-invalid="true"') == 1


# Broken drafts -------------------------------------------------------------------------------------------
def test_a_broken_requirement_keeps_everything_and_says_it_beside_the_field(hall: Hall) -> None:
    draft = hall.begin("2027-02-01")
    page = hall.requirement(draft, "DR-05")
    kept = hall.typed(page, g1t0_value="about 100", **{"say/met/es": "", "cite/at": "§ 9"})
    assert 'value="about 100"' in kept.text
    assert 'value="§ 9"' in kept.text
    assert "Found `about 100`" in text(kept)
    mended = hall.typed(page, g1t0_value="100")
    assert 'id="r-say-met-es-wrong"' in mended.text
    assert "requirement DR-05" in text(hall.as_("noor").get(draft)) or "DR-05" in text(
        hall.as_("noor").get(draft)
    )
    elsewhere = hall.as_("noor").get(hall.requirement(draft, "DR-01"))
    assert "This requirement can be read. Something else in the draft cannot" in text(elsewhere)


def test_conditions_and_groups_are_added_and_taken_out_without_script(hall: Hall) -> None:
    draft = hall.begin("2027-02-02")
    page = hall.requirement(draft, "DR-06")
    asked = hall.typed(page, do="add:0", new_0="household_size")
    assert "household_size" in form_of(asked, page)["g0t1_fact"]
    assert "is at most" in text(asked)
    client = hall.as_("noor")
    sent = form_of(asked, page, g0t1_how="between", g0t1_value="2", g0t1_to="6", do="save")
    assert client.post(page, data=sent).status_code == 200
    assert 'household_size: "2..6"' in client.get(f"{draft}/text").text.replace("&#34;", '"')
    twice = hall.typed(page, g0t1_fact="purpose")
    assert twice.status_code == 422
    assert "One group names the same fact twice." in text(twice)
    assert form_of(twice, page)["g0t1_value"] == "2..6", "and what was typed is still there"
    fewer = hall.typed(page, do="drop:0.1")
    assert "g0t1_fact" not in form_of(fewer, page)
    any_of = hall.typed(page, form="require_any")
    grouped = client.post(page, data=form_of(any_of, page, do="add:group", new_group="child_located"))
    sent = form_of(grouped, page, do="save")
    assert sent["g1t0_fact"] == "child_located"
    assert sent["g1t0_how"] == "yes"
    assert "Remove group 2" in text(client.post(page, data=sent))


def test_requirements_are_moved_added_and_removed(hall: Hall) -> None:
    draft, client = hall.begin("2027-02-03"), hall.as_("noor")

    def order() -> list[str]:
        said = text(client.get(draft))
        shown = [i for i in ("DR-01", "DR-02", "DR-03") if f"{i} The child" in said or f"{i} A case" in said]
        return sorted(shown, key=said.index)

    def press(do: str) -> Response:
        return client.post(f"{draft}/requirements", data={"revision": hall.revision(draft), "do": do})

    press("down:0")
    assert order() == ["DR-02", "DR-01", "DR-03"]
    press("up:1")
    assert order() == ["DR-01", "DR-02", "DR-03"]
    press("remove:1")
    assert order() == ["DR-01", "DR-03"]
    begun = press("add")
    assert "/requirements/" in str(begun.url.path)
    assert "New requirement" in text(begun)


def test_a_text_that_is_no_yaml_is_kept_and_the_forms_wait(hall: Hall) -> None:
    draft, client = hall.begin("2027-02-04"), hall.as_("noor")
    kept = hall.keep_text(draft, "kind: held", "kind: &a held")
    assert "an anchor or alias" in text(kept)
    assert "kind: &amp;a held" in kept.text
    assert "No form can show this draft" in text(client.get(draft))
    assert client.get(f"{draft}/requirements/0").status_code == 404
    refused = client.post(f"{draft}/submit")
    assert refused.status_code == 422
    whole = "a" * 200_001
    sent = form_of(client.get(f"{draft}/text"), f"{draft}/text")
    large = client.post(f"{draft}/text", data=sent | {"rules": whole})
    assert large.status_code == 422
    assert "at most 200,000 characters" in text(large)
    assert whole in large.text


def test_hidden_characters_are_refused_and_nothing_else_is_lost(hall: Hall) -> None:
    draft = hall.begin("2027-02-05")
    page = hall.requirement(draft, "DR-01")
    refused = hall.typed(page, name="Located\u202e", **{"cite/at": "1(z)"})
    assert refused.status_code == 422
    assert "hidden characters" in text(refused)
    assert form_of(refused, page)["cite/at"] == "1(z)"
    sent = form_of(hall.as_("noor").get(f"{draft}/text"), f"{draft}/text")
    refused = hall.as_("noor").post(f"{draft}/text", data=sent | {"examples": "given: \x00"})
    assert refused.status_code == 422


# Two people at once --------------------------------------------------------------------------------------
def test_who_saves_second_is_told_and_loses_nothing(hall: Hall) -> None:
    draft = hall.begin("2027-04-01")
    page = hall.requirement(draft, "DR-01")
    noor, ada = hall.as_("noor"), hall.as_("ada")
    opened = form_of(noor.get(page), page)
    assert hall.typed(page, who="ada", name="Ada was here").status_code == 200
    clash = noor.post(page, data=opened | {"name": "Noor was here"})
    assert clash.status_code == 409
    assert "A colleague saved this draft since you opened it." in text(clash)
    assert form_of(clash, page)["name"] == "Noor was here"
    assert "Ada was here" in ada.get(draft).text
    again = noor.post(page, data=form_of(clash, page))
    assert again.status_code == 200
    assert "Noor was here" in ada.get(draft).text


def test_a_requirement_that_was_moved_meanwhile_is_not_written_over_another(hall: Hall) -> None:
    draft = hall.begin("2027-04-02")
    page = hall.requirement(draft, "DR-01")
    noor = hall.as_("noor")
    opened = form_of(noor.get(page), page, name="Mine")
    noor.post(f"{draft}/requirements", data={"revision": hall.revision(draft), "do": "down:0"})
    refused = noor.post(page, data=opened | {"revision": hall.revision(draft)})
    assert refused.status_code == 409
    assert "moved or renumbered" in text(refused)
    assert "Mine" not in noor.get(draft).text


@pytest.mark.parametrize("page", ["/text", "/examples", "/tables/0", ""])
def test_every_form_of_a_draft_notices_a_colleague(hall: Hall, page: str) -> None:
    draft = hall.begin("2027-04-03")
    stale = {"revision": "0", "do": "keep", "name": "Typed by Noor", "rules": "Typed by Noor", "h0": "row"}
    stale |= {"c0_0": "Typed by Noor", "examples": "", "answer": "ask", "kind": "held"}
    clash = hall.as_("noor").post(draft + page, data=stale)
    assert clash.status_code == 409
    assert "Typed by Noor" in clash.text


# Attacks --------------------------------------------------------------------------------------------------
MARK = '"><script>alert(1)</script>{{7*7}}'


def test_markup_in_any_field_is_shown_and_never_run(hall: Hall) -> None:
    draft, client = hall.begin("2027-05-01"), hall.as_("noor")
    pages = (hall.requirement(draft, "DR-05"), f"{draft}/tables/0", draft)
    keep = ("revision", "was", "g0", "g1", "kind", "h0", "h1", "h2", "h3")
    for page in pages:
        sent = form_of(client.get(page), page)
        marked = {name: value if name in keep or not value else MARK for name, value in sent.items()}
        assert len([v for v in marked.values() if v == MARK]) >= 5, page
        answer = client.post(page, data=marked)
        assert answer.status_code == 200, page
        for shown in (answer, client.get(draft)):
            is_harmless(shown)
    sent = {"name": MARK, "answer": MARK, "because": MARK, "do": "keep", "fact-purpose": MARK}
    is_harmless(client.post(f"{draft}/examples", data=sent | {"revision": hall.revision(draft)}))
    is_harmless(client.get(f"{draft}/text"))
    is_harmless(client.get("/rules"))


def is_harmless(page: Response) -> None:
    assert MARK not in page.text
    assert "<script>alert" not in page.text
    assert "{{7*7}}" in page.text or "alert" not in page.text, "shown as it was typed, or not at all"


def test_a_link_that_is_no_web_address_is_text(hall: Hall) -> None:
    draft = hall.begin("2027-05-02")
    kept = hall.keep_text(draft, "    cite:\n", "    cite:\n      link: javascript:alert(1)\n")
    assert kept.status_code == 200
    version = hall.as_("noor").post(f"{draft}/submit")
    if version.status_code == 200:
        page = hall.as_("ana").get(str(version.url.path)).text
        assert "javascript:alert(1)" in page
        assert 'href="javascript:' not in page


def test_words_in_the_address_are_never_said_back(hall: Hall) -> None:
    noor, draft = hall.as_("noor"), hall.begin("2027-05-03")
    for path in (
        f"/rules/versions/{MARK}",
        f"/rules/versions/{hall.newest()}/files/{MARK}",
        f"{draft}/requirements/0?add={MARK}&fact={MARK}",
        f"{draft}/examples?edit=999999",
    ):
        assert "<script>alert" not in noor.get(path).text, path
