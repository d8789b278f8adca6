"""A split as each audience may read it: by line and by fund, why it is not better, and as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.allocation import queries as plans
from reunify.allocation import told as certificates
from reunify.allocation.queries import AwardPlan
from reunify.funds import queries as funds
from reunify.funds.queries import Fund
from reunify.intake import queries as intake
from reunify.kernel.ids import FundId, RequestId
from reunify.kernel.sight import Sight
from reunify.payees import queries as payees
from reunify.payees.queries import Payee
from reunify.vault.keepers import Erased


@dataclass(frozen=True, slots=True)
class LineShown:
    """One line of a split. `what` is the family's own words: None for all who do not handle the case."""

    number: int
    what: str | None
    category: str
    settlement: str
    payee: str
    first_day: date | None
    last_day: date | None
    fund: str
    rule: str
    unit: str
    ceiling: int

    @property
    def name(self) -> str:
        return self.what or f"Line {self.number}"


@dataclass(frozen=True, slots=True)
class SplitShown:
    """`by_fund`: name, unit, total. `why`: the certificate in sentences. `uncovered`: where those do not say
    how much, what no fund pays, by the line's name, in cents or units.

    `picture`: a whole `<svg>`; `in_words` the same for whoever cannot see it. `erased_on`: since then nobody
    knows the days, or who was paid.
    """

    lines: tuple[LineShown, ...]
    total_cents: int
    by_fund: tuple[tuple[str, str, int], ...]
    uncovered: tuple[tuple[str, int, str], ...]
    why: tuple[str, ...]
    picture: str
    in_words: tuple[str, ...]
    erased_on: datetime | None


def payee_name(payee: Payee, sight: Sight) -> str:
    """Finance pays people by name; an auditor sees what kind of payee it is."""
    return f"A {payee.kind}" if sight is Sight.MASKED else payee.legal_name


def split(session: Session, plan: AwardPlan, request_id: RequestId, sight: Sight) -> SplitShown:
    """The award's lines by fund, as this sight may read them."""
    told, erased_on = _told(session, plan.version_id)
    known = {f.id: f for f in funds.all_funds(session)}
    paid = payees.newest(session, request_id)
    numbers = {key: n for n, key in enumerate(dict.fromkeys(line.line_key for line in plan.lines), start=1)}
    lines = tuple(
        LineShown(
            number=numbers[line.line_key],
            what=told.get(line.line_key, {}).get("what") if sight is Sight.WHOLE else None,
            category=line.category,
            settlement=line.settlement,
            payee=payee_name(paid[line.payee_key], sight) if line.payee_key in paid else "",
            first_day=_day(told, line.line_key, "night", "first_day"),
            last_day=_day(told, line.line_key, "last_day"),
            fund=known[line.fund_id].name,
            rule=line.basis if sight is Sight.WHOLE else line.basis.partition(":")[0],
            unit=line.unit,
            ceiling=line.ceiling,
        )
        for line in plan.lines
    )
    called = {line.line_key: shown.name for line, shown in zip(plan.lines, lines, strict=True)}
    return _shown(lines, plan, _called(plan.certificate, called, told, sight), known, erased_on)


def why_nothing(session: Session, request_id: RequestId, sight: Sight) -> tuple[str, ...]:
    """Of a request whose newest split paid nothing: the certificate in sentences."""
    kept = plans.empty_split(session, request_id)
    if kept is None:
        return ()
    told, _ = _told(session, kept.version_id)
    called = _called(kept.certificate, {}, told, sight)
    return tuple(certificates.sentences(kept.certificate, lines=called))


def _called(
    certificate: Mapping[str, Any],
    known: Mapping[str, str],
    told: Mapping[str, Mapping[str, Any]],
    sight: Sight,
) -> dict[str, str]:
    """What each line of a certificate is called: the family's own words for whoever handles the case."""
    rest = {
        key: told.get(key, {}).get("what", key) if sight is Sight.WHOLE else "A line without a fund"
        for key in certificate.get("uncovered", {})
    }
    return rest | dict(known)


def _shown(
    lines: tuple[LineShown, ...],
    plan: AwardPlan,
    called: Mapping[str, str],
    known: Mapping[FundId, Fund],
    erased_on: datetime | None,
) -> SplitShown:
    kept = plan.certificate
    units = {line.line_key: line.unit for line in plan.lines}
    units |= {short["line"]: short["unit"] for short in kept.get("shortfalls", ())}
    picture, in_words = certificates.drawn(
        kept,
        lines=called,
        funds={i: f.public_name for i, f in known.items()},
        title="Which source pays how much of each line",
    )
    return SplitShown(
        lines=lines,
        total_cents=plan.ceiling_cents,
        by_fund=_by_fund(lines),
        uncovered=tuple(
            (called[key], left, units.get(key, "cents"))
            for key, left in sorted(kept.get("uncovered", {}).items())
            if left and "shortfalls" not in kept
        ),
        why=tuple(certificates.sentences(kept, lines=called)),
        picture=picture,
        in_words=in_words,
        erased_on=erased_on,
    )


def _by_fund(lines: tuple[LineShown, ...]) -> tuple[tuple[str, str, int], ...]:
    totals: dict[tuple[str, str], int] = {}
    for line in lines:
        totals[line.fund, line.unit] = totals.get((line.fund, line.unit), 0) + line.ceiling
    return tuple((fund, unit, total) for (fund, unit), total in totals.items())


def _told(session: Session, version_id: UUID) -> tuple[Mapping[str, Mapping[str, Any]], datetime | None]:
    """The lines as the family told them, by key; or when they were erased."""
    try:
        return _told_lines(intake.version(session, version_id).raw), None
    except Erased as erased:
        return {}, erased.on


def _told_lines(content: Any) -> Mapping[str, Mapping[str, Any]]:
    told = content.get("cost_lines") if isinstance(content, dict) else None
    return {line["key"]: line for line in told or [] if isinstance(line, dict) and "key" in line}


def _day(told: Mapping[str, Mapping[str, Any]], key: str, *fields: str) -> date | None:
    written = next((told[key][f] for f in fields if key in told and told[key].get(f)), None)
    return date.fromisoformat(written) if written else None
