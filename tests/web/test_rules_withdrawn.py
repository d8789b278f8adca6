"""What one person asked by mistake is withdrawn, and what waits is on the work list of who may act on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import typer

from reunify import settings
from reunify.cli import database, rule_changes
from reunify.rates.closed_yaml import RuleFileBroken
from reunify.rules import current
from reunify.rules.policy import NobodyAsked
from reunify.rules.reading import compile_rulebook
from tests.web.pages_world import text
from tests.web.rules_world import FUND, Hall, hall

__all__ = ["hall"]

WAITS = "Rules that wait for you"


def told(hall: Hall, words: str) -> list[str]:
    """Whose work list says so."""
    return [who for who in ("ada", "ana", "dee", "noor", "sam") if words in text(hall.as_(who).get("/"))]


# On the pages --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("colleague", ["ada", "noor"])
def test_a_suspension_asked_by_mistake_is_withdrawn_with_its_reason(hall: Hall, colleague: str) -> None:
    at = "/rules/sources/home_free"
    hall.as_("noor").post(f"{at}/suspension", data={"reason": "The wrong source"})
    assert told(hall, "suspend this source? from Noor Haddad") == ["ada", "sam"]
    assert f'href="/rules#source-{at.rpartition("/")[2]}"' in hall.as_("sam").get("/").text
    assert f"{at}/suspension/withdraw" not in hall.as_("sam").get("/rules").text
    assert hall.as_("sam").post(f"{at}/suspension/withdraw", data={"reason": "why"}).status_code == 403
    bare = hall.as_(colleague).post(f"{at}/suspension/withdraw", data={"reason": " "})
    assert bare.status_code == 422
    assert "Say why, in a few words." in text(bare)

    done = hall.as_(colleague).post(f"{at}/suspension/withdraw", data={"reason": "Meant another one"})
    assert "Withdrawn. Nothing has changed: nobody confirms it any more." in text(done)
    assert f"{at}/suspension/confirm" not in done.text
    assert told(hall, WAITS) == []
    late = hall.as_("sam").post(f"{at}/suspension/confirm")
    assert late.status_code == 409
    assert "Suspended: asks staff" not in text(late)
    history = text(hall.as_("dee").get(f"/rules/versions/{hall.newest('home_free')}"))
    name = {"ada": "Ada Lindqvist", "noor": "Noor Haddad"}[colleague]
    assert f"The ask to suspend it withdrawn by {name}" in history
    assert "“Meant another one”" in history


def test_a_resumption_asked_too_early_is_withdrawn_and_the_source_stays_suspended(hall: Hall) -> None:
    at = "/rules/sources/dc_crime_compensation"
    noor, ada = hall.as_("noor"), hall.as_("ada")
    noor.post(f"{at}/suspension", data={"reason": "It harms"})
    ada.post(f"{at}/suspension/confirm")
    noor.post(f"{at}/resumption", data={"reason": "It is mended"})
    assert told(hall, "let this source answer again?") == ["ada"]
    assert "Withdrawn." in text(noor.post(f"{at}/resumption/withdraw", data={"reason": "It is not yet"}))
    assert ada.post(f"{at}/resumption/confirm").status_code == 409
    assert told(hall, WAITS) == []
    noor.post(f"{at}/resumption", data={"reason": "Now it is"})
    assert "answer again." in text(ada.post(f"{at}/resumption/confirm"))


@pytest.mark.parametrize("colleague", ["ada", "noor"])
def test_a_retirement_asked_by_mistake_is_withdrawn_on_the_versions_page(hall: Hall, colleague: str) -> None:
    version = f"/rules/versions/{hall.newest('florida_relocation')}"
    noor = hall.as_("noor")
    noor.post(f"{version}/retire", data={"reason": "It is old"})
    assert told(hall, "retire a version? from Noor Haddad") == ["ada"]
    assert "Withdraw the ask to retire it" in text(hall.as_(colleague).get(version))
    refused = hall.as_(colleague).post(f"{version}/retire/withdraw", data={"reason": ""})
    assert (refused.status_code, "Say why, in a few words." in text(refused)) == (422, True)
    done = hall.as_(colleague).post(f"{version}/retire/withdraw", data={"reason": "It is the newest"})
    assert "The ask to retire it withdrawn by" in text(done)
    assert "Withdraw the ask to retire it" not in text(done)
    assert "Ask to retire this version" in text(noor.get(version))
    assert told(hall, WAITS) == []


# What nobody can read any more ---------------------------------------------------------------------------
@pytest.fixture
def left_behind(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Handed in by Noor, in a form of rule files that the house of today has left behind."""
    name = "Fund of an earlier form"
    draft = hall.begin("2028-01-01", source="itverp")
    hall.typed(draft, name=name)
    version = str(hall.as_("noor").post(f"{draft}/submit").url.path)
    assert version.startswith("/rules/versions/")

    def today(body: bytes, *more: Any) -> Any:
        if name.encode() in body:
            raise RuleFileBroken("itverp", "top, `kind`", "`elsewhere`", "a kind of today")
        return compile_rulebook(body, *more)

    with monkeypatch.context() as patched:
        patched.setattr(current, "compile_rulebook", today)
        patched.setattr(current.reading(), "_books", {})
        yield version


def test_a_version_nobody_can_read_is_turned_down_with_the_error_in_words(
    hall: Hall, left_behind: str
) -> None:
    assert told(hall, "a version in review that can no longer be read from Noor Haddad") == ["ada", "noor"]
    assert "Cannot be read" in text(hall.as_("dee").get("/rules"))
    page = hall.as_("ada").get(left_behind)
    assert "This house cannot read these rules any more." in text(page)
    assert "itverp, top, `kind`: found `elsewhere`. Allowed: a kind of today." in text(page)
    assert f"{left_behind}/approve" not in page.text
    assert hall.as_("ada").post(f"{left_behind}/approve").status_code == 422
    done = hall.as_("ada").post(f"{left_behind}/retire", data={"reason": "Nobody can read it"})
    assert "Withdrawn by Ada Lindqvist" in text(done)
    assert "“Nobody can read it”" in text(done)
    assert told(hall, WAITS) == []


def test_a_version_nobody_can_read_goes_back_to_its_draft(hall: Hall, left_behind: str) -> None:
    back = hall.as_("ada").post(f"{left_behind}/send-back", data={"reason": "Write it in the new form"})
    assert "Sent back. Its draft can be worked on again." in text(back)
    gone = hall.as_("noor").post(f"{left_behind}/retire", data={"reason": "We need it no more"})
    assert "Withdrawn by Noor Haddad" in text(gone)


# At the command line -------------------------------------------------------------------------------------
@pytest.fixture
def typed(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def opened(*_: Any) -> Any:
        yield hall.house.db

    monkeypatch.setattr(database, "opened", opened)
    monkeypatch.setattr(settings, "load", lambda: hall.house.settings)


@pytest.mark.usefixtures("typed")
def test_each_ask_is_withdrawn_at_the_command_line_too(
    hall: Hall, capsys: pytest.CaptureFixture[str]
) -> None:
    sha = hall.newest()[:12]
    for verb, about in ((rule_changes.rules_suspend, FUND), (rule_changes.rules_retire, sha)):
        verb(about, by="ada", reason="It harms")
        assert capsys.readouterr().out.startswith("Asked. Another person confirms it")
        verb(about, by="noor", reason="It does not", withdraw=True)
        assert "Withdrawn: nobody confirms it any more." in capsys.readouterr().out
        with pytest.raises(NobodyAsked):
            verb(about, by="noor", reason="It harms", confirm=True)
        with pytest.raises(typer.BadParameter, match="not both"):
            verb(about, by="noor", reason="It harms", confirm=True, withdraw=True)
    rule_changes.rules_suspend(FUND, by="ada", reason="It harms")
    rule_changes.rules_suspend(FUND, by="noor", confirm=True)
    rule_changes.rules_resume(FUND, by="ada", reason="It does not")
    rule_changes.rules_resume(FUND, by="ada", reason="It does", withdraw=True)
    assert "Withdrawn" in capsys.readouterr().out
    said = text(hall.as_("dee").get(f"/rules/versions/{hall.newest()}"))
    assert "The ask to let it answer again withdrawn by Ada Lindqvist, at the command line" in said
    rule_changes.rules_resume(FUND, by="ada", reason="It does not")
    rule_changes.rules_resume(FUND, by="noor", confirm=True)
    rule_changes.rules_retire(sha, by="ada", reason="It is old")
    rule_changes.rules_retire(sha, by="noor", reason="Seen", confirm=True)
    assert "Retired: domestic_reunification of" in capsys.readouterr().out
