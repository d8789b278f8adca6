"""Reunify: travel assistance for the families of recovered missing children.

The river, top to bottom. A request enters at `intake`, is judged in `eligibility`,
split over the sources that may pay in `allocation`, agreed by people in `approval`,
written down in `documents`, paid in `disbursement` and proved in `reconciliation`.
`ledger` holds every balance; `audit` remembers who did what. A room may look up the
river, never down it: work moves on because a flow finds it by its state.
"""
