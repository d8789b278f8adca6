"""A published table with a mistake in it is refused whole, with the file, the row and the column."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from reunify.rates.closed_yaml import RuleFileBroken
from reunify.rates.manifest import parameters_manifest, parameters_sha256
from reunify.rates.minors import CarrierRules
from reunify.rates.places import rules_folder
from reunify.rates.published import Published, published
from reunify.rates.seasons import Season

PER_DIEM = "per_diem.csv"
FOREIGN = "per_diem_foreign_2026-04.csv"
ZIPS = "per_diem_zip_fy2027.csv"
MINORS = "unaccompanied_minor.csv"
BIRMINGHAM = "2025,1,AL,Birmingham,Jefferson,2024-10-01,2025-09-30,126,80,60.00,N,"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(rules_folder() / "parameters", tmp_path / "parameters")
    return tmp_path


def change(folder: Path, name: str, edit: Callable[[str], str]) -> None:
    path = folder / "parameters" / name
    before = path.read_text(encoding="utf-8")
    after = edit(before)
    assert after != before, "the test changes nothing"
    path.write_text(after, encoding="utf-8")


def whole(folder: Path) -> None:
    Published(folder).check_whole()


def test_the_tables_as_shipped_are_whole() -> None:
    published().check_whole()


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (PER_DIEM, ",126,80,", ",-126,80,", "row 3, column `lodging_usd`: found `-126`"),
        (PER_DIEM, ",126,80,", ",126.505,80,", "row 3, column `lodging_usd`: found `126.505`"),
        (PER_DIEM, ",126,80,", ",1e2,80,", "row 3, column `lodging_usd`: found `1e2`"),
        (PER_DIEM, ",126,80,", ",=1+1,80,", "row 3, column `lodging_usd`: found `=1+1`, a formula"),
        (PER_DIEM, ",126,80,", ",+126,80,", "a formula"),
        (PER_DIEM, ",126,80,", ",126,80,9,", "row 3: found 13 cells"),
        (PER_DIEM, "2024-10-01,2025-09-30,126", "2024-10-01,2025-02-30,126", "found `2025-02-30`"),
        (PER_DIEM, "2024-10-01,2025-09-30,126", "2025-10-01,2025-09-30,126", "column `season_end`"),
        (PER_DIEM, "lodging_usd,mie_usd", "lodging,mie_usd", "column `lodging`: found a column not known"),
        (PER_DIEM, "season_start,season_end", "season_end,season_end", "row 1"),
        ("mie_tiers.csv", "2027,68,16,19,28,5", "2027,68,16,19,28,6", "the sum of its parts, $69.00"),
        ("mileage.csv", "pov_auto_no_gov_vehicle,0.725", "pov_auto_no_gov_vehicle,-0.725", "usd_per_mile"),
        (FOREIGN, "AFGHANISTAN,Kabul,2026-01-01", "AFGHANISTAN,Kabul,01/01/2026", "found `01/01/2026`"),
        (ZIPS, "00501,00501,271", "00501,00501,9999", "column `destination_ids`: found `9999`"),
        (ZIPS, "00501,00501,271", "00544,00544,271", "`00544` twice"),
        (ZIPS, "00501,00501,271", "00501,00401,271", "a ZIP code from 00501"),
        (MINORS, "any:150,any:150", "any:-150,any:150", "column `fee_nonstop_usd`"),
        (MINORS, "2:150;4:300;6:450", "4:300;2:150", "steps from few children to many"),
        (MINORS, ",5-7,8-14,", ",7-5,8-14,", "column `nonstop_ages`: found `7-5`"),
        (MINORS, "21:00-05:00", "late", "column `no_departures`"),
        (MINORS, "HIGH,HIGH", "SURE,HIGH", "column `ages_confidence`"),
        ("countries.csv", "FR,FRANCE", "FR,FRANKIA", "no such country"),
    ],
)
def test_a_cell_that_cannot_be_right_is_named(folder: Path, name: str, old: str, new: str, said: str) -> None:
    change(folder, name, lambda text: text.replace(old, new, 1))
    with pytest.raises(RuleFileBroken) as broken:
        whole(folder)
    assert broken.value.file == name
    assert said in str(broken.value)
    assert broken.value.allowed


def test_seasons_of_one_place_may_not_overlap(folder: Path) -> None:
    change(
        folder,
        PER_DIEM,
        lambda text: text.replace(
            BIRMINGHAM, f"{BIRMINGHAM}x\n2025,1,AL,Birmingham,Jefferson,2025-09-30,2025-09-30,1,80,60.00,N,"
        ),
    )
    with pytest.raises(RuleFileBroken, match="seasons that do not overlap"):
        whole(folder)


def test_a_row_without_a_source_is_refused(folder: Path) -> None:
    change(folder, ZIPS, lambda text: text.replace("GSA FY2027PerDiemZipCode_Validated090126.xlsx", "", 1))
    with pytest.raises(RuleFileBroken, match="row 2, column `source`: found nothing"):
        whole(folder)


def test_another_encoding_a_hidden_character_and_an_open_quote_are_refused(folder: Path) -> None:
    path = folder / "parameters" / "mileage.csv"
    kept = path.read_bytes()
    for body, said in (
        (kept + "2027,é".encode("latin-1"), "save as CSV UTF-8"),
        (b"\xef\xbb\xbf" + kept, "hidden or control characters"),
        (kept + b'2027-01-01,"', "a quote that is not closed"),
        (kept + b"x" * 5_000_001, "at most 5000000 bytes"),
    ):
        path.write_bytes(body)
        with pytest.raises(RuleFileBroken, match=said):
            whole(folder)
    path.unlink()
    with pytest.raises(RuleFileBroken, match="no such file"):
        whole(folder)


@pytest.mark.parametrize(
    ("season", "inside", "outside"),
    [
        (
            ((10, 1), (3, 31)),
            ["2026-10-01", "2026-12-31", "2027-01-01", "2027-03-31"],
            ["2026-09-30", "2026-04-01"],
        ),
        (((4, 1), (9, 30)), ["2026-04-01", "2026-09-30"], ["2026-03-31", "2026-10-01"]),
        (((1, 1), (2, 28)), ["2028-02-29"], ["2028-03-01"]),
    ],
)
def test_a_season_holds_its_days_over_the_new_year(
    season: tuple[tuple[int, int], tuple[int, int]], inside: list[str], outside: list[str]
) -> None:
    found = Season(*season)
    assert all(found.holds(date.fromisoformat(day)) for day in inside)
    assert not any(found.holds(date.fromisoformat(day)) for day in outside)


def test_seasons_over_the_new_year_overlap_as_others_do() -> None:
    winter = Season((10, 1), (3, 31))
    assert winter.overlaps(Season((3, 31), (4, 1)))
    assert winter.overlaps(Season((1, 5), (1, 6)))
    assert not winter.overlaps(Season((4, 1), (9, 30)))


def carrier(name: str, mode: str = "air") -> CarrierRules:
    found = published().minor_rules(name, mode)
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["Delta Air Lines", "delta", "Delta 1234", "DL 88"])
def test_a_carrier_is_known_by_the_names_people_write(name: str) -> None:
    assert carrier(name).carrier == "Delta Air Lines"


@pytest.mark.parametrize(
    ("name", "children", "connecting", "dollars"),
    [
        ("American", 1, False, 150),
        ("American", 5, False, 150),  # one fee for the children of one family
        ("Delta", 4, False, 150),
        ("Delta", 5, False, None),
        ("United", 2, False, 150),
        ("United", 3, False, 300),
        ("United", 4, False, 300),
        ("United", 5, False, 450),
        ("United", 7, False, None),
        ("United", 1, True, None),  # nonstop only
        ("Alaska", 1, False, 50),
        ("Alaska", 1, True, 75),
        ("Alaska", 2, False, None),
        ("Alaska", 2, True, None),  # no source says that each child pays it
    ],
)
def test_the_fee_counts_children_as_the_carrier_does(
    name: str, children: int, connecting: bool, dollars: int | None
) -> None:
    fee = carrier(name).fee(children=children, connecting=connecting)
    assert (fee.cents if fee else None) == (dollars * 100 if dollars else None)


def test_the_manifest_names_every_table_and_one_byte_changes_the_whole(folder: Path) -> None:
    before = parameters_manifest(folder)
    assert set(before) == {p.name for p in (rules_folder() / "parameters").iterdir()}
    assert parameters_sha256(folder) == parameters_sha256()
    other = folder / "other"
    shutil.copytree(folder / "parameters", other / "parameters")
    change(other, "mileage.csv", lambda text: text + "\n")
    assert parameters_sha256(other) != parameters_sha256(folder)
