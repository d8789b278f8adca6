"""What an earlier plan told a household is known again when the trip has changed."""

from __future__ import annotations

import copy
from dataclasses import fields as dataclass_fields
from datetime import datetime

from reunify.adapters.docx_renderer import DocxRenderer
from reunify.adapters.pdf_converter import DxpdfConverter
from reunify.approval.queries import Award
from reunify.db import Database
from reunify.documents import trips
from reunify.documents.drafts import Draft
from reunify.identity import queries as staff
from reunify.intake import actions as intake
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Staff
from reunify.sandbox import people
from reunify.sandbox.families import sample_family
from tests.issued import issued
from tests.unit.test_documents_samples import TEMPLATES, contexts


def award(request_id: RequestId, version_number: int) -> Award:
    """Of the request; nothing else of it is looked at."""
    blank = dict.fromkeys(one.name for one in dataclass_fields(Award))
    return Award(**blank | {"request_id": request_id, "version_number": version_number})  # type: ignore[arg-type]


def test_only_the_versions_of_plans_that_were_kept_count_as_told(settled_db: Database, now: datetime) -> None:
    ana = next(p for p in people.PEOPLE if p.username == "ana")
    draft = copy.deepcopy(sample_family("b", now.date()).draft)
    with settled_db.work() as session:
        by = Staff(staff.staff_id(session, "ana"), ana.name, ana.roles)
        request_id = RequestId(intake.create(session, draft=draft, by=by, now=now).id)
        case_type = draft["case"]["case_type"]
        intake.submit(session, request_id=request_id, case_types=[case_type], by=by, now=now)
        assert trips._told_before(session, award(request_id, 2)) == {}
        issued(
            session,
            Draft(request_id, 1, "itinerary", "es", contexts("es")["itinerary"]),
            renderer=DocxRenderer(TEMPLATES),
            converter=DxpdfConverter(),
            own_url="https://reunify.example",
            now=now,
        )
        told = trips._told_before(session, award(request_id, 2))
        assert [leg.key for leg in told["home"][0].legs] == [leg["key"] for leg in draft["legs"]]
        assert trips._told_before(session, award(request_id, 1)) == {}
