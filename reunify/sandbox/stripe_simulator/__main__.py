"""`python -m reunify.sandbox.stripe_simulator --port N --webhook-url URL --secret S --data DIR`."""

from __future__ import annotations

import argparse
from pathlib import Path

from reunify import logs
from reunify.sandbox.stripe_simulator.options import (
    ISSUING_OPENING_CENTS,
    OPENING_CENTS,
    NotOnLoopback,
    Options,
)
from reunify.sandbox.stripe_simulator.serving import serve


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and serve until interrupted."""
    said = argparse.ArgumentParser(prog="stripe_simulator", description=__doc__)
    said.add_argument("--host", default="127.0.0.1", help="loopback only")
    said.add_argument("--port", type=int, default=12111)
    said.add_argument("--webhook-url", help="where signed events go; loopback only")
    said.add_argument("--secret", default="whsec_sandbox", help="signs the events")
    said.add_argument("--data", type=Path, required=True, help="folder for the simulator's memory")
    said.add_argument(
        "--settle-after", type=float, default=0.3, help="seconds; below 0: by control plane only"
    )
    said.add_argument("--opening-cents", type=int, default=OPENING_CENTS)
    said.add_argument(
        "--ask-bank-details", action="store_true", help="recipients fill in the hosted page first"
    )
    said.add_argument("--issuing-opening-cents", type=int, default=ISSUING_OPENING_CENTS)
    said.add_argument("--payout-fee-cents", type=int, default=0, help="for each payment, on its own")
    said.add_argument("--card-fee-cents", type=int, default=0, help="for each card, on its own")
    said.add_argument("--authorisation-url", help="asked within 2 s before a card is charged; loopback only")
    said.add_argument("--authorisation-secret", default="whsec_sandbox_cards", help="signs those questions")
    said.add_argument("--rate-limit", type=int, help="calls a second; Stripe has 25 in test mode")
    chosen = said.parse_args(arguments)
    try:
        options = Options(
            data=chosen.data,
            host=chosen.host,
            port=chosen.port,
            webhook_url=chosen.webhook_url,
            secret=chosen.secret,
            settle_after=chosen.settle_after if chosen.settle_after >= 0 else None,
            opening_cents=chosen.opening_cents,
            banks_ready=not chosen.ask_bank_details,
            issuing_opening_cents=chosen.issuing_opening_cents,
            payout_fee_cents=chosen.payout_fee_cents,
            card_fee_cents=chosen.card_fee_cents,
            authorisation_url=chosen.authorisation_url,
            authorisation_secret=chosen.authorisation_secret,
            rate_limit=chosen.rate_limit,
        )
    except NotOnLoopback as refused:
        said.error(str(refused))
    logs.configure()
    serve(options)


if __name__ == "__main__":
    main()
