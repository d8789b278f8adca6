"""What we show: the rules in force, their versions and history, drafts, replays. Shapes are in views.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.identity.queries import staff_names
from reunify.rates.closed_yaml import RuleFileBroken
from reunify.rules import bundle, current, files, moving, policy, replaying
from reunify.rules import drafts as drafting
from reunify.rules.model import Rulebooks
from reunify.rules.policy import (
    APPROVALS,
    ASKED_FOR,
    IN_FORCE,
    NoRulesApproved,
    NoSuchReplay,
    NoSuchVersion,
    RulesDoNotCompile,
)
from reunify.rules.reading import compile_rulebook
from reunify.rules.records import RuleDraft, RuleInForce, RuleMove, RuleReplay, RuleVersion
from reunify.rules.views import (
    DraftRow,
    DraftView,
    MoveView,
    PendingAct,
    ReplayView,
    SourceView,
    VersionRow,
    VersionView,
)

# The verb of the second person, for each of the first.
_CONFIRMS = {"take_on": "approve", **{asked: verb for verb, asked in ASKED_FOR.items()}}


def in_force(session: Session) -> Rulebooks:
    """The approved versions of every source, and which are suspended, as committed now. One statement.

    Raises NoRulesApproved, RulesDoNotCompile.
    """
    return current.reading().in_force(session)


def keep_in_force(session: Session) -> None:
    """For whoever acts on an answer: nothing is approved, suspended or retired before this transaction ends.

    First in the transaction; `in_force` read after it says what then holds.
    """
    moving.keep_in_force(session)


def in_force_if_any(session: Session) -> Rulebooks | None:
    """The same for a page that goes on without rules; None while nothing can be answered."""
    try:
        return in_force(session)
    except (NoRulesApproved, RulesDoNotCompile):
        return None


def any_in_force(session: Session) -> bool:
    """Whether anything can be answered at all; for a flow that would otherwise try in vain."""
    return session.scalar(sa.select(RuleInForce.sha256).limit(1)) is not None


def sources(session: Session) -> tuple[SourceView, ...]:
    """Every source that has a version or a draft, by its name in the folder."""
    rows = _rows(session, session.scalars(sa.select(RuleVersion)).all())
    found: dict[str, tuple[list[VersionRow], list[DraftRow]]] = {}
    for row in rows:
        found.setdefault(row.source, ([], []))[0].append(row)
    for line in drafts(session):
        found.setdefault(line.source, ([], []))[1].append(line)
    return tuple(_source(source, *found[source]) for source in sorted(found))


def version(session: Session, sha256: str) -> VersionView:
    """Raises NoSuchVersion."""
    kept = session.get(RuleVersion, sha256)
    if kept is None:
        raise NoSuchVersion("There is no such version of any rules.")
    (row,) = _rows(session, [kept])
    submitted = moving.submitted(session, sha256)
    found = files.kept(session, {sha256, submitted.examples_sha256 or ""})
    rules, tables = bundle.parted(found[sha256].body)
    replay = _newest_replay(session, sha256)
    same = [r for r in moving.in_force(session, kept.source) if r.effective_from == kept.effective_from]
    return VersionView(
        row=row,
        authors=frozenset(moving.authors(session, sha256)),
        based_on=kept.based_on,
        wording_only=kept.wording_only,
        draft_id=submitted.draft_id,
        rules=rules.decode(),
        tables={name: text.decode() for name, text in tables.items()},
        examples=found[submitted.examples_sha256 or ""].body.decode(),
        history=_history(session, sha256),
        replay=replay,
        replayed=replaying.good(session, sha256, submitted.at) is not None,
        replaces=next((r.sha256 for r in same if r.sha256 != sha256), None),
    )


def fingerprint_like(session: Session, written: str) -> str:
    """The version whose fingerprint begins so. Raises NoSuchVersion where none or more than one does."""
    begins = written.strip().lower()
    if len(begins) >= 8 and begins.isalnum():
        found = session.scalars(
            sa.select(RuleVersion.sha256)
            .where(RuleVersion.sha256.startswith(begins, autoescape=True))
            .limit(2)
        ).all()
        if len(found) == 1:
            return found[0]
    raise NoSuchVersion(
        "Write at least the first eight digits of the fingerprint of one version; `reunify rules status` "
        "lists them."
    )


def drafts(session: Session) -> tuple[DraftRow, ...]:
    """Every draft that can be worked on, the newest saved first."""
    rows = session.scalars(sa.select(RuleDraft).where(RuleDraft.state == "open")).all()
    names = staff_names(session, [d.started_by for d in rows])
    found = [
        DraftRow(d.id, d.source, d.effective_from, names[d.started_by], d.saved_at, d.revision) for d in rows
    ]
    return tuple(sorted(found, key=lambda d: d.saved_at, reverse=True))


def draft(session: Session, draft_id: UUID) -> DraftView:
    """Raises NoSuchDraft."""
    kept = drafting.found(session, draft_id)
    rulebook, problem = None, None
    try:
        file = f"{kept.source}/{kept.effective_from}.yaml"
        rulebook = compile_rulebook(drafting.body_of(kept), current.dictionary().dictionary, file)
    except RuleFileBroken as wrong:
        problem = str(wrong)
    return DraftView(
        id=kept.id,
        source=kept.source,
        effective_from=kept.effective_from,
        rules=kept.rules,
        tables=dict(kept.tables),
        examples=kept.examples,
        revision=kept.revision,
        based_on=kept.based_on,
        started_by=staff_names(session, [kept.started_by])[kept.started_by],
        state=kept.state,
        saved_at=kept.saved_at,
        problem=problem,
        rulebook=rulebook,
    )


def replay(session: Session, replay_id: UUID) -> ReplayView:
    """Raises NoSuchReplay."""
    kept = session.get(RuleReplay, replay_id)
    if kept is None:
        raise NoSuchReplay("There is no such replay.")
    return _replay_view(session, kept)


def replays_waiting(session: Session, *, limit: int) -> list[UUID]:
    """Asked for and not finished, the oldest first; those a dead worker left running are among them."""
    asked = sa.select(RuleReplay.id).where(RuleReplay.state.in_(("waiting", "running")))
    return list(session.scalars(asked.order_by(RuleReplay.asked_at, RuleReplay.id).limit(limit)))


def _newest_replay(session: Session, sha256: str) -> ReplayView | None:
    asked = sa.select(RuleReplay).where(RuleReplay.sha256 == sha256, RuleReplay.follows.is_(None))
    kept = session.scalars(asked.order_by(RuleReplay.asked_at.desc()).limit(1)).first()
    return _replay_view(session, kept) if kept is not None else None


def _replay_view(session: Session, kept: RuleReplay) -> ReplayView:
    names = staff_names(session, [kept.asked_by] if kept.asked_by else [])
    return ReplayView(
        id=kept.id,
        sha256=kept.sha256,
        since=kept.since,
        follows=kept.follows,
        fields_sha256=kept.fields_sha256,
        asked_by=names.get(kept.asked_by) if kept.asked_by else None,
        state=kept.state,
        report=kept.report,
        asked_at=kept.asked_at,
        begun_at=kept.begun_at,
        finished_at=kept.finished_at,
        run=kept.run,
    )


def _history(session: Session, sha256: str) -> tuple[MoveView, ...]:
    rows = session.scalars(
        sa.select(RuleMove).where(RuleMove.sha256 == sha256).order_by(RuleMove.sequence)
    ).all()
    names = staff_names(session, [p for row in rows for p in (row.moved_by, row.asked_by) if p])
    return tuple(
        MoveView(
            row.verb,
            row.from_state,
            row.to_state,
            names.get(row.moved_by) if row.moved_by else None,
            names.get(row.asked_by) if row.asked_by else None,
            row.reason,
            row.at,
            row.typed,
        )
        for row in rows
    )


def _rows(session: Session, versions: Iterable[RuleVersion]) -> list[VersionRow]:
    kept = list(versions)
    shas = [v.sha256 for v in kept]
    moves: dict[str, list[RuleMove]] = {}
    asked = sa.select(RuleMove).where(RuleMove.sha256.in_(shas)).order_by(RuleMove.sequence)
    for move in session.scalars(asked):
        moves.setdefault(move.sha256, []).append(move)
    approvals = {sha: _approvers(listed) for sha, listed in moves.items()}
    names = staff_names(session, {m.moved_by for listed in moves.values() for m in listed if m.moved_by})
    books, broken = current.compiled(session, shas)
    rows = [
        VersionRow(
            sha256=v.sha256,
            source=v.source,
            effective_from=v.effective_from,
            effective_to=v.effective_to,
            status=moves[v.sha256][-1].to_state,
            author=_author(moves[v.sha256], names),
            at=v.at,
            rulebook=books.get(v.sha256),
            problem=str(broken[v.sha256]) if v.sha256 in broken else None,
            pending=_pending(moves[v.sha256], names),
            approved_by=tuple(names[person] for person in approvals[v.sha256]),
        )
        for v in kept
    ]
    return sorted(rows, key=lambda r: (r.effective_from, r.at, r.sha256), reverse=True)


def _approvers(moves: list[RuleMove]) -> list[UUID]:
    newest = next((move for move in reversed(moves) if move.verb in APPROVALS), None)
    return [person for person in (newest.moved_by, newest.asked_by) if person] if newest else []


def _author(moves: list[RuleMove], names: Mapping[UUID, str]) -> str | None:
    """Who handed it in last; None: the release."""
    last = next(move for move in reversed(moves) if move.verb in ("submit", "register"))
    return names[last.moved_by] if last.moved_by else None


def _pending(moves: list[RuleMove], names: Mapping[UUID, str]) -> tuple[PendingAct, ...]:
    return tuple(
        PendingAct(
            asked=move.verb,
            confirms=_CONFIRMS[move.verb],
            by=names[move.moved_by],
            people=frozenset({move.moved_by, *move.moved_for}),
            reason=move.reason,
            at=move.at,
        )
        for move in moving.asks(moves)
        if move.moved_by is not None
    )


def _source(source: str, versions: list[VersionRow], started: list[DraftRow]) -> SourceView:
    standing = [v for v in versions if v.status in IN_FORCE]
    of_the_whole = {
        act.asked: act for v in reversed(standing) for act in v.pending if act.asked in policy.OF_A_SOURCE
    }
    book = next((v.rulebook for v in [*standing, *versions] if v.rulebook is not None), None)
    return SourceView(
        source=source,
        name=book.name if book else source,
        kind=book.kind if book else "",
        suspended=any(v.status == "suspended" for v in standing),
        pending=tuple(of_the_whole.values()),
        versions=tuple(versions),
        drafts=tuple(started),
    )
