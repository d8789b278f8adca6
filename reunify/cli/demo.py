"""`reunify demo`: the house with invented families and a Stripe simulator, in a data folder of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sys
from pathlib import Path

from pydantic import SecretStr

from reunify.cli import ports
from reunify.cli.database import HouseRefused
from reunify.cli.house import House, refuse_if_running, say
from reunify.settings import Settings, load

_MARK = "this-is-a-demo"
_FINANCIAL_ACCOUNT = "fa_test_sandbox"


def run(*, headless: bool, as_json: bool, fresh: bool) -> int:
    """Until stopped; headless: until the walk is over. Returns the exit code. Raises HouseRefused."""
    settings = demo_settings(headless=headless)
    _prepare(settings.data, fresh=fresh)
    quiet = headless and as_json
    with House(settings, say=_nothing if quiet else say) as house:
        from reunify.sandbox import seed

        signs_in = seed.run(house.settings)
        if headless:
            from reunify.sandbox import walk

            _leave_on_signals()
            return int(walk.main(house.settings, as_json=as_json))
        for line in house.addresses():
            say(line)
        say(f"Prefect sign-in: {house.prefect_auth}")
        for line in signs_in:
            say(line)
        say("Stop with Ctrl-C.")
        house.wait_for_prefect(seconds=30)  # so that the families' first check shows its run
        seed.enter_families(house.settings)
        say("The sample families are entered.")
        house.wait()
        say("Stopping.")
    return 0


def demo_settings(*, headless: bool) -> Settings:
    """Sandbox keys, the simulator's address, free ports. Refuses a database that is not the demo's."""
    if "REUNIFY_DATABASE_URL" in os.environ:
        raise HouseRefused("The demo makes a database of its own: unset REUNIFY_DATABASE_URL.")
    given = load()
    if given.live:
        raise HouseRefused("REUNIFY_STRIPE_KEY is a live key; the demo moves no real money: unset it.")
    if given.public_url is not None:
        raise HouseRefused("The demo answers on this machine only: unset REUNIFY_PUBLIC_URL.")
    api, prefect, simulator, phones = (
        port if ports.is_free(port) else ports.free_port()
        for port in (given.api_port, given.prefect_port, given.simulator_port, given.phones_port)
    )
    return given.model_copy(
        update={
            "data": (given.data / ("headless" if headless else "demo")).absolute(),
            "api_port": api,
            "prefect_port": prefect,
            "prefect_url": None,
            "simulator_port": simulator,
            "sandbox": True,
            "keys": None,  # never the organisation's own
            "keys_file": None,
            "keys_command": None,
            "stripe_rail": True,
            "stripe_key": SecretStr(f"sk_test_sandbox_{secrets.token_hex(12)}"),
            "stripe_base": f"http://{ports.LOOPBACK}:{simulator}",
            "stripe_financial_account": _FINANCIAL_ACCOUNT,
            "stripe_webhook_secrets": (SecretStr(f"whsec_{secrets.token_hex(16)}"),),
            "stripe_card_authorisation_secret": (SecretStr(f"whsec_{secrets.token_hex(16)}"),),
            "stripe_cards": True,
            "stripe_cardholder": "Lantern Travel Desk; 100 Sample Square; Alexandria; VA; 22314",
            "log_to_stripe": True,
            "phones_port": phones,
            "sms_url": f"http://{ports.LOOPBACK}:{phones}",
            "sms_key": SecretStr(secrets.token_hex(16)),
        }
    )


def _prepare(data: Path, *, fresh: bool) -> None:
    """Only a folder the demo made is ever emptied, and never one that is in use."""
    if fresh and data.exists() and any(data.iterdir()):
        if not (data / _MARK).exists():
            raise HouseRefused(f"{data} was not made by the demo. Set REUNIFY_DATA to another folder.")
        refuse_if_running(data)
        shutil.rmtree(data)
    data.mkdir(parents=True, exist_ok=True)
    (data / _MARK).touch()


def _leave_on_signals() -> None:
    """The walk does not wait for a signal, so a signal must end it; the house is then stopped as always."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


def _nothing(line: str) -> None:
    """Says nothing: standard output belongs to the result."""
