"""What we show of templates: each version, who decided on it and when, and which is in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.documents.template_policy import NoSuchTemplate
from reunify.documents.template_records import TemplateDecision, TemplateFile, TemplateVersion
from reunify.identity import queries as people
from reunify.kernel.people import Role, Staff

State = Literal["waiting", "in_force", "replaced", "declined", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Decided:
    """How its waiting ended."""

    by: str
    by_id: UUID
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class VersionOfTemplate:
    """`files`: SHA-256 (hex) by language. `until`: when a later one came into force."""

    id: UUID
    kind: str
    number: int
    files: Mapping[str, str]
    what_changed: str
    proposed_by: str
    proposer: UUID
    proposed_for: tuple[UUID, ...]
    proposed_at: datetime
    state: State
    decided: Decided | None = None
    until: datetime | None = None


def in_force(session: Session, kind: str) -> dict[str, str]:
    """SHA-256 (hex) by language of the newest approved version; empty while the shipped files are."""
    found = session.execute(
        sa.select(TemplateVersion.en_sha256, TemplateVersion.es_sha256)
        .join(TemplateDecision, TemplateDecision.version_id == TemplateVersion.id)
        .where(TemplateVersion.kind == kind, TemplateDecision.state == "approved")
        .order_by(TemplateVersion.number.desc())
        .limit(1)
    ).first()
    return _files(*found) if found else {}


def content(session: Session, sha256: str) -> bytes | None:
    """The Word file; None if it was never kept."""
    return session.scalar(sa.select(TemplateFile.content).where(TemplateFile.sha256 == sha256))


def versions(session: Session, kinds: Iterable[str]) -> list[VersionOfTemplate]:
    """Of these kinds, the newest first."""
    rows = session.execute(
        sa.select(TemplateVersion, TemplateDecision)
        .outerjoin(TemplateDecision, TemplateDecision.version_id == TemplateVersion.id)
        .where(TemplateVersion.kind.in_(list(kinds)))
        .order_by(TemplateVersion.kind, TemplateVersion.number.desc())
    ).all()
    who = {row.proposed_by for row, _ in rows} | {end.decided_by for _, end in rows if end}
    names = people.staff_names(session, sorted(who)) if who else {}
    later: dict[str, datetime] = {}  # by kind: when the version after this one came into force
    found: list[VersionOfTemplate] = []
    for row, end in rows:
        found.append(_shown(row, end, names, later.get(row.kind)))
        if end is not None and end.state == "approved":
            later[row.kind] = end.decided_at
    return found


def waiting_for(session: Session, *, me: Staff) -> list[VersionOfTemplate]:
    """Those whose second person this one may be. Nothing is asked for anybody who decides on none."""
    if Role.RULES_AUTHOR not in me.roles:
        return []
    rows = session.scalars(
        sa.select(TemplateVersion)
        .where(~sa.exists().where(TemplateDecision.version_id == TemplateVersion.id))
        .order_by(TemplateVersion.kind)
    )
    others = [row for row in rows if me.selves.isdisjoint({row.proposed_by, *row.proposed_for})]
    names = people.staff_names(session, {row.proposed_by for row in others}) if others else {}
    return [_shown(row, None, names, None) for row in others]


def version(session: Session, version_id: UUID) -> VersionOfTemplate:
    """Raises NoSuchTemplate."""
    kind = session.scalar(sa.select(TemplateVersion.kind).where(TemplateVersion.id == version_id))
    found = [one for one in versions(session, [kind or ""]) if one.id == version_id]
    if not found:
        raise NoSuchTemplate("There is no such version of a template.")
    return found[0]


def _shown(
    row: TemplateVersion, end: TemplateDecision | None, names: Mapping[UUID, str], later: datetime | None
) -> VersionOfTemplate:
    state: State = "waiting"
    if end is not None and end.state == "approved":
        state = "replaced" if later else "in_force"
    elif end is not None:
        state = "declined" if end.state == "declined" else "withdrawn"
    return VersionOfTemplate(
        row.id,
        row.kind,
        row.number,
        _files(row.en_sha256, row.es_sha256),
        row.what_changed,
        names[row.proposed_by],
        row.proposed_by,
        tuple(row.proposed_for),
        row.proposed_at,
        state,
        Decided(names[end.decided_by], end.decided_by, end.decided_at, end.reason) if end else None,
        later if state == "replaced" else None,
    )


def _files(en: str | None, es: str | None) -> dict[str, str]:
    return {language: sha for language, sha in (("en", en), ("es", es)) if sha}
