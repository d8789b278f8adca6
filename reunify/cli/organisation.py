"""`reunify init`: the organisation's own settings, each with the day it starts to hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from reunify.cli.database import opened
from reunify.kernel.money import Money, NotMoney
from reunify.kernel.people import System
from reunify.kernel.refusals import Refused
from reunify.rates.actions import set_organisation
from reunify.rates.policy import Setting
from reunify.settings import Settings


class NothingToSet(Refused):
    """No setting was named."""


class NotOneOf(Refused):
    """There is no setting of that name in its family."""


class AmountNotRead(Refused):
    """The small-amount limit is not an amount."""


def each(family: str, said: Sequence[str]) -> dict[str, str]:
    """`repaid=entry` of `obligates` as the setting it is. Raises NotOneOf; the setting itself refuses another
    word."""
    known = [s.value.removeprefix(f"{family}_") for s in Setting if s.value.startswith(f"{family}_")]
    found = {}
    for words in said:
        name, _, value = words.partition("=")
        if name.strip() not in known:
            option = family.replace("_", "-")
            raise NotOneOf(f"--{option} {words}: write one of {', '.join(known)}, then = and its value.")
        found[f"{family}_{name.strip()}"] = value.strip()
    return found


def write(
    settings: Settings, said: Mapping[str, str | int | None], *, effective_from: date | None
) -> list[str]:
    """All of them in one transaction, or none. Returns a line for each that was written."""
    chosen = {key: value for key, value in said.items() if value is not None}
    if not chosen:
        raise NothingToSet("Name at least one setting; `reunify init --help` lists them.")
    now = datetime.now(UTC)
    first_day = effective_from or now.date()
    with opened(settings) as db, db.work() as session:
        for key, value in chosen.items():
            set_organisation(
                session,
                key=key,
                value=_typed(key, value),
                effective_from=first_day,
                by=System("reunify init"),
                now=now,
            )
    return [f"{key} holds from {first_day.isoformat()}" for key in chosen]


def _typed(key: str, value: str | int) -> Money | int | str:
    if key != "small_amount_limit_cents":
        return value
    try:
        return Money.parse(str(value))
    except NotMoney as wrong:
        raise AmountNotRead(f"--small-amount-limit: {wrong}") from None
