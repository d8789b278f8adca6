"""Imports every room's tables, so that migrations and mappers see the whole house."""

from reunify.allocation import records as allocation
from reunify.approval import records as approval
from reunify.audit import records as audit
from reunify.disbursement import records as disbursement
from reunify.documents import records as documents
from reunify.eligibility import records as eligibility
from reunify.files import records as files
from reunify.funds import records as funds
from reunify.identity import family_records as families
from reunify.identity import person_records as persons
from reunify.identity import records as identity
from reunify.intake import records as intake
from reunify.ledger import records as ledger
from reunify.payees import records as payees
from reunify.rates import records as rates
from reunify.reconciliation import records as reconciliation

ALL = (
    audit,
    files,
    identity,
    persons,
    families,
    rates,
    ledger,
    funds,
    intake,
    payees,
    eligibility,
    allocation,
    approval,
    documents,
    disbursement,
    reconciliation,
)
