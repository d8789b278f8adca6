"""What the pages do with templates: look into the files sent, bring them in, and show them filled in."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

from sqlalchemy.exc import OperationalError

from reunify.adapters.docx_inside import words_of
from reunify.adapters.pdf_pictures import pages_as_picture
from reunify.bootstrap import LETTERS, House
from reunify.documents import glossary_kept, template_check, template_queries, template_samples
from reunify.documents import template_actions as actions
from reunify.documents.ports import Genuine
from reunify.documents.template_check import Kind
from reunify.documents.template_policy import NoSuchTemplate, TemplateNotTaken
from reunify.documents.template_ports import Finding
from reunify.kernel.people import Staff, System
from reunify.kernel.refusals import Refused


def in_force(at: House, kind: Kind) -> dict[str, str]:
    """SHA-256 (hex) by language; of a kind staff never changed, of the shipped files."""
    return {language: at.renderer.template_hash(kind.name, language) for language in kind.languages}


def looked_at(at: House, kind: Kind, files: Mapping[str, bytes]) -> list[Finding]:
    """Everything to mend in these files. Raises Busy."""
    samples = template_check.samples_of(kind)
    inside = at.template_examiner.examine(files, samples)
    with at.db.read() as session:
        avoided = glossary_kept.in_force(session, LETTERS).words
    return template_check.findings(kind, inside, avoided)


def propose(at: House, kind: Kind, files: Mapping[str, bytes], what_changed: str, by: Staff) -> UUID:
    """Looked at first, outside any transaction. Raises TemplateNotTaken and what `actions.propose` does."""
    with at.db.read() as session:
        actions.check_none_waits(session, kind.name)
    findings = looked_at(at, kind, files)
    standing = in_force(at, kind)
    with at.db.work() as session:
        return actions.propose(
            session,
            kind=kind.name,
            files=files,
            findings=findings,
            in_force=standing,
            what_changed=what_changed,
            by=by,
            now=at.now(),
        )


def approve(at: House, version_id: UUID, by: Staff) -> None:
    """Looked at once more: fields, or the words families are spared, may have changed while it waited.

    Raises TemplateNotTaken and what `actions.approve` does.
    """
    with at.db.read() as session:
        version = template_queries.version(session, version_id)
    kind = template_check.kind_of(LETTERS, version.kind)
    if version.state == "waiting":
        files = {one: file_of(at, kind, one, sha256) for one, sha256 in version.files.items()}
        if findings := looked_at(at, kind, files):
            raise TemplateNotTaken(findings)
    with at.db.work() as session:
        actions.approve(session, version_id=version_id, by=by, now=at.now())


def file_of(at: House, kind: Kind, language: str, sha256: str) -> bytes:
    """A file that is or was a version of this kind, or is shipped. Raises NoSuchTemplate."""
    shipped = LETTERS / kind.file(language)
    with at.db.read() as session:
        of_kind = {one.files.get(language) for one in template_queries.versions(session, [kind.name])}
        data = template_queries.content(session, sha256) if sha256 in of_kind else None
    if data is None and language in kind.languages and template_check.sha256_of(shipped) == sha256:
        data = shipped.read_bytes()
    if data is None:
        raise NoSuchTemplate("There is no such file of this letter.")
    return data


def preview(at: House, kind: Kind, language: str, sha256: str) -> bytes:
    """The letter of the sample family as PDF. Raises NoSuchTemplate, CannotMakePdf."""
    file_of(at, kind, language, sha256)
    sample = template_samples.sample(kind.fields, template_check.language_of(language))
    place = at.settings.own_url.partition("://")[2] + "/genuine"
    shown = Genuine("0000-0000-0000", place, f"{at.settings.own_url}/genuine")
    docx = at.renderer.render(kind.name, language, sample, shown, template=sha256)
    (pdf,) = at.converter.convert_each([docx])
    if isinstance(pdf, Refused):
        raise pdf
    return pdf


def preview_picture(at: House, kind: Kind, language: str, sha256: str) -> bytes:
    """The same as one PNG, the pages below each other."""
    return pages_as_picture(preview(at, kind, language, sha256))


def words(at: House, kind: Kind, language: str, sha256: str) -> tuple[str, ...]:
    """Every paragraph of the file, its fields as they are written."""
    return words_of(file_of(at, kind, language, sha256))


def keep_shipped(at: House) -> None:
    """What this release ships can still be rendered after the next one; done whenever the pages start."""
    files = [file.read_bytes() for file in sorted(LETTERS.glob("*.docx"))]
    # The pages start without their database and say so; the next start keeps the files.
    with suppress(OperationalError), at.db.work() as session:
        actions.keep_shipped(session, files=files, by=System("release"), now=at.now())
