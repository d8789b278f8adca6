"""What an approval is bound to: the letter as it would be sent, and the digest of everything that stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from reunify.allocation.queries import AwardPlan
from reunify.approval import letter
from reunify.approval.digest import ApprovedLine, award_digest
from reunify.approval.records import AwardRecord
from reunify.eligibility import queries as eligibility
from reunify.eligibility.explained import Explanation
from reunify.identity import queries as people
from reunify.intake import queries as intake
from reunify.kernel.ids import RequestId
from reunify.payees import queries as payees
from reunify.rates.queries import organisation as organisation_on


def digest_of(
    session: Session,
    record: AwardRecord,
    templates: Mapping[str, str],
    plan: AwardPlan,
    judged: Explanation | None = None,
) -> str:
    """What stands now. `judged`: the answers to the plan's version, where the caller has read them in this
    transaction."""
    judged = judged or eligibility.explanation_of_version(session, plan.version_id)
    paid = payees.newest(session, RequestId(record.request_id))
    lines = [
        ApprovedLine(
            line.line_key,
            line.fund_id,
            line.category,
            line.unit,
            line.ceiling,
            line.payable,
            line.settlement,
            paid[line.payee_key].id,
            paid[line.payee_key].version,
        )
        for line in plan.lines
    ]
    rules = [s.rule_sha256 for s in judged.sources]
    return award_digest(
        award_id=record.id, lines=lines, rules=rules, letter=record.letter or {}, templates=templates
    )


def letter_of(
    session: Session, record: AwardRecord, plan: AwardPlan, judged: Explanation, now: datetime
) -> dict[str, object]:
    """In every language it is sent in, frozen at the approval."""
    content = intake.version(session, record.version_id).content
    organisation = organisation_on(session, on=now.date())
    spoken = {s.source: s.public_name for s in judged.sources}
    return letter.build_all(
        reference=intake.reference(session, record.request_id),
        dated=now.astimezone(organisation.zone).date(),
        organisation=organisation,
        signer=people.staff_names(session, [record.requested_by])[record.requested_by],
        content=content,
        shares=letter.shares(plan, spoken),
        owed=letter.owed(judged.sources, {line.fund_code for line in plan.lines}),
    )
