"""The bundle of a month: one zip with everything that is filed, to be verified by others without the app.

Nothing is held in memory but one piece of one file; bytes are hashed as they are written.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from sqlalchemy import or_, select

from webapp.documents.collect import Material
from webapp.documents.models import Document, Kind, PaperSheet, PaperSheetPhoto
from webapp.documents.parts import number_of
from webapp.documents.queries import files_of, joint_tests_in, shelf_of, visits_in
from webapp.documents.rules import PAPERS
from webapp.extensions import db
from webapp.faults.models import FindingPhoto
from webapp.files.models import StoredFile
from webapp.files.store import store
from webapp.kit.canonical import canonical_json
from webapp.reports.closing_content import LIVE
from webapp.seals.models import Seal
from webapp.seals.rules import MONTH, files_in, month_record

FORM = 1  # number of this layout
HERE = Path(__file__).parent
CHECKER, README = HERE / "check_bundle.py", HERE / "bundle_readme.txt"
ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
CHUNK = 1 << 20
AT_ONCE = 500


@dataclass
class _Archive:
    """The zip while it is written: what is in it, and what should be and is lost."""

    zip: zipfile.ZipFile
    files: list[dict[str, Any]] = field(default_factory=list)
    missing: list[dict[str, str]] = field(default_factory=list)

    def add(self, name: str, source: IO[bytes], *, is_packed: bool = False, **facts: Any) -> None:
        """Copies one file in, hashing it on the way. `is_packed`: its own format is compressed already."""
        entry = zipfile.ZipInfo(name)
        entry.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        digest, size = hashlib.sha256(), 0
        with self.zip.open(entry, "w", force_zip64=True) as target:
            for chunk in iter(lambda: source.read(CHUNK), b""):
                digest.update(chunk)
                size += len(chunk)
                target.write(chunk)
        self.files.append({"path": name, "size": size, "sha256": digest.hexdigest(), **facts})

    def add_text(self, name: str, text: str, **facts: Any) -> None:
        """A small file of our own."""
        self.add(name, io.BytesIO(text.encode()), **facts)

    def add_stored(self, name: str, sha256: str, **facts: Any) -> None:
        """A file of the store; one whose bytes are lost is named as missing."""
        try:
            path = store().file(sha256)
        except FileNotFoundError:
            self.missing.append({"path": name, "sha256": sha256})
            return
        with path.open("rb") as source:
            self.add(name, source, is_packed=True, **facts)


def write_bundle(material: Material, version: int, target: Path) -> None:
    """Writes the zip with the newest version of each document."""
    site, month = material.site, material.month
    number = number_of(site.code, month, Kind.BUNDLE, version)
    with zipfile.ZipFile(target, "w", allowZip64=True) as packed:
        archive = _Archive(packed)
        readme = README.read_text(encoding="utf-8").format(site=site.name, month=month, number=number)
        archive.add_text("README.txt", readme, about="README")
        archive.add("check.py", io.BytesIO(CHECKER.read_bytes()), about="checker")
        for document in _documents(material):
            facts = {"about": document.kind, "number": document.number, "version": document.version}
            archive.add_stored(f"documents/{document.file_name}", document.sha256, **facts)
        summary = {name: value for name, value in asdict(material.summary).items() if name not in LIVE}
        archive.add_text("month.json", canonical_json(summary), about="summary of the month")
        named = _add_seals(archive, material)
        _add_photos(archive, material, named)
        manifest = {
            "form": FORM,
            "number": number,
            "site": {"code": site.code, "name": site.name},
            "month": str(month),
            "as_of": material.now.isoformat(),
            "is_closed": material.summary.closing is not None,
            "made_by": material.by.name,
            "files": archive.files,
            "missing": archive.missing,
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        archive.add_text("manifest.json", text)
        sums = "".join(f"{each['sha256']}  {each['path']}\n" for each in archive.files)
        archive.add_text("SHA256SUMS", sums)


def _documents(material: Material) -> Iterator[Document]:
    shelf = shelf_of(material.site.id, material.month)
    for kind in PAPERS:
        yield from shelf.newest(kind)


def _add_seals(archive: _Archive, material: Material) -> set[str]:
    """The chain of the centre, and the sealed contents of the month; the digests of files that they name."""
    site, month = material.site, material.month
    columns = (Seal.number, Seal.kind, Seal.record_id, Seal.digest, Seal.previous_digest, Seal.sealed_at)
    links = db.session.execute(select(*columns).where(Seal.site_id == site.id).order_by(Seal.number))
    chain = [
        {
            "number": link.number,
            "kind": link.kind,
            "record_id": str(link.record_id),
            "digest": link.digest,
            "previous_digest": link.previous_digest,
            "sealed_at": link.sealed_at.isoformat(),
        }
        for link in links
    ]
    archive.add_text("seals/chain.json", json.dumps({"site": site.code, "seals": chain}, indent=0), about="chain")
    named: set[str] = set()
    records = [*visits_in(site.id, month), *joint_tests_in(site.id, month), month_record(site.id, month)]
    for at in range(0, len(records), AT_ONCE):
        part = select(Seal).where(Seal.site_id == site.id, Seal.record_id.in_(records[at : at + AT_ONCE]))
        for sealed in db.session.scalars(part.order_by(Seal.number)):
            named |= {sha256 for _path, sha256 in files_in(json.loads(sealed.content))}
            _add_seal(archive, sealed)
    return named


def _add_seal(archive: _Archive, sealed: Seal) -> None:
    content = {
        "number": sealed.number,
        "kind": sealed.kind,
        "record_id": str(sealed.record_id),
        "sealed_at": sealed.sealed_at.isoformat(),
        "previous_digest": sealed.previous_digest,
        "digest": sealed.digest,
        "content": sealed.content,
    }
    about = "closed month" if sealed.kind == MONTH else sealed.kind
    name = f"seals/{sealed.number:06d}-{sealed.kind}.json"
    archive.add_text(name, json.dumps(content, ensure_ascii=False, indent=1), about=about)


def _add_photos(archive: _Archive, material: Material, named: set[str]) -> None:
    """Photos and signatures as received, each once, under its digest. Those that only a seal names count, too."""
    wanted = {*files_of(visits_in(material.site.id, material.month)), *_other_files(material)}
    done: set[str] = set()
    for ids, digests in _in_parts(sorted(wanted, key=str), sorted(named)):
        rows = select(StoredFile).where(
            or_(StoredFile.id.in_(ids), StoredFile.sha256.in_(digests)), StoredFile.site_id == material.site.id
        )
        for file in db.session.scalars(rows.order_by(StoredFile.sha256)):
            if file.sha256 not in done:
                done.add(file.sha256)
                archive.add_stored(f"photos/{file.sha256}.{ENDINGS[file.media_type]}", file.sha256, about="photo")
    for sha256 in sorted(named - done):
        archive.missing.append({"path": f"photos/{sha256}", "sha256": sha256})


def _other_files(material: Material) -> Iterable[Any]:
    """Photos of joint tests, of faults and hazards, of sheets that were filled in on paper."""
    for record in material.joint_tests:
        yield from record.sha256
    findings = [line.id for line in material.summary.findings]
    yield from db.session.scalars(select(FindingPhoto.file_id).where(FindingPhoto.finding_id.in_(findings)))
    first, last = material.month.first, material.month.last
    of_sheets = select(PaperSheetPhoto.file_id).join(PaperSheet, PaperSheet.id == PaperSheetPhoto.sheet_id)
    yield from db.session.scalars(
        of_sheets.where(PaperSheet.site_id == material.site.id, PaperSheet.filled_in_on.between(first, last))
    )


def _in_parts(ids: list[Any], digests: list[str]) -> Iterator[tuple[list[Any], list[str]]]:
    """Both lists in pieces: databases take only so many values in one statement."""
    for at in range(0, max(len(ids), len(digests)), AT_ONCE):
        yield ids[at : at + AT_ONCE], digests[at : at + AT_ONCE]
