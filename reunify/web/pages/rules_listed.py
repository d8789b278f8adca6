"""The sources as staff read them in the list: versions, what was asked of whom, and what waits. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from reunify.kernel.people import Role, Staff
from reunify.reporting.rules_waiting import REVIEW, UNREADABLE, WaitingAct
from reunify.rules import policy
from reunify.rules.policy import IN_FORCE
from reunify.rules.readable import KINDS_IN_WORDS
from reunify.rules.views import DraftRow, PendingAct, SourceView, VersionRow
from reunify.web.pages.rules_history import RELEASE
from reunify.web.pages.view import holds

_KINDS = {**{k: f"{w[:1].upper()}{w[1:]}" for k, w in KINDS_IN_WORDS.items()}, "": "Not written yet"}
_WAITS = {
    "ask_suspension": ("suspension", "suspend this source", policy.STOPS),
    "ask_resumption": ("resumption", "let this source answer again", (Role.RULES_AUTHOR,)),
}
_OF_A_VERSION = {
    "ask_retirement": "retire a version?",
    "take_on": "the first yes is said, a second is needed",
}
_WORDS = {
    REVIEW: "a version to review",
    UNREADABLE: "a version in review that can no longer be read",
    **_OF_A_VERSION,
    **{act: f"{what}?" for act, (_, what, _) in _WAITS.items()},
}


@dataclass(frozen=True, slots=True)
class Line:
    """A version in the list. `review_by`: when the first of it must be read again. `unreadable`: the
    house of today cannot read its text.

    `pending`: what waits for a second person, of this version and of its source.
    """

    sha256: str
    effective_from: date
    effective_to: date | None
    state: str
    approved: str
    unreadable: bool
    review_by: date | None
    past_due: bool
    pending: tuple[PendingAct, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What one person asked of a whole source. `path`: suspension or resumption."""

    path: str
    what: str
    by: str
    reason: str
    at: datetime
    may_confirm: bool
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """`newest`: the version a change begins from; empty where there is none."""

    source: str
    name: str
    kind: str
    suspended: bool
    in_force: bool
    asked: tuple[Asked, ...]
    versions: tuple[Line, ...]
    drafts: tuple[DraftRow, ...]
    newest: str


@dataclass(frozen=True, slots=True)
class Waiting:
    address: str
    words: str
    who: str


def groups(found: list[Listed]) -> list[tuple[str, list[Listed]]]:
    """By whose money it is: our own first."""
    kinds = {k: _KINDS[k] for k in _KINDS if any(s.kind == k for s in found)}
    return [(title, [s for s in found if s.kind == kind]) for kind, title in kinds.items()]


def listed(view: SourceView, by: Staff, today: date) -> Listed:
    standing = [v for v in view.versions if v.status in IN_FORCE]
    return Listed(
        source=view.source,
        name=view.name,
        kind=view.kind,
        suspended=view.suspended,
        in_force=bool(standing),
        asked=tuple(_asked(act, by) for act in view.pending),
        versions=tuple(_line(row, today) for row in view.versions),
        drafts=view.drafts,
        newest=next((v.sha256 for v in (*standing, *view.versions)), ""),
    )


def _line(row: VersionRow, today: date) -> Line:
    book = row.rulebook
    reviews = [r.review_by for r in book.requirements] if book else []
    reviews += [book.hand_off.review_by] if book and book.hand_off and book.hand_off.review_by else []
    due = min(reviews, default=None)
    return Line(
        sha256=row.sha256,
        effective_from=row.effective_from,
        effective_to=row.effective_to,
        state=row.status,
        approved=" and ".join(row.approved_by),
        unreadable=row.problem is not None,
        review_by=due,
        past_due=due is not None and due < today and row.status != "retired",
        pending=row.pending,
    )


def _asked(act: PendingAct, by: Staff) -> Asked:
    path, what, roles = _WAITS[act.asked]
    confirms, writes = holds(by, *roles) and not act.is_of(by), holds(by, Role.RULES_AUTHOR)
    return Asked(path, what, act.by, act.reason, act.at, may_confirm=confirms, may_withdraw=writes)


def waiting(view: Listed) -> list[Waiting]:
    """Reviews, and what a second person is asked for."""
    found = [
        Waiting(
            f"/rules/versions/{v.sha256}",
            f"{view.name}: {_WORDS[UNREADABLE if v.unreadable else REVIEW]}",
            f"from {v.effective_from} on",
        )
        for v in view.versions
        if v.state == "in_review"
    ]
    found += [
        Waiting(f"/rules/versions/{v.sha256}", f"{view.name}: {words}", f"says {act.by}")
        for v in view.versions
        for act in v.pending
        if (words := _OF_A_VERSION.get(act.asked)) is not None
    ]
    found += [
        Waiting(f"#source-{view.source}", f"{view.name}: {asked.what}?", f"asked by {asked.by}")
        for asked in view.asked
    ]
    return found


def waiting_lines(acts: Iterable[WaitingAct]) -> list[Waiting]:
    """The same for the work list, by who asked or handed it in."""
    return [
        Waiting(
            f"/rules#source-{act.source}" if act.of_source else f"/rules/versions/{act.sha256}",
            f"{act.name}: {_WORDS[act.act]}",
            f"from {act.by or RELEASE}",
        )
        for act in acts
    ]
