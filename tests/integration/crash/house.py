"""What the payment flows need of a house, where awards are not in the world."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr
from sqlalchemy.orm import Session

from reunify.adapters.docx_renderer import DocxRenderer
from reunify.adapters.pdf_converter import DxpdfConverter
from reunify.adapters.stripe_gateway import StripeGateway
from reunify.bootstrap import ROOT, House
from reunify.db import Database
from reunify.kernel.ids import AwardId
from reunify.settings import Settings
from tests.integration.payment_world import KEY, SECRET, World

DIGEST = "approved-digest"


class CutHouse(House):
    """Awards are not in this world: what was approved stands."""

    def standing_digest(self, session: Session, award_id: AwardId) -> str:
        return DIGEST


def house_of(world: World, gateway: StripeGateway, data: Path, db: Database | None = None) -> House:
    """What the flows need to pay in this world."""
    return CutHouse(
        settings=Settings(data=data, stripe_rail=True, stripe_key=SecretStr(KEY)),
        db=db or world.db,
        renderer=DocxRenderer(ROOT / "document_templates"),
        converter=DxpdfConverter(),
        gateway=gateway,
        statement=gateway,
        case_types=(),
        webhook_secrets=(SECRET,),
        now=world.clock,
    )
