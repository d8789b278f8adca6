"""The bytes an answer was made from, kept once each by fingerprint: rules, dictionary, published tables."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.eligibility.assessment import Assessment
from reunify.kernel.canonical import canonical
from reunify.rates.manifest import parameters_manifest, parameters_sha256
from reunify.rules import files
from reunify.rules.files import DICTIONARY, Kept
from reunify.rules.model import Rulebooks

PARAMETERS = "_parameters"
# By database: fingerprints this process has seen committed there. They never change their bytes.
_committed: WeakKeyDictionary[sa.Engine, set[str]] = WeakKeyDictionary()


def keep_files(session: Session, result: Assessment, rulebooks: Rulebooks) -> str:
    """Writes only what is new, and asks nothing where this process knows that all of it is there.

    Gives the fingerprint of the published tables: of their manifest, file by file.
    """
    parameters = parameters_sha256()
    books = [s.determination.rulebook for s in result.sources]
    needed = {b.sha256 for b in books} | {rulebooks.dictionary_sha256, parameters}
    there = _committed.setdefault(session.connection().engine, set())
    if needed <= there:
        return parameters
    files.keep(
        session,
        [
            Kept(rulebooks.dictionary_sha256, DICTIONARY, rulebooks.dictionary.body),
            Kept(parameters, PARAMETERS, canonical(dict(parameters_manifest()))),
            *(Kept(b.sha256, b.source, b.body) for b in books),
        ],
    )
    # Only a commit makes it true for the next transaction: this one may still be undone.
    written = set(needed)
    sa.event.listen(session, "after_rollback", lambda _: written.clear())
    sa.event.listen(session, "after_commit", lambda _: there.update(written), once=True)
    return parameters
