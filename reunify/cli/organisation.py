"""`reunify init`: the organisation's own settings, each with the day it starts to hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from reunify.cli.database import opened
from reunify.kernel.money import Money, NotMoney
from reunify.kernel.people import System
from reunify.kernel.refusals import Refused
from reunify.rates.actions import set_organisation
from reunify.rates.policy import OBLIGATES
from reunify.settings import Settings


class NothingToSet(Refused):
    """No setting was named."""


class NotASettlement(Refused):
    """No cost is settled that way."""


class AmountNotRead(Refused):
    """The small-amount limit is not an amount."""


def obligating(said: Sequence[str]) -> dict[str, str]:
    """`repaid=entry` as the setting it is. Raises NotASettlement; the setting itself refuses another word."""
    found = {}
    for words in said:
        settlement, _, when = words.partition("=")
        key = f"obligates_{settlement.strip()}"
        if key not in OBLIGATES:
            known = ", ".join(setting.removeprefix("obligates_") for setting in OBLIGATES)
            raise NotASettlement(f"--obligates {words}: write one of {known}, then =release or =entry.")
        found[key] = when.strip()
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
