"""What we do: set a value of the organisation from a day on."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.audit.actions import record
from reunify.kernel.ids import new_id
from reunify.kernel.may import may
from reunify.kernel.money import Money
from reunify.kernel.people import Actor, Role, Staff
from reunify.rates import policy, queries
from reunify.rates.records import OrganisationSetting


@may(Role.ADMINISTRATOR, system=True)
def set_organisation(
    session: Session, *, key: str, value: Money | int | str, effective_from: date, by: Actor, now: datetime
) -> UUID:
    """A new row; the old ones stay. The id of the row.

    `value`: Money for `small_amount_limit_cents`, a whole number for the percents, text for the rest.
    Raises UnknownSetting, SettingDoesNotFit, NotAllowed.
    """
    policy.check_can_set(by)
    setting = policy.setting_named(key)
    cents, text = policy.stored(setting, value)
    row = OrganisationSetting(
        id=new_id(),
        key=setting.value,
        cents=cents,
        text=text,
        effective_from=effective_from,
        set_by=f"staff:{by.id}" if isinstance(by, Staff) else f"system:{by.name}",
        at=now,
    )
    session.add(row)
    session.flush()
    queries.forget(session)
    record(
        session,
        by=by,
        at=now,
        subject="organisation_setting",
        subject_id=row.id,
        moved="set",
        detail={"key": setting.value, "effective_from": effective_from.isoformat()},
    )
    return row.id
