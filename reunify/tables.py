"""Imports every room's tables, so that migrations and mappers see the whole house."""

from reunify.allocation import records as allocation
from reunify.approval import envelope_records as envelopes
from reunify.approval import records as approval
from reunify.audit import records as audit
from reunify.audit import seal_records as seals
from reunify.bookings import records as bookings
from reunify.closeout import records as closeout
from reunify.consent import records as consent
from reunify.disbursement import cards_answer_records as card_answers
from reunify.disbursement import cards_borne_records as cards_borne
from reunify.disbursement import cards_records as cards
from reunify.disbursement import logging_records as logged
from reunify.disbursement import outage_records as outages
from reunify.disbursement import quiet_records as let_go
from reunify.disbursement import reapproval_records as reapprovals
from reunify.disbursement import records as disbursement
from reunify.disbursement import statements_records as vendor_bills
from reunify.documents import glossary_records as glossary
from reunify.documents import records as documents
from reunify.documents import template_records as templates
from reunify.eligibility import asking_records as asking
from reunify.eligibility import hand_off_records as hand_offs
from reunify.eligibility import look_back_records as look_backs
from reunify.eligibility import records as eligibility
from reunify.files import evidence_records as evidence
from reunify.files import records as files
from reunify.funds import records as funds
from reunify.identity import family_records as families
from reunify.identity import limit_records as limits
from reunify.identity import person_records as persons
from reunify.identity import records as identity
from reunify.identity import roster_records as roster
from reunify.intake import booking_records as booking
from reunify.intake import case_records as cases
from reunify.intake import outcome_records as outcomes
from reunify.intake import overlap_records as overlaps
from reunify.intake import records as intake
from reunify.ledger import records as ledger
from reunify.notices import records as notices
from reunify.payees import records as payees
from reunify.rates import records as rates
from reunify.reconciliation import records as reconciliation
from reunify.reconciliation import suspense_finding_records as findings
from reunify.reconciliation import suspense_records as suspense
from reunify.referrals import records as referrals
from reunify.reporting import duplicates_records as duplicates
from reunify.reporting import sf425_records as sf425
from reunify.retention import records as retention
from reunify.rules import records as rules
from reunify.vault import records as vault

ALL = (
    vault,
    audit,
    seals,
    files,
    evidence,
    identity,
    persons,
    families,
    consent,
    roster,
    limits,
    rates,
    referrals,
    rules,
    ledger,
    funds,
    intake,
    cases,
    booking,
    outcomes,
    overlaps,
    payees,
    eligibility,
    look_backs,
    hand_offs,
    asking,
    allocation,
    approval,
    envelopes,
    bookings,
    glossary,
    documents,
    templates,
    disbursement,
    cards,
    card_answers,
    cards_borne,
    logged,
    vendor_bills,
    let_go,
    outages,
    reapprovals,
    reconciliation,
    suspense,
    findings,
    closeout,
    notices,
    retention,
    sf425,
    duplicates,
)
