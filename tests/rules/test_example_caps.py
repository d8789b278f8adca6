"""An example may state what the tables give: `rules check` hears of a cap that changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.rules_folder_world import Folder, folder_in
from tests.rules.test_checking import BESIDE, found, one

EXAMPLES, CAPS = "2026-01-01.examples.yaml", "2026-01-01.caps.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return folder_in(tmp_path)


def stating(folder: Folder, caps: str) -> Folder:
    child = "  - name: A child of nine\n    answer: eligible\n"
    folder.change(EXAMPLES, child, f"{child}    caps: {caps}\n")
    return folder


@pytest.mark.parametrize("caps", ["{trip_cap: 1500.00}", "{trip_cap: 1500}"])
def test_a_cap_as_the_table_gives_it_is_in_order(folder: Folder, caps: str) -> None:
    assert found(stating(folder, caps)) == []


@pytest.mark.parametrize("other", ["1499.99", "1500.01", "-"])
def test_a_cap_that_was_changed_is_told_with_both_amounts(folder: Folder, other: str) -> None:
    stating(folder, "{trip_cap: 1500.00}")
    folder.change(CAPS, "1500.00", other)
    told = one(folder)
    gives = "nothing" if other == "-" else f"trip_cap {other}"
    assert told.file == BESIDE
    assert f"expects the tables to give trip_cap 1500.00, but they give {gives}." in told.finding


@pytest.mark.parametrize(
    "caps", ["{}", "{trip_cap: 1500.00, trip_cap lodging: 300.00}", "{child_cap: 1500.00}"]
)
def test_what_the_table_does_not_give_is_told(folder: Folder, caps: str) -> None:
    assert "but they give trip_cap 1500." in one(stating(folder, caps)).finding


@pytest.mark.parametrize(
    ("caps", "allowed"),
    [
        ("{most: 1500.00}", "trip_cap lodging"),
        ("{trip_cap: lots}", "a whole number"),
        ("{trip_cap: -1}", "a whole number"),
        ("{trip_cap: 1500.5}", "a whole number"),
    ],
)
def test_what_is_no_cap_is_refused_with_what_is_allowed(folder: Folder, caps: str, allowed: str) -> None:
    told = one(stating(folder, caps))
    assert (told.file, told.error) == (BESIDE, True)
    assert allowed in told.remedy
