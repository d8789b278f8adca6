"""`rules check` finds each thing that can be wrong, all at once, and names the file and the remedy."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pytest

from reunify.rates.places import rules_folder
from reunify.rules.checking import check, check_parameters, check_rules
from reunify.rules.inspecting import Finding
from tests.rules.rules_folder_world import CAPS, EXAMPLES, RULES, Folder, folder_in

ON = date(2026, 11, 26)
FILE, TABLE = "small_fund/2026-01-01.yaml", "small_fund/2026-01-01.caps.csv"
BESIDE = "small_fund/2026-01-01.examples.yaml"
CARD_ONLY = """\
source: small_fund
name: Small fund
public_name: {en: Small fund, es: Fondo pequeño}
kind: elsewhere
card_only: yes
organisation_set: no
effective: {from: 2026-01-01, basis: travel_start}
verified_on: 2026-01-02
review_by: 2027-01-02
hand_off:
  staff: {en: Call them., es: Llame.}
  family: {en: They may help., es: Quizás ayuden.}
  deadline: none
  cite: {doc: Programme, at: "1"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return folder_in(tmp_path)


def found(folder: Folder, on: date = ON) -> list[Finding]:
    return list(check_rules(folder.path, on))


def one(folder: Folder, on: date = ON) -> Finding:
    (finding,) = found(folder, on)
    return finding


def test_the_small_source_is_in_order(folder: Folder) -> None:
    assert found(folder) == []


def test_what_the_house_ships_has_no_error_and_is_checked_in_seconds() -> None:
    begun = time.perf_counter()
    assert [f for f in check(rules_folder(), on=ON) if f.error] == []
    assert time.perf_counter() - begun < 10  # it takes one or two; the machine may be busy


def test_a_version_that_does_not_load_is_told_in_its_own_words(folder: Folder) -> None:
    folder.change("2026-01-01.yaml", 'child_age_now: "< 18"', 'child_age_now: "< 1 8 foo"')
    finding = one(folder)
    assert (finding.file, finding.error) == (FILE, True)
    assert "SF-01" in finding.place
    assert "1 8 foo" in finding.finding
    assert "whole number" in finding.remedy


def test_every_broken_file_is_told_not_only_the_first(folder: Folder) -> None:
    folder.version("2027-01-01")
    folder.version("2028-01-01")
    folder.change("2026-01-01.yaml", "kind: held", "kind: hold")
    folder.change("2027-01-01.yaml", "unit: cents", "unit: pence")
    folder.write("2028-01-01.examples.yaml", "given: [")
    assert [f.file for f in found(folder)] == [
        FILE,
        "small_fund/2027-01-01.yaml",
        "small_fund/2028-01-01.examples.yaml",
    ]


def test_rules_and_their_examples_may_both_be_broken(folder: Folder) -> None:
    folder.change("2026-01-01.yaml", "kind: held", "kind: hold")
    folder.change("2026-01-01.examples.yaml", "answer: eligible", "answer: sure")
    assert [f.file for f in found(folder)] == [FILE, BESIDE]


def test_an_example_that_fails_is_told(folder: Folder) -> None:
    folder.change("2026-01-01.examples.yaml", "child_age_now: 9", "child_age_now: 19")
    told = found(folder)
    assert {f.file for f in told} == {BESIDE}
    assert any("A child of nine" in f.finding for f in told)


def test_a_requirement_no_example_is_decided_by_is_told(folder: Folder) -> None:
    head, _, _ = EXAMPLES.partition("  - name: Nobody")
    folder.write("2026-01-01.examples.yaml", head)
    assert "SF-02" in one(folder).finding


def test_a_gap_in_a_table_comes_with_an_example(folder: Folder) -> None:
    folder.change("2026-01-01.caps.csv", "12..17", "13..17")
    finding = one(folder)
    assert finding.file == TABLE
    assert finding.finding == "no row matches when age of the child now is 12 years"


def test_what_a_requirement_refuses_is_not_a_gap(folder: Folder) -> None:
    folder.change("2026-01-01.caps.csv", "12..17", ">= 12")
    assert found(folder) == []
    folder.change("2026-01-01.yaml", '"< 18"', '"< 25"')
    folder.change("2026-01-01.examples.yaml", "child_age_now: 18", "child_age_now: 25")
    folder.change("2026-01-01.caps.csv", ">= 12", "12..23")
    assert one(folder).finding == "no row matches when age of the child now is 24 years"


def test_rows_that_overlap_that_never_match_or_never_count_are_told(folder: Folder) -> None:
    folder.change("2026-01-01.caps.csv", "12..17", "11..17")
    finding = one(folder)
    assert (finding.place, finding.error) == ("rows A and B", True)
    assert finding.finding == "both match when age of the child now is 11 years"
    folder.write("2026-01-01.caps.csv", CAPS + "C,> 40,1.00,4(c)\nD,30..35,1.00,4(d)\n")
    told = found(folder)
    assert [(f.place, f.error) for f in told] == [("row C", True), ("row D", False)]
    folder.change("2026-01-01.yaml", "hit: unique", "hit: first")
    folder.write("2026-01-01.caps.csv", CAPS + "C,3..15,1.00,4(c)\n")
    assert (one(folder).place, one(folder).error) == ("row C", True)


def test_requirements_that_exclude_each_other_are_told(folder: Folder) -> None:
    third = RULES.partition("  - id: SF-01")[2].partition("\n  - id")[0]
    third = "\n  - id: SF-03" + third.replace('"< 18"', '">= 18"').replace("This fund", "The fund")
    folder.write("2026-01-01.yaml", RULES + third)
    assert any(f.place == "SF-01, SF-03" and f.error for f in found(folder))


@pytest.mark.parametrize(
    ("first_ends", "says", "error"),
    [
        ("2026-12-31", None, False),
        (None, None, False),
        ("2027-01-01", "2027-01-01 to 2027-01-01 belong to the version of 2027-01-01 as well", True),
        ("2026-12-30", "no version is in force from 2026-12-31 to 2026-12-31", True),
    ],
)
def test_two_versions_meet_without_a_gap_or_an_overlap(
    folder: Folder, first_ends: str | None, says: str | None, error: bool
) -> None:
    folder.version("2026-01-01", to=first_ends)
    folder.version("2027-01-01")
    assert [(f.finding, f.error) for f in found(folder)] == ([(says, error)] if says else [])


def test_a_source_whose_newest_version_has_ended_is_warned_of(folder: Folder) -> None:
    folder.version("2026-01-01", to="2026-11-25")
    assert (one(folder).error, "2026-11-25" in one(folder).finding) == (False, True)
    assert found(folder, date(2026, 11, 25)) == []


@pytest.mark.parametrize(
    "link",
    ["http://example.org", "https://", "https://example", "https://a b.org", "https://x@example.org/", "see"],
)
def test_a_link_is_a_whole_https_address(folder: Folder, link: str) -> None:
    folder.change("2026-01-01.yaml", "https://example.org/policy", f'"{link}"')
    assert (one(folder).place, one(folder).error) == ("requirement SF-01, `cite`, `link`", True)


def test_a_link_in_a_row_of_a_table_is_looked_at_as_well(folder: Folder) -> None:
    folder.change("2026-01-01.caps.csv", "4(a)", "4(a). See https://example.org/caps.")
    assert found(folder) == []
    folder.change("2026-01-01.caps.csv", "https://example.org", "http://example.org")
    assert one(folder).place == "table SF-CAPS, row A, `cite`"


def test_a_document_that_is_a_file_must_be_there(folder: Folder) -> None:
    folder.change("2026-01-01.yaml", 'doc: Policy, at: "2"', 'doc: award.pdf, at: "2"')
    assert one(folder).finding == "`award.pdf` is not there"
    folder.write("award.pdf", "")
    assert found(folder) == []


def test_a_sentence_that_is_not_translated_is_told(folder: Folder) -> None:
    folder.change(
        "2026-01-01.yaml",
        "es: Este fondo es para menores de 18 años.",
        "es: This fund is for children under 18.",
    )
    assert (one(folder).place, one(folder).remedy) == ("requirement SF-01, `not_met`", "translate it")


def test_met_and_not_met_are_two_sentences(folder: Folder) -> None:
    for language in ("en: This fund is for children", "es: Este fondo es para menores"):
        assert language in RULES
    folder.change(
        "2026-01-01.yaml",
        "{en: This fund is for children under 18., es: Este fondo es para menores de 18 años.}",
        "{en: Your child is under 18., es: Su hijo o hija es menor de 18 años.}",
    )
    assert "same sentence" in one(folder).finding


def test_a_question_that_is_not_translated_is_told(folder: Folder) -> None:
    path = folder.path / "_fields.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("¿Es seguro y legal?", "Is it safe and lawful?"), encoding="utf-8")
    assert one(folder).place == "return_authority_decision, `question`"


@pytest.mark.parametrize(("on", "warned"), [("2027-01-02", False), ("2027-01-03", True)])
def test_past_its_review_day_a_version_is_warned_of_once(folder: Folder, on: str, warned: bool) -> None:
    told = found(folder, date.fromisoformat(on))
    assert [(f.place, f.error) for f in told] == (
        [("every requirement, `review_by`", False)] if warned else []
    )


def test_a_card_that_a_person_reads_is_to_be_read_again_too(folder: Folder) -> None:
    folder.write("2026-01-01.yaml", CARD_ONLY)
    folder.write("2026-01-01.examples.yaml", "given: {}\nexamples: [{name: Read, answer: ask}]\n")
    (folder.source / "2026-01-01.caps.csv").unlink()
    assert found(folder, date(2027, 1, 2)) == []
    late = one(folder, date(2027, 1, 3))
    assert (late.place, late.error) == ("the hand-off card, `review_by`", False)
    folder.change("2026-01-01.yaml", "review_by: 2027-01-02\n", "")
    assert (one(folder).place, one(folder).error) == ("the hand-off card, `review_by`", True)


def test_a_misspelt_fact_is_told_with_the_facts_it_may_have_meant(folder: Folder) -> None:
    folder.change("2026-01-01.yaml", 'child_age_now: "< 18"', 'chld_age_now: "< 18"')
    assert one(folder).remedy == "allowed: a field of _fields.yaml, such as child_age_now"
    folder.change("2026-01-01.yaml", "chld_age_now", "qqq")
    assert one(folder).remedy == "allowed: a field of _fields.yaml"


def test_what_was_verified_has_been_verified(folder: Folder) -> None:
    assert {f.place for f in found(folder, date(2026, 1, 1))} == {
        "requirement SF-01, `verified_on`",
        "requirement SF-02, `verified_on`",
    }
    folder.change("2026-01-01.yaml", "review_by: 2027-01-02", "review_by: 2026-01-02")
    assert all(f.error for f in found(folder) if "is not after it was verified" in f.finding)


def test_a_file_that_belongs_to_no_version_is_told(folder: Folder) -> None:
    folder.write("2025-01-01.caps.csv", CAPS)
    folder.write("2025-06-01.examples.yaml", EXAMPLES)
    folder.write("notes.yml", "a: b")
    assert [f.file for f in found(folder)] == [
        "small_fund/2025-01-01.caps.csv",
        "small_fund/2025-06-01.examples.yaml",
        "small_fund/notes.yml",
    ]


def test_a_source_without_a_rule_file_and_missing_examples_are_told(folder: Folder) -> None:
    (folder.path / "empty_fund").mkdir()
    (folder.source / "2026-01-01.examples.yaml").unlink()
    told = found(folder)
    assert [f.file for f in told] == ["empty_fund", FILE]


def test_without_a_dictionary_nothing_can_be_read(folder: Folder) -> None:
    (folder.path / "_fields.yaml").write_text("fields: !!python/object:os.system {}")
    assert one(folder).file == "_fields.yaml"
    (folder.path / "_fields.yaml").unlink()
    assert one(folder).finding == "no such file"


def test_bytes_that_are_no_text_do_not_stop_the_check(folder: Folder) -> None:
    folder.version("2027-01-01")
    (folder.source / "2026-01-01.yaml").write_bytes(b"\xff\xfe\x00")
    (folder.source / "2027-01-01.examples.yaml").write_bytes(b"x" * 10_000_000)
    assert [f.file for f in found(folder)] == [FILE, "small_fund/2027-01-01.examples.yaml"]


def test_two_broken_published_tables_are_two_findings(folder: Folder) -> None:
    for name in ("per_diem.csv", "unaccompanied_minor.csv"):
        (folder.path / "parameters" / name).unlink()
        (folder.path / "parameters" / name).write_text("a,b\n=1+1,2\n")
    assert {f.file for f in check_parameters(folder.path)} == {
        "parameters/per_diem.csv",
        "parameters/unaccompanied_minor.csv",
    }


def test_a_factor_of_the_need_score_that_is_no_fact_is_a_finding(folder: Folder) -> None:
    path = folder.path / "parameters" / "need_score.yaml"
    path.write_text(path.read_text().replace("fact: ", "fact: x", 1))
    (told,) = check_parameters(folder.path)
    assert told.file == "parameters/need_score.yaml"
    assert told.place == "version 1, row 1, `fact`"


def test_errors_come_before_warnings(folder: Folder) -> None:
    folder.change("2026-01-01.caps.csv", "12..17", "13..17")
    assert [f.error for f in check(folder.path, on=date(2028, 1, 1))] == [True, False]


def test_an_id_that_another_source_uses_is_told_once_with_both(folder: Folder) -> None:
    folder.version("2027-01-01")  # the same ids in another version of the same source are one rule's
    assert found(folder) == []
    other = folder.path / "second_fund"
    other.mkdir()
    rules = RULES.replace("small_fund", "second_fund").replace("SF-01", "XY-01").replace("SF-CAPS", "XY-CAPS")
    (other / "2026-01-01.yaml").write_text(rules, encoding="utf-8")
    (other / "2026-01-01.caps.csv").write_text(CAPS, encoding="utf-8")
    examples = EXAMPLES.replace("SF-01", "XY-01")
    (other / "2026-01-01.examples.yaml").write_text(examples, encoding="utf-8")
    told = found(folder)
    assert {(f.place, f.error) for f in told} == {("id SF-02", True)}
    assert all("second_fund" in f.file + f.finding and "small_fund" in f.file + f.finding for f in told)
