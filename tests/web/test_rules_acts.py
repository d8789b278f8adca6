"""What waits for a second person, each act on its own; and buttons that do what they say."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

import pytest

from reunify import settings
from reunify.cli import database, rule_changes
from tests.web.pages_world import text
from tests.web.rules_world import FUND, Hall, hall

__all__ = ["hall"]


def test_one_act_that_waits_never_hides_another(hall: Hall) -> None:
    at, version = "/rules/sources/home_free", f"/rules/versions/{hall.newest('home_free')}"
    noor, ada, sam = hall.as_("noor"), hall.as_("ada"), hall.as_("sam")
    noor.post(f"{at}/suspension", data={"reason": "The carrier ended it"})
    ada.post(f"{version}/retire", data={"reason": "It is old"})
    listed = sam.get("/rules")
    assert f"{at}/suspension/confirm" in listed.text
    assert "retire a version? says Ada Lindqvist" in text(listed)
    assert "Noor Haddad asks to suspend this source." in text(noor.get(version))
    assert noor.post(f"{at}/suspension", data={"reason": "again please"}).status_code == 409
    assert "Confirm: retire this version" in text(noor.get(version))
    assert "Confirm: retire this version" not in text(ada.get(version))
    sam.post(f"{at}/suspension/confirm")
    assert "Ask to retire this version" in text(noor.get(version)), (
        "the ask ended with the state it was about"
    )


def test_a_button_that_asks_never_retires(hall: Hall) -> None:
    source = "florida_relocation"
    version = f"/rules/versions/{hall.newest(source)}"
    noor, ada = hall.as_("noor"), hall.as_("ada")
    assert "Ask to retire this version" in text(noor.get(version))
    ada.post(f"{version}/retire", data={"reason": "It is old"})
    ada.post(f"/rules/sources/{source}/suspension", data={"reason": "It harms"})
    pressed = noor.post(f"{version}/retire", data={"reason": "I only ask"})
    assert pressed.status_code == 409
    assert "Another person must confirm it." in text(pressed)
    page = noor.get(version)
    assert "Confirm: retire this version" in text(page)
    assert 'name="confirms" value="yes"' in page.text
    done = noor.post(f"{version}/retire", data={"reason": "Seen", "confirms": "yes"})
    assert "Retired by Noor Haddad, with Ada Lindqvist" in text(done)
    assert "hand it in unchanged" in text(done)


def test_what_was_typed_at_the_command_line_is_called_so(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def opened(*_: Any) -> Any:
        yield hall.house.db

    monkeypatch.setattr(database, "opened", opened)
    monkeypatch.setattr(settings, "load", lambda: hall.house.settings)
    rule_changes.rules_suspend(FUND, by="ada", reason="A court stopped it")
    said = text(hall.as_("dee").get(f"/rules/versions/{hall.newest()}"))
    assert "To be suspended, says Ada Lindqvist, at the command line" in said
