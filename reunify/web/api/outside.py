"""Papers for funders, partners, carriers and offices, made under consents; and those consents asked for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from reunify.intake.form import Language
from reunify.web import outside_acts
from reunify.web.audience import AtHouse, CaseManager
from reunify.web.outside_acts import AskedFor
from reunify.web.scope import WholeCase

router = APIRouter(tags=["requests to others"])


class PaperForOthers(BaseModel):
    """`kind`: funder_request, partner_request, minor_request or supervision_request. `about`: the ask's id,
    the partner's key or the leg's. `brings`, `meets`: travelers (keys), else a worker, named. `office`, `at`:
    of a request for supervision, its office by its full name and the airport.
    """

    model_config = ConfigDict(extra="forbid")
    kind: str
    about: str
    language: Language = "en"
    brings: str = ""
    brings_worker: str = ""
    meets: str = ""
    meets_worker: str = ""
    office: str = ""
    at: str = ""

    def asked(self) -> AskedFor:
        return AskedFor(**self.model_dump())


@router.post("/requests/{request_id}/outside-papers", status_code=201)
def make_paper(
    request_id: UUID, body: PaperForOthers, by: CaseManager, at: AtHouse, case: WholeCase
) -> dict[str, Any]:
    """Refused while somebody whose consent must name this recipient has not signed, or has taken it back."""
    made = outside_acts.make_paper(at, case, body.asked(), by)
    return {
        "id": made.id,
        "kind": made.kind,
        "language": made.language,
        "code": made.code,
        "formats": made.formats,
    }


@router.post("/requests/{request_id}/outside-papers/consents", status_code=201)
def ask_family(
    request_id: UUID, body: PaperForOthers, by: CaseManager, at: AtHouse, case: WholeCase
) -> dict[str, Any]:
    """Puts the questions this paper needs to those who must sign them."""
    asked = outside_acts.ask_family(at, case, body.asked(), by)
    return {"asked": [{"recipient": a.recipient.name, "what": a.what, "about": a.about} for a in asked]}
