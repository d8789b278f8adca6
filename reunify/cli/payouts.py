"""For the doctor: how Stripe is set up, and how the payout rail stands by the payments that wait for it."""

from __future__ import annotations

from reunify.cli.finding import Finding
from reunify.settings import Settings, stripe_problem


def wiring(settings: Settings) -> Finding:
    """Key, address, account and webhook secret, without asking Stripe."""
    key = settings.stripe_key.get_secret_value() if settings.stripe_key else None
    problem = stripe_problem(key, settings.stripe_base, sandbox=settings.sandbox)
    if problem:
        return Finding("Stripe", "refused", problem, True)
    if not settings.stripe_rail:
        return Finding("Stripe", "off: payments are logged, made elsewhere")
    if settings.stripe_financial_account is None:
        return Finding("Stripe", "no account to pay from", "Set REUNIFY_STRIPE_FINANCIAL_ACCOUNT.", True)
    if not settings.stripe_webhook_secrets:
        return Finding(
            "Stripe",
            "no webhook secret: only polling would tell",
            "Set REUNIFY_STRIPE_WEBHOOK_SECRETS.",
            True,
        )
    return Finding("Stripe", f"on, at {settings.stripe_base}")


def standing(settings: Settings) -> Finding:
    """Off and ready are well; the rest waits for a person, and is no error."""
    from sqlalchemy.exc import ProgrammingError

    from reunify.cli.database import HouseRefused, opened
    from reunify.disbursement.rail import rail_now
    from reunify.disbursement.rail_policy import Rail

    try:
        with opened(settings) as db, db.read() as session:
            now = rail_now(session, on=settings.stripe_rail)
    except ProgrammingError:
        return Finding("payouts", "not looked at: the tables are not there yet")
    except HouseRefused:
        return Finding("payouts", "not looked at: the database does not answer")
    if now.state in (Rail.OFF, Rail.READY):
        return Finding("payouts", now.sentence)
    waiting = now.held_up if now.state is Rail.NOT_ENABLED else now.unreachable
    many = "payment waits" if waiting == 1 else "payments wait"
    return Finding("payouts", f"{now.state.value.replace('_', ' ')}: {waiting} {many}", now.sentence)
