"""`reunify rules check, explain, table and diff` at the real command line: what they print and refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from reunify.cli.commands import app
from reunify.kernel.refusals import Refused
from reunify.rules.library import shipped
from tests.rules.rules_folder_world import CAPS, RULES, Folder, folder_in

FUND = "domestic_reunification"
GOOD = {
    "child_located": True,
    "child_recovered": "yes",
    "child_age_now": 9,
    "household_income": "1,284.50",
    "travel_start": "2026-09-30",
    "purpose": "visit_child",
    "case_number_given": None,
    "report_number_given": "unknown",
}


def run(*words: str, said: str | None = None) -> Result:
    return CliRunner().invoke(app, ["rules", *words], input=said)


def refusal(*words: str, said: str | None = None) -> str:
    done = run(*words, said=said)
    assert done.exit_code != 0
    if isinstance(done.exception, Refused):
        return str(done.exception)
    return done.output


def explained(facts: object, *words: str) -> Result:
    return run("explain", "--facts", "-", *words, said=facts if isinstance(facts, str) else json.dumps(facts))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return folder_in(tmp_path)


def test_check_says_that_all_is_in_order_or_exits_with_one(folder: Folder) -> None:
    done = run("check", str(folder.path), "--on", "2026-11-26")
    assert (done.exit_code, done.output) == (0, "eligibility_rules: every rule file is in order.\n")
    folder.change("2026-01-01.caps.csv", "12..17", "13..17")
    done = run("check", str(folder.path), "--on", "2026-11-26")
    assert done.exit_code == 1
    assert "small_fund/2026-01-01.caps.csv" in done.output
    assert done.output.endswith("\n1 error, 0 warnings.\n")


def test_check_with_nothing_but_warnings_exits_with_zero(folder: Folder) -> None:
    done = run("check", str(folder.path), "--on", "2027-01-03")
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "0 errors, 1 warning.")


def test_check_as_json_names_file_place_finding_and_remedy(folder: Folder) -> None:
    folder.change("2026-01-01.yaml", "kind: held", "kind: hold")
    done = run("check", str(folder.path), "--on", "2026-11-26", "--json")
    body = json.loads(done.output)
    assert (done.exit_code, body["errors"]) == (1, 1)
    assert body["findings"] == [
        {
            "file": "small_fund/2026-01-01.yaml",
            "place": "top, `kind`",
            "finding": "found `hold`",
            "remedy": "allowed: held, asked, elsewhere",
            "error": True,
        }
    ]


def test_check_of_no_folder_is_refused() -> None:
    assert refusal("check", "no/such/folder") == (
        "no/such/folder is no folder. Name the folder that holds _fields.yaml."
    )
    assert "does not match" in refusal("check", "--on", "tomorrow")


def test_a_refusal_is_one_sentence_at_the_command_line_and_no_trace() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "reunify.cli", "rules", "table", "domestic_reunion"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "There are no rules named `domestic_reunion`. Did you mean domestic_reunification?\n"
    )


def test_explain_says_the_answer_and_each_reason() -> None:
    done = explained(GOOD, "--source", FUND)
    assert done.exit_code == 0
    assert "Answer: ineligible" in done.output
    assert "the child has been located: yes; holds (yes)" in done.output
    assert "purpose of the trip is Bring the child home or Attend a hearing" in done.output
    assert "does not hold (Visit the child)" in done.output
    assert "case number is on file: yes; not known yet\n" in done.output
    assert "Where it is written: " in done.output
    assert "The family reads: This fund helps when the trip brings your child home" in done.output


def test_explain_asks_only_while_the_answer_is_open() -> None:
    told = explained({**GOOD, "purpose": "bring_child_home"}, "--source", FUND).output
    assert "Answer: needs information" in told
    assert "(case_number_given, from " in told


def test_explain_of_all_sources_gives_each_its_answer() -> None:
    done = explained(GOOD)
    assert done.output.count("Answer: ") == len(shipped().versions)


def test_explain_as_json_is_what_a_determination_keeps() -> None:
    one = json.loads(explained(GOOD, "--source", FUND, "--json").output)
    assert (one["source"], one["answer"]) == (FUND, "ineligible")
    every = json.loads(explained(GOOD, "--json").output)
    assert [answer["source"] for answer in every] == list(shipped().versions)


def test_explain_takes_a_persons_word_and_nothing_else() -> None:
    source, rule = next(
        (b.source, r)
        for versions in shipped().versions.values()
        for b in versions
        for r in b.requirements
        if r.form == "decide_by" and not r.groups
    )
    words = ("--source", source)
    assert f"{rule.id}  needs staff decision" in explained({}, *words).output
    assert rule.question is not None
    assert f"Staff are asked: {rule.question.en}" in explained({}, *words).output
    assert f"{rule.id}  not met" in explained({}, *words, "--decided", f"{rule.id}=not_met").output
    for wrong, says in (
        (f"{rule.id}=yes", "Write a decision as an id and its word, like DR-08=met"),
        (rule.id, "Write a decision as an id and its word, like DR-08=met"),
        ("ZZ-99=met", "No requirement or table has the id `ZZ-99`."),
        (f"{rule.id}=attested", f"{rule.id} may not be attested."),
    ):
        assert str(explained({}, *words, "--decided", wrong).exception).startswith(says)


def test_explain_judges_by_the_rules_of_the_day_that_is_named() -> None:
    before = refusal("explain", "--facts", "-", "--source", FUND, "--on", "1999-01-01", said=json.dumps(GOOD))
    assert before == f"No version of {FUND} is in force on that day. Name another --on."
    early = {**GOOD, "travel_start": "1999-01-01"}
    assert explained(early, "--source", FUND).exit_code != 0
    assert explained(early, "--source", FUND, "--on", "2026-09-30").exit_code == 0


def test_facts_come_from_a_file_as_well(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(GOOD))
    assert run("explain", "--source", FUND, "--facts", str(path)).exit_code == 0
    path.write_bytes(b"\xff\xfe")
    assert refusal("explain", "--source", FUND, "--facts", str(path)).endswith(
        "cannot be read as text. Name a JSON file of facts."
    )
    assert "cannot be read" in refusal("explain", "--source", FUND, "--facts", str(tmp_path / "none.json"))


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"child_agee_now": 9}, "There is no fact named `child_agee_now`. Did you mean child_age_now?"),
        ({"zzzz": 9}, "There is no fact named `zzzz`. See _fields.yaml for the names."),
        ({"child_age_now": "ten"}, "child_age_now: write a whole number 0..40, or unknown."),
        ({"child_age_now": 41}, "child_age_now: write a whole number 0..40, or unknown."),
        ({"child_age_now": 9.5}, "child_age_now: write a whole number 0..40, or unknown."),
        ({"child_age_now": True}, "child_age_now: write a whole number 0..40, or unknown."),
        ({"child_age_now": [9]}, "child_age_now: write one value, or unknown."),
        ({"child_age_now": {}}, "child_age_now: write one value, or unknown."),
        ({"child_located": 1}, "child_located: write yes or no, or unknown."),
        ({"household_income": "lots"}, "household_income: write dollars and cents like 1284.50, or unknown."),
        ({"household_income": 12.345}, "household_income: write dollars and cents like 1284.50, or unknown."),
        ({"travel_start": "30/09/2026"}, "travel_start: write a date like 2026-09-30, or unknown."),
        ('{"child_age_now": NaN}', "`NaN` is not a value of any fact. Write a number, or unknown."),
        ('{"a": 1, "a": 2}', "`a` is written twice. Write each fact once."),
        ("{", 'The facts are not JSON (line 1, column 2). Write `{"child_located": "yes"}`.'),
        ("", 'The facts are not JSON (line 1, column 1). Write `{"child_located": "yes"}`.'),
        ("[" * 100_000, 'The facts are not JSON (nested too deeply). Write `{"child_located": "yes"}`.'),
        ("[]", 'The facts are one JSON object of names and values, like {"child_located": "yes"}.'),
        (
            " " * 200_001,
            "The facts have over 200,000 characters. Give only facts the rules use.",
        ),
    ],
)
def test_facts_that_do_not_fit_are_refused_in_their_own_sentence(facts: object, says: str) -> None:
    done = explained(facts)
    assert done.exit_code != 0
    assert str(done.exception) == says


def test_every_fact_that_does_not_fit_is_told_at_once_and_none_is_repeated() -> None:
    done = explained({"child_age_now": "Secret Name", "child_located": "perhaps", "nothing": 1})
    assert len(str(done.exception).splitlines()) == 3
    assert "Secret" not in str(done.exception)


def test_an_amount_is_read_as_it_is_written_and_never_as_a_float() -> None:
    body = json.dumps({"household_income": "@"}).replace('"@"', "1284.10")
    assert explained(body, "--source", FUND).exit_code == 0


@pytest.mark.parametrize("source", sorted(shipped().versions))
def test_table_prints_a_version_by_source_by_date_and_by_fingerprint(source: str) -> None:
    newest = shipped().versions[source][-1]
    day = str(newest.effective_from)
    by_date = run("table", f"{source}@{day}")
    assert by_date.exit_code == 0
    assert newest.name in by_date.output
    assert run("table", source, "--on", day).output == by_date.output
    assert run("table", newest.sha256[:12]).output == by_date.output


def test_table_of_what_is_not_there_is_refused() -> None:
    assert refusal("table", "abcdef0123").startswith("There are no rules named `abcdef0123`.")
    assert refusal("table", f"{FUND}@2001-01-01").startswith(f"{FUND} has no version of 2001-01-01. It has: ")
    assert refusal("table", FUND, "--on", "2001-01-01").startswith(
        f"No version of {FUND} is in force on 2001-01-01."
    )
    assert refusal("table", "none.yaml") == "none.yaml cannot be read. Name a rule file that is there."


def test_diff_of_two_files_is_in_words(folder: Folder) -> None:
    folder.version("2027-01-01")
    folder.write("2027-01-01.caps.csv", CAPS.replace("1500.00", "1800.00"))
    old, new = (str(folder.source / f"{day}.yaml") for day in ("2026-01-01", "2027-01-01"))
    done = run("diff", old, new)
    assert done.output.splitlines() == [
        "In force: was `from 2026-01-01 on, by first travel day`, "
        "is now `from 2027-01-01 on, by first travel day`.",
        "Table SF-CAPS, row A gives: was `at most $1,500.00 for a trip`, "
        "is now `at most $1,800.00 for a trip`.",
    ]
    assert run("diff", old, old).output == "There is no difference: the two are the same text.\n"


def test_diff_with_a_broken_file_says_where_it_is_broken(folder: Folder) -> None:
    broken = folder.source / "2027-01-01.yaml"
    broken.write_text(RULES.replace("kind: held", "kind: &anchor held"))
    assert "an anchor or alias" in refusal("diff", FUND, str(broken))
    broken.write_bytes(b"x" * 10_000_000)
    assert "at most 200000 bytes" in refusal("diff", FUND, str(broken))


def test_a_draft_is_shown_as_a_table_before_anybody_submits_it(folder: Folder) -> None:
    done = run("table", str(folder.source / "2026-01-01.yaml"))
    assert "Table SF-CAPS (2026-01-01.caps.csv): exactly one row matches" in done.output
    assert "under 12 years" in done.output
    assert "at most $1,500.00 for a trip" in done.output
