"""One source's answer for the API: codes, rule texts and amounts; never a value of the family's own."""

from __future__ import annotations

from typing import Any

from reunify.eligibility.explained import HandOffView, SourceView


def source_json(source: SourceView) -> dict[str, Any]:
    return {
        "source": source.source,
        "kind": source.kind,
        "loan": source.loan,
        "answer": source.answer,
        "in_words": source.in_words,
        "provisional": source.provisional,
        "suspended": source.suspended,
        "said_no": source.said_no,
        "payer_order": {"tier": source.tier, "because": source.because} if source.because else None,
        "requirements": [
            {
                "id": r.id,
                "name": r.name,
                "outcome": r.outcome,
                "cite": {"doc": r.cite_doc, "at": r.cite_at, "link": r.cite_link},
                "owed_by": r.owed_by.isoformat() if r.owed_by else None,
                "attestable": r.attestable,
            }
            for r in source.requirements
        ],
        "caps": [
            {"scope": c.scope, "category": c.category, "at_most": c.at_most, "cite": c.cite, "row": c.row}
            for c in source.caps
        ],
        "changes": [
            {"facts": [[label.en, cell] for label, cell, _ in c.facts], "for_family": c.for_family}
            for c in source.changes
        ],
        "hand_off": _card(source.hand_off) if source.hand_off else None,
    }


def _card(card: HandOffView) -> dict[str, Any]:
    return {
        "staff": card.staff.en,
        "deadline": card.deadline,
        "follow_up_days": card.follow_up_days,
        "phone": card.phone,
        "form": card.form,
        "link": card.link,
        "consequence": card.consequence.en if card.consequence else None,
    }
