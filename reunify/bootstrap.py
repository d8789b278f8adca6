"""Picks the real parts and hands them out: one house per process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from reunify.adapters.clamav import Clamd
from reunify.adapters.demo_authenticator import DemoPasskeys
from reunify.adapters.docx_examining import SeparateTemplateExaminer
from reunify.adapters.docx_renderer import DocxRenderer
from reunify.adapters.examining import SeparateExaminer
from reunify.adapters.key_sources import opened_keys
from reunify.adapters.object_places import opened_store
from reunify.adapters.oidc import OidcProvider
from reunify.adapters.pdf_converter import DxpdfConverter
from reunify.adapters.pdf_libreoffice import LibreOfficeConverter
from reunify.adapters.postgres_templates import KeptTemplates
from reunify.adapters.sms_http import HttpMessages
from reunify.adapters.stripe_card_balance import StripeCardBalance
from reunify.adapters.stripe_cards import CardHolder, StripeCards
from reunify.adapters.stripe_gateway import StripeGateway
from reunify.approval import actions as approval
from reunify.db import Database
from reunify.disbursement.cards_ports import CardIssuer
from reunify.disbursement.ports import BankDetailsPage, PaymentGateway
from reunify.documents.ports import PdfConverter, Renderer
from reunify.documents.template_ports import TemplateExaminer
from reunify.files import objects
from reunify.files.ports import Examiner, Scanner
from reunify.identity.ports import DemoAuthenticator
from reunify.identity.provider import IdentityProvider
from reunify.kernel.ids import AwardId
from reunify.ledger.policy import Cash
from reunify.notices.ports import MessageGateway
from reunify.rates.fields import dictionary
from reunify.reconciliation.ports import Statement
from reunify.settings import Settings, load
from reunify.vault import keyring

ROOT = Path(__file__).resolve().parents[1]
LETTERS = ROOT / "document_templates"


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
    demo_authenticator: DemoAuthenticator | None = None  # only in the sandbox
    scanner: Scanner | None = None  # None: papers sent in are held as "not scanned"
    provider: IdentityProvider | None = None  # the organisation's own sign-in
    cards: CardIssuer | None = None  # None while travel cards are switched off
    bank_page: BankDetailsPage | None = None  # where payees type bank details; the same object as the gateway
    card_statement: Statement | None = None  # what Stripe says of the balance that the cards draw on
    messages: MessageGateway | None = None  # texts and calls; None: nobody is told by phone
    examiner: Examiner = field(default_factory=SeparateExaminer)
    template_examiner: TemplateExaminer = field(default_factory=SeparateTemplateExaminer)

    @property
    def card_answer_secrets(self) -> tuple[str, ...]:
        """What Stripe signs its question with, whether a card may pay: old and new."""
        return tuple(s.get_secret_value() for s in self.settings.stripe_card_authorisation_secret)

    @property
    def accounts(self) -> tuple[Cash, ...]:
        """Those we have, each of them proved daily."""
        both = ((Cash.STRIPE, self.statement), (Cash.CARD, self.card_statement))
        return tuple(account for account, statement in both if statement is not None)

    @property
    def live(self) -> bool:
        """True with a live key: only then are live events believed."""
        return self.settings.live

    def standing_digest(self, session: Session, award_id: AwardId) -> str:
        """What an award stands for now, asked inside the transaction that pays it."""
        return approval.digest_to_pay(session, award_id=award_id)

    def letter_templates(self) -> dict[str, str]:
        """Hashes of the Word templates an approved letter is made from; part of the digest."""
        return {
            f"approval_letter.{language}": self.renderer.template_hash("approval_letter", language)
            for language in ("en", "es")
        }


def build(settings: Settings | None = None, *, now: Callable[[], datetime] = utc_now) -> House:
    """From the environment unless settings are given. Raises NotReady, SettingsRefused, KeysUnavailable."""
    settings = settings or load()
    if settings.database_url is None:
        raise NotReady("REUNIFY_DATABASE_URL is not set. `reunify up` sets it for its own processes.")
    keyring.use(*opened_keys(settings))
    objects.use(opened_store(settings))
    stripe = _gateway(settings)
    db = Database(settings.database_url.get_secret_value())
    return House(
        settings=settings,
        db=db,
        renderer=DocxRenderer(LETTERS, KeptTemplates(db)),
        converter=_converter(settings),
        gateway=stripe,
        statement=stripe,
        bank_page=stripe,
        cards=_cards(settings),
        card_statement=_card_statement(settings),
        case_types=dictionary().case_types,
        webhook_secrets=tuple(s.get_secret_value() for s in settings.stripe_webhook_secrets),
        now=now,
        demo_authenticator=DemoPasskeys(settings.simulator_port) if settings.sandbox else None,
        provider=_provider(settings),
        scanner=Clamd(settings.clamav) if settings.clamav else None,
        messages=_messages(settings),
    )


def _converter(settings: Settings) -> PdfConverter:
    if settings.libreoffice is None:
        return DxpdfConverter()
    return LibreOfficeConverter(settings.libreoffice)


def _messages(settings: Settings) -> HttpMessages | None:
    if settings.sms_url is None or settings.sms_key is None:
        return None
    return HttpMessages(url=settings.sms_url, key=settings.sms_key.get_secret_value())


def _provider(settings: Settings) -> OidcProvider | None:
    if settings.oidc_issuer is None or settings.oidc_client_id is None or settings.oidc_client_secret is None:
        return None
    return OidcProvider(
        name=settings.oidc_name,
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        enough=settings.oidc_required_acr,
    )


def _gateway(settings: Settings) -> StripeGateway | None:
    if not settings.stripe_rail or settings.stripe_key is None:
        return None
    return StripeGateway(
        key=settings.stripe_key.get_secret_value(),
        base=settings.stripe_base,
        financial_account=settings.stripe_financial_account or "",
    )


def _cards(settings: Settings) -> StripeCards | None:
    if not settings.stripe_cards or settings.stripe_key is None or settings.stripe_cardholder is None:
        return None
    return StripeCards(
        key=settings.stripe_key.get_secret_value(),
        base=settings.stripe_base,
        holder=CardHolder.read(settings.stripe_cardholder),
    )


def _card_statement(settings: Settings) -> StripeCardBalance | None:
    if not settings.stripe_cards or settings.stripe_key is None:
        return None
    return StripeCardBalance(key=settings.stripe_key.get_secret_value(), base=settings.stripe_base)
