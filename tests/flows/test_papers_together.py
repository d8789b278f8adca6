"""Letters of many families are converted together; one that cannot be made takes no other with it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from flows import issue_documents
from flows.registry import works
from reunify.adapters.pdf_converter import CannotMakePdf, DxpdfConverter
from reunify.bootstrap import House
from reunify.db import Database
from reunify.sandbox.families import sample_family
from reunify.vault import keepers
from reunify.vault.keepers import Erased
from tests.integration.test_quiet_outcomes import say
from tests.integration.test_statement_budgets import Ear
from tests.town import NOW, Town, built
from tests.unit.test_documents_samples import text_of


@dataclass
class Watched:
    """The real converter; remembers how many came together, and does something first."""

    first: Callable[[], None] = lambda: None
    cannot: str = ""
    together: list[int] = field(default_factory=list)
    name: str = DxpdfConverter.name
    tagged: bool = DxpdfConverter.tagged

    def convert_each(self, documents: Sequence[bytes]) -> list[bytes | CannotMakePdf]:
        self.together.append(len(documents))
        self.first()
        pdfs = DxpdfConverter().convert_each(documents)
        bad = [bool(self.cannot) and self.cannot in text_of(one) for one in documents]
        return [CannotMakePdf("not this one") if no else pdf for no, pdf in zip(bad, pdfs, strict=True)]


@pytest.fixture
def town(settled_db: Database, tmp_path: Path) -> Iterator[Town]:
    with built(settled_db, tmp_path) as found:
        found._works = [work for work in works(found.house) if work.name != "issue_documents"]
        yield found


def asked(town: Town, called: str) -> UUID:
    """A family that is owed one question."""
    draft = copy.deepcopy(sample_family("f", NOW.date()).draft)
    for person in (draft["case"]["child"], *draft["travelers"]):
        person["name"] += f" {called}"
    return UUID(town.submitted(draft))


def issued(house: House, ids: list[UUID]) -> int:
    return issue_documents.issue_documents(house, ids, None)


def kept(town: Town) -> list[UUID]:
    with town.house.db.read() as session:
        return list(session.scalars(sa.text("SELECT request_id FROM documents ORDER BY made_at, id")))


def with_converter(town: Town, converter: Any) -> House:
    return replace(town.house, converter=converter)


def test_the_letters_of_all_families_are_converted_in_one_call_and_a_bad_one_stays_alone(town: Town) -> None:
    families = [asked(town, name) for name in ("Alder", "Birch", "Cedar")]
    watched = Watched(cannot="Birch")
    with pytest.raises(CannotMakePdf):
        issued(with_converter(town, watched), families)
    assert watched.together == [3]
    assert set(kept(town)) == {families[0], families[2]}
    assert issue_documents.find(town.house.db, 10) == [families[1]]
    watched.cannot = ""
    ear = Ear([])

    def hear(connection: object, cursor: object, statement: str, *rest: object) -> None:
        ear.heard.append(statement)

    sa.event.listen(town.house.db.engine, "before_cursor_execute", hear)
    with ear.at_most(62):
        assert issued(with_converter(town, watched), families) == 3
    assert watched.together == [3, 1]
    assert sorted(kept(town)) == sorted(families)


def test_a_family_erased_while_its_paper_is_made_takes_no_other_paper_with_it(town: Town) -> None:
    erased, other = asked(town, "Alder"), asked(town, "Birch")

    def meanwhile() -> None:
        with town.house.db.work() as session:
            keepers.destroy(session, keeper=erased, now=town.clock())

    with pytest.raises(Erased):
        issued(with_converter(town, Watched(first=meanwhile)), [erased, other])
    assert kept(town) == [other]


def test_what_is_no_longer_owed_when_its_paper_is_ready_is_not_kept(town: Town) -> None:
    answered, quiet = asked(town, "Alder"), asked(town, "Birch")

    def meanwhile() -> None:
        told = {"answers": {"/case/report_number": "NCMEC 2099999"}}
        town.person("ana").act(town.diary, "answer", f"/requests/{answered}/answers", told)
        say(town, str(quiet))

    assert issued(with_converter(town, Watched(first=meanwhile)), [answered, quiet]) == 0
    assert kept(town) == []
