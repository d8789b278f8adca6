"""The whole demo told in marked words, in real processes: where do the marks turn up afterwards?

Nowhere but behind the seals. Stripe may know the legal name and the e-mail of a payee who agreed, and nothing
else. Each place also holds one planted word, so that a reader that reads nothing fails.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.marked_demo import PLANTS

CASE_WORDS = re.compile(r"runaway|endangered|abduct|exploit|custody", re.IGNORECASE)
PATIENCE_SECONDS = 240
# Typed into addresses and refused calls on purpose: such a word may stand in what was called, nowhere else.
TYPED = ("Qaddress1", "Qrefused1")


@dataclass(frozen=True)
class Found:
    """What was written during the demo, by place, and the marks to look for."""

    places: dict[str, str]
    marks: list[str]
    payees: list[str]
    tokens: list[str]
    report: dict[str, object]

    def in_place(self, place: str, words: list[str]) -> set[str]:
        """Which of the words the place holds: in any case, as text or as the hex of its bytes."""
        low = self.places[place].casefold()
        return {w for w in words if w.casefold() in low or w.casefold().encode().hex() in low or _hex(w, low)}


def _hex(word: str, text: str) -> bool:
    return word.encode().hex() in text


@pytest.fixture(scope="module")
def found() -> Iterator[Found]:
    folder = Path("/tmp") / f"reunify-marked-{os.getpid()}"
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    (folder / "kept").mkdir(parents=True)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("REUNIFY_", "PREFECT_"))}
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.marked_demo", str(folder / "kept")],
        env=environment | {"REUNIFY_DATA": str(folder)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    yield _read(folder, done.stdout, done.stderr)
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def _read(folder: Path, said: str, complained: str) -> Found:
    kept = {file.stem: file.read_text(errors="replace") for file in (folder / "kept").glob("*.txt")}
    assert kept.keys() >= {"ours", "prefect", "stripe", "calls", "refusals", "phones"}, complained
    logs = [*(folder / "headless" / "logs").iterdir(), folder / "headless" / "postgres.log"]
    for log in logs:
        kept[f"log of {log.stem}"] = log.read_text(errors="replace")
    kept["what the demo said"] = said + complained
    marks = json.loads((folder / "kept" / "marks.json").read_text())
    tokens = re.findall(r"/f/(\S{20,})", kept["calls"])
    return Found(kept, marks["marks"], marks["payees"], tokens, json.loads(said))


def test_no_word_of_a_family_is_written_where_it_does_not_belong(found: Found) -> None:
    """One run, many looks at it."""
    _the_stories_were_told(found)
    _every_place_is_read(found)
    for place in found.places:
        allowed = found.payees if place == "stripe" else []
        assert found.in_place(place, found.marks) <= set(allowed), place
    _stripe_knows_the_payees_who_agreed(found)
    _what_was_typed_wrongly_is_not_repeated(found)
    _no_secret_of_a_link_is_in_a_log(found)
    _nobody_outside_learns_what_kind_of_case_it_is(found)


def _the_stories_were_told(found: Found) -> None:
    families = found.report["families"]
    assert isinstance(families, list)
    assert [f["broke"] for f in families] == [None] * len(families)
    assert {f["state"] for f in families} <= {"paid", "refused", "paid_elsewhere"}
    assert len(found.marks) > 40
    kinds = {re.sub(r"\d.*", "", mark) for mark in found.marks}
    assert kinds == {"Qname", "Qthing", "Qcase", "Qplace", "Qcontact"}


def _every_place_is_read(found: Found) -> None:
    """The planted words are found, each in its place and in no other."""
    assert {p for p in found.places if p.startswith("log of ")} >= {
        f"log of {name}"
        for name in ("api", "worker", "notices", "letters", "prefect", "simulator", "phones", "postgres")
    }
    for place in found.places:
        kind = "logs" if place.startswith("log of ") else place
        planted = {PLANTS[kind]} if kind in PLANTS and place != "log of postgres" else set()
        assert found.in_place(place, list(PLANTS.values())) == planted, place
        assert found.places[place], place
    assert "ready to accept connections" in found.places["log of postgres"]


def _stripe_knows_the_payees_who_agreed(found: Found) -> None:
    known = found.in_place("stripe", found.payees)
    assert known
    assert known <= set(found.payees)


def _what_was_typed_wrongly_is_not_repeated(found: Found) -> None:
    assert found.in_place("calls", list(TYPED)) == {"Qaddress1"}
    for place in found.places.keys() - {"calls"}:
        assert found.in_place(place, list(TYPED)) == set(), place


def _no_secret_of_a_link_is_in_a_log(found: Found) -> None:
    assert found.tokens
    for place in found.places.keys() - {"calls"}:
        assert found.in_place(place, found.tokens) == set(), place


def _nobody_outside_learns_what_kind_of_case_it_is(found: Found) -> None:
    for place in found.places.keys() - {"ours", "calls", "what the demo said"}:
        assert CASE_WORDS.search(found.places[place]) is None, place
