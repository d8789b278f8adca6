"""Environment to typed values. Every name starts with REUNIFY_; an unknown one is refused: typos are seen."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from reunify.kernel.addresses import is_https_or_loopback, is_loopback
from reunify.kernel.object_place import ObjectPlace
from reunify.kernel.programs import Program
from reunify.kernel.refusals import Refused

STRIPE = "https://api.stripe.com"
_PREFIX = "REUNIFY_"
_SCANNER = re.compile(r"unix:/\S+|tcp://[A-Za-z0-9.-]+:[1-9][0-9]{0,4}")
_CARDHOLDER = re.compile(r"[A-Za-z][A-Za-z .'-]{0,23}(;[^;]*[^;\s][^;]*){4}")
_LIVE, _TEST = ("sk_live_", "rk_live_"), ("sk_test_", "rk_test_")
_OF_THIS_PROCESS = frozenset({"database_url", "owner_database_url", "prefect_database_url"})

Port = Annotated[int, Field(ge=1, le=65535)]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsRefused(Refused):
    """The environment cannot be used. `str()` names each variable and its remedy, never its value."""


def _by_comma(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


_Secrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_by_comma)]
_Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_by_comma)]
_Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_by_comma)]


class Settings(BaseSettings):
    """Where things are and what is switched on. Secrets hide themselves when printed."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    data: Path = Path(".reunify")
    database_url: SecretStr | None = None  # the application's role; absent: the embedded server
    owner_database_url: SecretStr | None = None  # the role that migrates
    api_port: Port = 8080
    public_url: str | None = None  # what a family's link starts with; absent: this machine's address
    trusted_proxies: _Networks = ()  # whose X-Forwarded-For is believed

    prefect_port: Port = 4200
    prefect_url: str | None = None  # a Prefect API run elsewhere; absent: our own child process
    prefect_auth: SecretStr | None = None  # user:password; absent: generated at the first start
    prefect_database_url: SecretStr | None = None  # postgresql+asyncpg; absent: the embedded one's second

    worker_beat_seconds: Annotated[float, Field(gt=0, le=60)] = 1.0
    worker_batch: Annotated[int, Field(ge=1, le=500)] = 500

    stripe_rail: bool = False  # off: payments are logged, made elsewhere
    stripe_key: SecretStr | None = None
    stripe_base: str = STRIPE
    stripe_financial_account: str | None = None
    stripe_webhook_secrets: _Secrets = ()  # comma between old and new
    stripe_cards: bool = False  # one virtual card for each trip; off: what the desk books is logged
    stripe_cardholder: str | None = None  # name on the cards; street; city; state; postal code
    stripe_card_authorisation_secret: _Secrets = ()  # of the question "may this card pay?", its own endpoint
    log_to_stripe: bool = False  # also tell Stripe about payments made elsewhere (ids and cents only)

    keys: SecretStr | None = None  # the key ring itself; without any of the three: keys.json in `data`
    keys_file: Path | None = None
    keys_command: str | None = None  # prints the key ring: the client of a key service

    files: ObjectPlace | None = None  # /folder or s3://bucket/prefix?endpoint=&region=; absent: in `data`
    files_key: SecretStr | None = None  # of the bucket, `id:secret`; absent: this machine's role at Amazon

    breached_passwords: Path | None = None  # lines `SHA1:count`, sorted; looked up, never read whole

    clamav: str | None = None  # unix:/run/clamav/clamd.ctl or tcp://127.0.0.1:3310; absent: not scanned
    libreoffice: Program | None = None  # its soffice, for PDFs with structure tags; absent: dxpdf, without

    oidc_issuer: str | None = None  # sign-in with the organisation's own provider
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_required_acr: _Words = ()  # what there counts as a second factor
    oidc_name: Annotated[str, Field(max_length=40)] = "your organisation"  # on the button

    sms_url: str | None = None  # the gateway that texts and calls; absent: nobody is told by phone
    sms_key: SecretStr | None = None

    sandbox: bool = False
    simulator_port: Port = 12111
    phones_port: Port = 12112  # the sandbox's own gateway, with a page that shows its phones

    @field_validator("database_url", "owner_database_url")
    @classmethod
    def _with_driver(cls, value: SecretStr | None) -> SecretStr | None:
        """`postgresql://` and `postgres://` mean psycopg 3; anything else is refused."""
        if value is None:
            return None
        scheme, _, rest = value.get_secret_value().partition("://")
        if scheme not in {"postgres", "postgresql", "postgresql+psycopg"} or not rest:
            raise ValueError("write postgresql://user:password@host/database")
        return SecretStr(f"postgresql+psycopg://{rest}")

    @field_validator("clamav")
    @classmethod
    def _a_scanner(cls, value: str | None) -> str | None:
        if value is not None and not _SCANNER.fullmatch(value):
            raise ValueError("write unix:/run/clamav/clamd.ctl or tcp://127.0.0.1:3310")
        return value

    @model_validator(mode="after")
    def _provider_is_whole(self) -> Self:
        given = (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret)
        if any(given) and not all(given):
            raise ValueError(
                "set REUNIFY_OIDC_ISSUER, _OIDC_CLIENT_ID and _OIDC_CLIENT_SECRET together, or none of them"
            )
        if self.oidc_issuer and not is_https_or_loopback(self.oidc_issuer):
            raise ValueError("REUNIFY_OIDC_ISSUER must start with https:// (or be on this machine)")
        return self

    @model_validator(mode="after")
    def _texts_go_one_way(self) -> Self:
        if (self.sms_url is None) != (self.sms_key is None):
            raise ValueError("set REUNIFY_SMS_URL and REUNIFY_SMS_KEY together, or neither")
        if self.sms_url and not (
            is_loopback(self.sms_url) if self.sandbox else is_https_or_loopback(self.sms_url)
        ):
            raise ValueError(
                "REUNIFY_SMS_URL must start with https:// (or be on this machine, as in the sandbox)"
            )
        return self

    @model_validator(mode="after")
    def _families_can_trust_the_address(self) -> Self:
        url = self.public_url or ""
        parts = urlsplit(url)
        if url and (not is_https_or_loopback(url) or parts.path + parts.query + parts.fragment or "@" in url):
            raise ValueError(
                "REUNIFY_PUBLIC_URL must be https:// and a name, such as https://travel.example.org"
            )
        elsewhere = any(mark in (parts.hostname or "") for mark in ".:") and not is_loopback(url)
        if self.sandbox and elsewhere:
            raise ValueError("the sandbox is for this machine only: unset REUNIFY_PUBLIC_URL")
        return self

    @model_validator(mode="after")
    def _stripe_is_consistent(self) -> Self:
        if self.stripe_rail and self.stripe_key is None:
            raise ValueError("REUNIFY_STRIPE_RAIL is on: set REUNIFY_STRIPE_KEY, or switch the rail off")
        if self.stripe_cards and not self.stripe_rail:
            raise ValueError("REUNIFY_STRIPE_CARDS is on: set REUNIFY_STRIPE_RAIL too, or switch cards off")
        if self.stripe_cards and not _CARDHOLDER.fullmatch(self.stripe_cardholder or ""):
            raise ValueError(
                "REUNIFY_STRIPE_CARDS is on: set REUNIFY_STRIPE_CARDHOLDER to `name of at most 24 letters; "
                "street; city; state; postal code`"
            )
        key = self.stripe_key.get_secret_value() if self.stripe_key else None
        if problem := stripe_problem(key, self.stripe_base, sandbox=self.sandbox):
            raise ValueError(problem)
        return self

    @model_validator(mode="after")
    def _keys_are_in_one_place(self) -> Self:
        if sum(given is not None for given in (self.keys, self.keys_file, self.keys_command)) > 1:
            raise ValueError("Set one of REUNIFY_KEYS, REUNIFY_KEYS_FILE and REUNIFY_KEYS_COMMAND")
        return self

    def as_environment(self) -> dict[str, str]:
        """The same settings for a child process, without the addresses of databases. Holds secrets."""
        said: dict[str, str] = {}
        for name in sorted(type(self).model_fields.keys() - _OF_THIS_PROCESS):
            if (value := getattr(self, name)) in (None, ()):
                continue
            if isinstance(value, SecretStr):
                value = value.get_secret_value()
            elif isinstance(value, tuple):
                value = ",".join(
                    one.get_secret_value() if isinstance(one, SecretStr) else str(one) for one in value
                )
            said[_PREFIX + name.upper()] = str(value)
        return said

    @property
    def own_url(self) -> str:
        """Where this machine's browser finds the pages."""
        return self.public_url or f"http://localhost:{self.api_port}"  # a passkey needs a name

    @property
    def live(self) -> bool:
        """True with a key that moves real money."""
        return self.stripe_key is not None and self.stripe_key.get_secret_value().startswith(_LIVE)

    @property
    def prefect_api_url(self) -> str:
        return self.prefect_url or f"http://127.0.0.1:{self.prefect_port}/api"


def stripe_problem(key: str | None, base: str, *, sandbox: bool = False) -> str | None:
    """Why this key may not be used with this address, in words; None if it may.

    A live key goes to https://api.stripe.com and nowhere else. A test key goes there or to this machine.
    """
    if base != STRIPE and not is_loopback(base):
        return f"REUNIFY_STRIPE_BASE must be {STRIPE}, or an address on this machine (http://127.0.0.1:...)"
    if key is None:
        return None
    if key.startswith(_LIVE):
        if sandbox:
            return "REUNIFY_STRIPE_KEY is a live key; the sandbox moves no real money: remove it"
        if base != STRIPE:
            return f"REUNIFY_STRIPE_KEY is a live key, only ever sent to {STRIPE}: unset REUNIFY_STRIPE_BASE"
        return None
    if key.startswith(_TEST):
        return None
    return "REUNIFY_STRIPE_KEY must start with sk_live_, rk_live_, sk_test_ or rk_test_"


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the environment. Raises SettingsRefused, which names variables and never their values."""
    given = os.environ if environment is None else environment
    unknown = sorted(
        name
        for name in given
        if name.startswith(_PREFIX) and name.removeprefix(_PREFIX).lower() not in Settings.model_fields
    )
    if unknown:
        raise SettingsRefused(f"These variables mean nothing here: {', '.join(unknown)}. Check the spelling.")
    values = {
        name: given[_PREFIX + name.upper()]
        for name in Settings.model_fields
        if given.get(_PREFIX + name.upper())
    }
    try:
        return Settings(**values)  # type: ignore[arg-type]  # pydantic converts the words
    except ValidationError as wrong:
        raise SettingsRefused(_in_words(wrong)) from None


def _in_words(wrong: ValidationError) -> str:
    said = []
    for problem in wrong.errors(include_input=False, include_url=False):
        remedy = problem["msg"].removeprefix("Value error, ")
        where = f"{_PREFIX}{str(problem['loc'][0]).upper()}: " if problem["loc"] else ""
        said.append(where + remedy)
    return "\n".join(said)


def prefect_client_environment(api_url: str, auth: str | None) -> dict[str, str]:
    """What a process that starts flow runs needs. The flow heartbeat is switched off in code, not here."""
    made = {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_CLIENT_MAX_RETRIES": "3",
        "PREFECT_API_URL": api_url,
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",  # never start a hidden server of its own
        "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "true",
    }
    if auth:
        made["PREFECT_API_AUTH_STRING"] = auth
    return made


def prefect_server_environment(*, data: Path, port: int, auth: str, database_url: str) -> dict[str, str]:
    """A server for this machine only: loopback, password, CSRF, own origin; no analytics, no automations."""
    own = f"http://127.0.0.1:{port}"
    return {
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": str(data / "prefect"),
        "PREFECT_API_DATABASE_CONNECTION_URL": database_url,
        "PREFECT_API_URL": f"{own}/api",
        "PREFECT_UI_API_URL": f"{own}/api",
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_API_AUTH_STRING": auth,
        "PREFECT_API_AUTH_STRING": auth,
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": own,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
        "PREFECT_SERVER_EVENTS_STREAM_OUT_ENABLED": "false",
    }
