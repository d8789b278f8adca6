"""Papers sent in: the moves, who may open what, and names that hide nothing."""

from __future__ import annotations

import itertools

import pytest

from reunify.adapters.clamav import Clamd
from reunify.files.evidence_policy import (
    EVIDENCE,
    EXTENSIONS,
    LONGEST_NAME,
    REMEDY,
    Kind,
    MediaType,
    Reason,
    attachment_name,
    check_open,
    may_open,
    shown_name,
)
from reunify.kernel.moves import START, WrongState
from reunify.kernel.refusals import Refused
from reunify.settings import SettingsRefused, load
from reunify.web.pages.family_paper_words import PAPERS
from reunify.web.pages.labels import label

MAY_MOVE = {
    (START, "keep"): "not_scanned",
    (START, "keep_unseen"): "quarantined",
    (START, "refuse"): "refused",
    ("not_scanned", "pass"): "clean",
    ("not_scanned", "find_malware"): "infected",
    ("not_scanned", "quarantine"): "quarantined",
    ("clean", "quarantine"): "quarantined",
    ("infected", "quarantine"): "quarantined",
    ("not_scanned", "remove"): "removed",
    ("clean", "remove"): "removed",
    ("infected", "remove"): "removed",
}
VERBS = sorted({verb for _, verb in MAY_MOVE})


@pytest.mark.parametrize(("state", "verb"), list(itertools.product([START, *EVIDENCE.states], VERBS)))
def test_every_move_is_in_the_table_or_refused(state: str, verb: str) -> None:
    if (state, verb) in MAY_MOVE:
        assert EVIDENCE.check(state, verb).target == MAY_MOVE[state, verb]
    else:
        with pytest.raises(WrongState):
            EVIDENCE.check(state, verb)


def test_nothing_leaves_the_quarantine() -> None:
    assert [move for move in EVIDENCE if move.source == "quarantined"] == []


@pytest.mark.parametrize(
    ("state", "own", "safe", "opens"),
    [
        (state, own, safe, state == "clean" or (state == "not_scanned" and own and safe))
        for state, own, safe in itertools.product(EVIDENCE.states, (True, False), (True, False))
    ],
)
def test_who_may_open_what(state: str, own: bool, safe: bool, opens: bool) -> None:
    assert may_open(state=state, own=own, has_safe_copy=safe) == opens
    if not opens:
        with pytest.raises(Refused):
            check_open(state=state, own=own, has_safe_copy=safe)


@pytest.mark.asvs("5.3.2")
@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("receipt.pdf", "receipt.pdf"),
        ("Acta de nacimiento ñ.jpg", "Acta de nacimiento ñ.jpg"),
        ("n\u0303.jpg", "ñ.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\scan.pdf", "scan.pdf"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a\u200bb\u00adc\u2028d.jpg", "abcd.jpg"),
        ("line\r\nSet-Cookie: x\x00.jpg", "line Set-Cookie: x.jpg"),
        ("   ", ""),
        (None, ""),
        ("", ""),
        ("\ud800.jpg", ".jpg"),
        ("x" * LONGEST_NAME, "x" * LONGEST_NAME),
        ("x" * (LONGEST_NAME + 1), "x" * (LONGEST_NAME - 1) + "…"),
    ],
)
def test_a_senders_own_name_hides_nothing(said: str | None, shown: str) -> None:
    assert shown_name(said) == shown


def test_our_own_names_hold_letters_digits_and_hyphens_only() -> None:
    for kind, media_type in itertools.product(Kind, MediaType):
        name = attachment_name("0123abcd", kind, media_type)
        assert name.replace("-", "").replace(".", "", 1).isalnum()
        assert name.isascii()
        assert name.endswith("." + EXTENSIONS[media_type])


def test_every_kind_state_and_reason_has_words_for_staff_and_families() -> None:
    assert set(REMEDY) == set(Reason)
    for key in [
        *(f"paper_{kind}" for kind in Kind),
        *(f"sent_{state}" for state in EVIDENCE.states),
        *(f"not_{reason}" for reason in Reason),
    ]:
        english, spanish = PAPERS[key]
        assert english != spanish
    for code in [*(f"paper_{kind}" for kind in Kind), *EVIDENCE.states, "paper_refused"]:
        assert label(code)[0].isupper()


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("unix:/run/clamav/clamd.ctl", True),
        ("tcp://127.0.0.1:3310", True),
        ("tcp://clamav.internal:3310", True),
        ("/run/clamav/clamd.ctl", False),
        ("unix:clamd.ctl", False),
        ("tcp://127.0.0.1", False),
        ("http://127.0.0.1:3310", False),
    ],
)
def test_where_the_scanner_is_is_checked_at_the_start(address: str, taken: bool) -> None:
    if taken:
        assert load({"REUNIFY_CLAMAV": address}).clamav == address
        Clamd(address)
    else:
        with pytest.raises(SettingsRefused, match="REUNIFY_CLAMAV"):
            load({"REUNIFY_CLAMAV": address})
