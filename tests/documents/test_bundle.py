"""The bundle: whoever gets it can verify it with nothing but Python, and one changed byte is named."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from datetime import UTC, datetime

import pytest

from tests.conftest import make_app
from tests.documents.october import make
from tests.reports.month_of_work import AFTER_OCTOBER, OCTOBER, site_called, somebody
from tests.visits.days import day_of, signed
from webapp.documents.models import Document, Kind
from webapp.extensions import db
from webapp.files.store import store
from webapp.kit.transaction import transaction
from webapp.reports.closing import close

pytestmark = pytest.mark.one_database


@pytest.fixture(scope="module")
def october(databases, tmp_path_factory):
    """October with a sealed sheet, closed, as a bundle: made once, it takes many seconds."""
    folder = tmp_path_factory.mktemp("october")
    app = make_app(databases.copy("october"), folder)
    with app.test_request_context(headers={"Cookie": "language=en"}):
        with transaction():
            signed(day_of(at=datetime(2026, 10, 12, 2, 0, tzinfo=UTC)))
        with transaction():
            close(site_called("SG"), OCTOBER, by=somebody("lead"), now=AFTER_OCTOBER)
        db.session.remove()
    make(app, [Kind.BUNDLE])
    with app.app_context():
        row = db.session.query(Document).filter_by(kind="bundle").one()
        return store().read(row.sha256)


@pytest.fixture
def bundle(october, tmp_path):
    """The bundle as a file."""
    target = tmp_path / "bundle.zip"
    target.write_bytes(october)
    return target


def check(*arguments, folder):
    command = [sys.executable, "-I", "check.py", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


def unpacked(bundle, folder):
    with zipfile.ZipFile(bundle) as packed:
        packed.extractall(folder)
    return folder


def test_the_bundle_of_a_closed_month_verifies_itself_packed_and_unpacked(bundle, tmp_path):
    folder = unpacked(bundle, tmp_path / "open")
    for arguments in ((), (str(bundle),)):
        said = check(*arguments, folder=folder)
        assert (said.returncode, said.stderr) == (0, "")
        assert "all is well" in said.stdout
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["is_closed"] is True
    assert manifest["missing"] == []
    about = [each["about"] for each in manifest["files"]]
    assert about.count("report") == about.count("plan") == 4
    assert "closed month" in about
    assert "visit" in about
    assert about.count("photo") >= 1
    names = {each["path"] for each in manifest["files"]}
    assert any(name.startswith("documents/") and name.endswith(".docx") and "2026年10月" in name for name in names)
    sums = subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, check=False)
    assert sums.returncode == 0


@pytest.mark.parametrize("pattern", ["documents/*.docx", "photos/*", "seals/*visit*", "seals/chain.json", "README.txt"])
def test_one_changed_byte_is_found_and_the_file_is_named(bundle, tmp_path, pattern):
    folder = unpacked(bundle, tmp_path / "open")
    file = sorted(folder.glob(pattern))[0]
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    said = check(folder=folder)
    assert said.returncode == 1
    assert str(file.relative_to(folder)) in said.stdout


def test_a_forger_who_mends_the_sums_still_breaks_the_seal(bundle, tmp_path):
    folder = unpacked(bundle, tmp_path / "open")
    file = sorted(folder.glob("seals/*visit*"))[0]
    before = file.read_bytes()
    after = before.replace("张伟".encode(), "王伟".encode())
    assert after != before
    file.write_bytes(after)
    old, new = hashlib.sha256(before).hexdigest(), hashlib.sha256(after).hexdigest()
    for name in ("manifest.json", "SHA256SUMS"):
        text = (folder / name).read_text(encoding="utf-8").replace(old, new)
        if name == "SHA256SUMS":
            manifest = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
            text = "\n".join(
                f"{manifest}  manifest.json" if line.endswith("  manifest.json") else line for line in text.splitlines()
            )
        (folder / name).write_text(text, encoding="utf-8")
    said = check(folder=folder)
    assert said.returncode == 1
    assert "does not give its digest" in said.stdout
    assert str(file.relative_to(folder)) in said.stdout


def test_missing_and_foreign_files_are_named(bundle, tmp_path):
    folder = unpacked(bundle, tmp_path / "open")
    gone = sorted(folder.glob("documents/*.pdf"))[0]
    gone.unlink()
    (folder / "documents" / "new.txt").write_text("x")
    said = check(folder=folder)
    assert said.returncode == 1
    assert str(gone.relative_to(folder)) in said.stdout
    assert "documents/new.txt" in said.stdout
