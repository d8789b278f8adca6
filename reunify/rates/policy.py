"""What an organisation may set, of which kind, and who may set it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reunify.kernel.money import Money
from reunify.kernel.people import Actor, Role, System, check_role
from reunify.kernel.refusals import Refused
from reunify.kernel.text import is_safe
from reunify.rates import fees


class Setting(StrEnum):
    """The closed list of organisation settings."""

    NAME = "name"
    TIME_ZONE = "time_zone"
    LETTERHEAD = "letterhead"  # one line of the address per line of text
    DAY_PHONE = "day_phone"
    NIGHT_PHONE = "night_phone"
    EMAIL = "email"
    SMALL_AMOUNT_LIMIT = "small_amount_limit_cents"
    GUIDELINE_LIMIT_PERCENT = "guideline_limit_percent"
    FARE_CONTINGENCY_PERCENT = "fare_contingency_percent"
    FUNDER_ANSWER_WORKING_DAYS = "funder_answer_working_days"  # after so many, somebody asks again
    RESERVATION_DAYS = "reservation_days"  # so long a reservation waits for approval
    CHECK_STALE_AFTER_DAYS = "check_stale_after_days"  # not cashed so long after it was paid: somebody asks
    CHECK_VOID_AFTER_DAYS = "check_void_after_days"  # then finance is asked to have it stopped
    # Whose books hold what nobody can explain yet, and money between our accounts: the code of a fund.
    SUSPENSE_FUND = "suspense_fund"
    # Who bears what was paid and no award can bear: the code of a fund, then the budget category.
    UNALLOWABLE_COSTS = "unallowable_costs"
    # Who bears the fees taken from each account: the code of a fund, then the budget category.
    FEES_CASH_STRIPE = "fees_cash_stripe"
    FEES_CASH_CARD = "fees_cash_card"
    # What the processor takes for one payout, by network, like `1.50` (`rates.fees`).
    PAYOUT_FEE_STANDARD = "payout_fee_standard"
    PAYOUT_FEE_WIRE = "payout_fee_wire"
    PAYOUT_FEE_INSTANT = "payout_fee_instant"
    # What makes an obligation of a cost settled that way: `release` or `entry`.
    OBLIGATES_VENDOR_BILLED = "obligates_vendor_billed"
    OBLIGATES_REPAID = "obligates_repaid"
    OBLIGATES_ADVANCE = "obligates_advance"
    OBLIGATES_PARTNER_GIVES = "obligates_partner_gives"
    OBLIGATES_ORGANISATION_BOOKS = "obligates_organisation_books"


class Obligates(StrEnum):
    """`RELEASE`: the second person's yes binds us. `ENTRY`: the booking, gift or payment as written down."""

    RELEASE = "release"
    ENTRY = "entry"


MONEY = frozenset({Setting.SMALL_AMOUNT_LIMIT})
PERCENT = frozenset({Setting.GUIDELINE_LIMIT_PERCENT, Setting.FARE_CONTINGENCY_PERCENT})
# By how a cost is settled; what holds while nobody has set another (2 CFR 200.1, "financial obligation").
OBLIGATES = {
    Setting.OBLIGATES_VENDOR_BILLED: Obligates.RELEASE,
    Setting.OBLIGATES_REPAID: Obligates.RELEASE,
    Setting.OBLIGATES_ADVANCE: Obligates.RELEASE,
    Setting.OBLIGATES_PARTNER_GIVES: Obligates.ENTRY,
    Setting.OBLIGATES_ORGANISATION_BOOKS: Obligates.ENTRY,
}
# Whole days; what holds while nobody has set another.
DAYS = {
    Setting.FUNDER_ANSWER_WORKING_DAYS: 5,
    Setting.RESERVATION_DAYS: 30,
    Setting.CHECK_STALE_AFTER_DAYS: 90,
    Setting.CHECK_VOID_AFTER_DAYS: 180,  # six months: UCC 4-404
}
_MOST_DAYS = {Setting.CHECK_STALE_AFTER_DAYS: 365, Setting.CHECK_VOID_AFTER_DAYS: 730}
CASH = (Setting.SUSPENSE_FUND, Setting.UNALLOWABLE_COSTS, Setting.FEES_CASH_STRIPE, Setting.FEES_CASH_CARD)
FEES = (Setting.PAYOUT_FEE_STANDARD, Setting.PAYOUT_FEE_WIRE, Setting.PAYOUT_FEE_INSTANT)
OPTIONAL = frozenset({Setting.EMAIL, Setting.FARE_CONTINGENCY_PERCENT, *DAYS, *OBLIGATES, *CASH, *FEES})


class UnknownSetting(Refused):
    """There is no such setting."""


class SettingDoesNotFit(Refused):
    """The value is not of the setting's kind."""


class OrganisationNotSetUp(Refused):
    """A setting everything depends on has no value on this date."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """What the organisation had set on a date. `small_amount_setting_id` names the row of the limit.

    `obligated_by_release`: the ways to settle a cost whose obligation the release makes; the others bind us
    when the booking, the gift or the payment is written down.
    """

    name: str
    time_zone: str
    letterhead_lines: tuple[str, ...]
    day_phone: str
    night_phone: str
    email: str | None
    small_amount_limit: Money
    small_amount_setting_id: UUID
    guideline_limit_percent: int
    fare_contingency_percent: int
    obligated_by_release: frozenset[str]
    funder_answer_working_days: int = DAYS[Setting.FUNDER_ANSWER_WORKING_DAYS]
    reservation_days: int = DAYS[Setting.RESERVATION_DAYS]
    check_stale_after_days: int = DAYS[Setting.CHECK_STALE_AFTER_DAYS]
    check_void_after_days: int = DAYS[Setting.CHECK_VOID_AFTER_DAYS]
    suspense_fund: str | None = None
    unallowable_costs: str | None = None
    fees_cash_stripe: str | None = None
    fees_cash_card: str | None = None
    payout_fee_standard: str | None = None
    payout_fee_wire: str | None = None
    payout_fee_instant: str | None = None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True, slots=True)
class Row:
    """One stored value, as the policy sees it."""

    id: UUID
    cents: int | None
    text: str | None


def check_can_set(by: Actor) -> None:
    """Administrators, and the system when it sets a new house up."""
    if not isinstance(by, System):
        check_role(by, Role.ADMINISTRATOR)


def setting_named(key: str) -> Setting:
    try:
        return Setting(key)
    except ValueError:
        allowed = ", ".join(s.value for s in Setting)
        raise UnknownSetting(f"There is no setting called that. The settings are: {allowed}.") from None


def stored(setting: Setting, value: Money | int | str) -> tuple[int | None, str | None]:
    """(cents, text) as the row keeps it. Raises SettingDoesNotFit or NotAFee with the remedy."""
    if setting in MONEY:
        if not isinstance(value, Money) or value.cents < 0 or value.currency != "USD":
            raise SettingDoesNotFit(f"{setting.value} is an amount of dollars, zero or more.", field="/value")
        return value.cents, None
    if setting in PERCENT:
        whole = value if type(value) is int else None
        if whole is None or not 0 <= whole <= 1000:
            raise SettingDoesNotFit(f"{setting.value} is a whole percent, 0 to 1000.", field="/value")
        if setting is Setting.GUIDELINE_LIMIT_PERCENT and whole == 0:
            raise SettingDoesNotFit(
                "A limit of 0 percent would help nobody; write 1 or more.", field="/value"
            )
        return None, str(whole)
    if setting in DAYS:
        most = _MOST_DAYS.get(setting, 60)
        if type(value) is not int or not 1 <= value <= most:
            raise SettingDoesNotFit(
                f"{setting.value} is a whole number of days, 1 to {most}.", field="/value"
            )
        return None, str(value)
    return None, _text(setting, value)


def _text(setting: Setting, value: Money | int | str) -> str:
    if not isinstance(value, str) or not value.strip() or not is_safe(value) or len(value) > 1000:
        raise SettingDoesNotFit(f"{setting.value} is a text of 1 to 1000 characters.", field="/value")
    if setting is Setting.TIME_ZONE:
        _check_zone(value)
    words = 1 if setting is Setting.SUSPENSE_FUND else 2
    if setting in CASH and len(value.split()) != words:
        then = "" if words == 1 else ", a space, and the budget category that bears it"
        raise SettingDoesNotFit(f"{setting.value} is the code of a fund{then}.", field="/value")
    if setting in FEES:
        fees.read(value)
    if setting in OBLIGATES and value.strip() not in list(Obligates):
        raise SettingDoesNotFit(f"{setting.value} is {' or '.join(Obligates)}.", field="/value")
    return value.strip()


def _check_zone(value: str) -> None:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingDoesNotFit("Write a time zone like America/New_York.", field="/value") from None


def organisation_of(rows: Mapping[Setting, Row], *, on: date) -> Organisation:
    """The typed whole. Raises OrganisationNotSetUp naming what is missing."""
    missing = [s.value for s in Setting if s not in rows and s not in OPTIONAL]
    if missing:
        raise OrganisationNotSetUp(
            f"Before anything can be decided for {on}, an administrator sets: {', '.join(missing)}."
        )

    def text(setting: Setting) -> str:
        return rows[setting].text or ""

    def said(setting: Setting) -> str | None:
        return rows[setting].text if setting in rows else None

    limit = rows[Setting.SMALL_AMOUNT_LIMIT]
    return Organisation(
        name=text(Setting.NAME),
        time_zone=text(Setting.TIME_ZONE),
        letterhead_lines=tuple(text(Setting.LETTERHEAD).splitlines()),
        day_phone=text(Setting.DAY_PHONE),
        night_phone=text(Setting.NIGHT_PHONE),
        email=said(Setting.EMAIL),
        small_amount_limit=Money(limit.cents or 0),
        small_amount_setting_id=limit.id,
        guideline_limit_percent=int(text(Setting.GUIDELINE_LIMIT_PERCENT)),
        fare_contingency_percent=(
            int(text(Setting.FARE_CONTINGENCY_PERCENT)) if Setting.FARE_CONTINGENCY_PERCENT in rows else 0
        ),
        obligated_by_release=frozenset(
            setting.value.removeprefix("obligates_")
            for setting, default in OBLIGATES.items()
            if (rows[setting].text if setting in rows else default) == Obligates.RELEASE
        ),
        suspense_fund=said(Setting.SUSPENSE_FUND),
        unallowable_costs=said(Setting.UNALLOWABLE_COSTS),
        fees_cash_stripe=said(Setting.FEES_CASH_STRIPE),
        fees_cash_card=said(Setting.FEES_CASH_CARD),
        payout_fee_standard=said(Setting.PAYOUT_FEE_STANDARD),
        payout_fee_wire=said(Setting.PAYOUT_FEE_WIRE),
        payout_fee_instant=said(Setting.PAYOUT_FEE_INSTANT),
        **{s.value: int(rows[s].text or default) if s in rows else default for s, default in DAYS.items()},
    )
