"""`reunify retention ...`: plan what is due, and run a plan another person approved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID

from reunify.cli.database import opened
from reunify.kernel.people import System
from reunify.kernel.refusals import Refused
from reunify.retention import finding, planning, running
from reunify.retention.finding import Found
from reunify.settings import Settings

BY = System("reunify retention plan")


class NotAPlan(Refused):
    """What was typed is not the id of a plan."""


def dry_run(settings: Settings) -> Iterator[str]:
    """What a plan made now would say. Writes nothing."""
    with opened(settings, with_keys=True) as db, db.read() as session:
        found = finding.find(session, now=datetime.now(UTC))
    yield from told(found)
    yield "Nothing was erased, and no plan was written. `reunify retention plan` writes one."


def plan(settings: Settings) -> Iterator[str]:
    """Write the plan down; a supervisor or administrator approves it on the page Retention."""
    with opened(settings, with_keys=True) as db, db.work() as session:
        plan_id, found = planning.plan(session, by=BY, now=datetime.now(UTC))
    yield from told(found)
    yield f"Plan {plan_id}, digest {found.digest}."
    yield "Nothing was erased. A supervisor or administrator approves it on the page Retention; then type:"
    yield f"  reunify retention run --plan {plan_id}"


def run(settings: Settings, plan_id: str, *, say: Callable[[str], None]) -> None:
    """Raises NotAPlan, NoSuchPlan, PlanNotApproved, PlanTooOld."""
    try:
        wanted = UUID(plan_id.strip())
    except ValueError:
        raise NotAPlan("--plan takes the id that `reunify retention plan` printed.") from None

    def tell(at: running.Progress) -> None:
        say(f"{at.done} of {at.of}: {at.reference} {_OUTCOMES[at.outcome]}")

    with opened(settings, with_keys=True) as db:
        counted = running.run(db, plan_id=wanted, clock=lambda: datetime.now(UTC), tell=tell)
    done = ", ".join(f"{n} {_OUTCOMES[outcome]}" for outcome, n in sorted(counted.items()))
    say(f"Done: {done or 'the plan named nothing'}.")


_OUTCOMES = {
    "erased": "erased",
    "held": "skipped: a legal hold stands on it",
    "changed": "skipped: it changed after the plan was made",
    "erased_before": "was erased before",
}


def told(found: Found) -> Iterator[str]:
    """Counts by kind of record, and the references: never a name."""
    for what, items in (("Due", found.due), ("Due but held", found.held)):
        counts = Counter(i.record for i in items)
        said = ", ".join(f"{record} {n}" for record, n in sorted(counts.items()))
        yield f"{what}: {len(items)}{f' ({said})' if said else ''}"
        for item in items:
            yield f"  {item.reference} {item.record}, due since {item.due_on.isoformat()}"
    reasons = Counter(w.waits_for for w in found.waiting)
    for reason, n in sorted(reasons.items()):
        yield f"Not due, {n}: {reason}"
