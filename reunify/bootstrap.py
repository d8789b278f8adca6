"""Picks the real parts and hands them out: one house per process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from reunify.adapters.docx_renderer import DocxRenderer
from reunify.adapters.pdf_converter import DxpdfConverter
from reunify.adapters.stripe_gateway import StripeGateway
from reunify.approval import actions as approval
from reunify.db import Database
from reunify.disbursement.ports import PaymentGateway
from reunify.documents.ports import PdfConverter, Renderer
from reunify.kernel.ids import AwardId
from reunify.rates.fields import dictionary
from reunify.reconciliation.ports import Statement
from reunify.settings import Settings, load
from reunify.vault import keyring
from reunify.vault.keyring import KeyRing

ROOT = Path(__file__).resolve().parents[1]


class NotReady(Exception):
    """Something the house stands on is missing; `str()` says what and what to do."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class House:
    """Everything a door or a flow needs, chosen once."""

    settings: Settings
    db: Database
    renderer: Renderer
    converter: PdfConverter
    gateway: PaymentGateway | None  # None while the Stripe rail is off
    statement: Statement | None  # what the money's home says; the same object as the gateway
    case_types: tuple[str, ...]
    webhook_secrets: tuple[str, ...]
    now: Callable[[], datetime] = utc_now

    @property
    def live(self) -> bool:
        """True with a live key: only then are live events believed."""
        key = self.settings.stripe_key
        return key is not None and "_live_" in key.get_secret_value()[:8]

    def standing_digest(self, session: Session, award_id: AwardId) -> str:
        """What an award stands for now, asked inside the transaction that pays it."""
        return approval.digest_to_pay(session, award_id=award_id)

    def letter_templates(self) -> dict[str, str]:
        """Hashes of the Word templates an approved letter is made from; part of the digest."""
        return {
            f"approval_letter.{language}": self.renderer.template_hash("approval_letter", language)
            for language in ("en", "es")
        }


def keys_of(settings: Settings) -> KeyRing:
    """The key ring of this installation, made at its first start."""
    file = settings.data / "keys.json"
    if not file.exists():
        settings.data.mkdir(parents=True, exist_ok=True)
        KeyRing.fresh("sandbox" if settings.sandbox else "file").save(file)
    ring = KeyRing.load(file)
    if ring.origin == "sandbox" and not settings.sandbox:
        raise NotReady(f"{file} holds sandbox keys. Use another data folder for real families.")
    return ring


def build(settings: Settings | None = None, *, now: Callable[[], datetime] = utc_now) -> House:
    """From the environment unless settings are given. Raises NotReady or SettingsRefused."""
    settings = settings or load()
    if settings.database_url is None:
        raise NotReady("REUNIFY_DATABASE_URL is not set. `reunify up` sets it for its own processes.")
    keyring.use(keys_of(settings))
    stripe = _gateway(settings)
    return House(
        settings=settings,
        db=Database(settings.database_url.get_secret_value()),
        renderer=DocxRenderer(ROOT / "document_templates"),
        converter=DxpdfConverter(),
        gateway=stripe,
        statement=stripe,
        case_types=dictionary().case_types,
        webhook_secrets=tuple(s.get_secret_value() for s in settings.stripe_webhook_secrets),
        now=now,
    )


def _gateway(settings: Settings) -> StripeGateway | None:
    if not settings.stripe_rail or settings.stripe_key is None:
        return None
    return StripeGateway(
        key=settings.stripe_key.get_secret_value(),
        base=settings.stripe_base,
        financial_account=settings.stripe_financial_account or "",
    )
