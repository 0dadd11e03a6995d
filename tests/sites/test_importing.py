"""Command centres from a YAML file: every mistake named, all or nothing."""

from datetime import UTC, date, datetime

import pytest
from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from webapp.audit.models import AuditEntry
from webapp.extensions import db
from webapp.kit.problems import Invalid
from webapp.kit.transaction import transaction
from webapp.sites.importing import Imported, import_sites, read_sites
from webapp.sites.models import Site

NOW = datetime(2026, 11, 18, tzinfo=UTC)
GOOD = """\
sites:
  - code: QY
    name: 清远市应急指挥中心
    short_name: 清远
    signatures_needed: 2
    fault_levels:
      - {key: major, zh: 重大故障, en: Major fault, response_min: 10, arrival_min: 60, handling_min: 240}
    service_lines:
      - {number: 1, name: 指挥大厅, starts_on: 2026-01-01, ends_on: 2026-12-31}
"""


def read(text: str):
    return read_sites(text.encode(), "sites.yaml")


def site(code: str) -> Site | None:
    wanted = select(Site).options(selectinload(Site.service_lines)).where(Site.code == code)
    return db.session.scalar(wanted.execution_options(populate_existing=True))


def test_a_new_command_centre_comes_with_its_periods_and_levels(context):
    with transaction():
        assert import_sites(read(GOOD), by=None, now=NOW) == Imported(1, 0)
    new = site("QY")
    assert (new.short_name, new.signatures_needed, new.photo_rule, new.is_demo) == ("清远", 2, "allowed", False)
    assert new.fault_levels[0]["handling_min"] == 240
    assert [(line.number, line.ends_on) for line in new.service_lines] == [(1, date(2026, 12, 31))]


def test_the_same_file_again_changes_nothing_and_a_changed_one_is_logged_with_old_and_new(context):
    longer = GOOD.replace(
        "2026-12-31}", "2027-12-31}\n      - {number: 2, name: 机房, starts_on: 2026-01-01, ends_on: 2026-12-31}"
    )
    with transaction():
        import_sites(read(GOOD), by=None, now=NOW)
    entries = select(AuditEntry).order_by(AuditEntry.id.desc())
    before = len(db.session.scalars(entries).all())
    with transaction():
        assert import_sites(read(GOOD), by=None, now=NOW) == Imported(0, 1)
    assert len(db.session.scalars(entries).all()) == before
    with transaction():
        import_sites(read(longer), by=None, now=NOW)
    assert [line.ends_on.year for line in site("QY").service_lines] == [2027, 2026]
    changed = next(entry for entry in db.session.scalars(entries) if entry.verb == "service_line.changed")
    assert changed.facts["changes"] == {"ends_on": ["2026-12-31", "2027-12-31"]}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("signatures_needed: 2", "signatures_needed: 3", "line 5, sites 1 signatures_needed"),
        ("ends_on: 2026-12-31", "ends_on: 2026-13-31", "line 9, sites 1 service_lines 1 ends_on"),
        ("ends_on: 2026-12-31", "ends_on: 2025-12-31", "line 9, sites 1 service_lines 1 ends_on"),
        ("response_min: 10", "response_min: soon", "line 7, sites 1 fault_levels 1 response_min"),
        ("    short_name: 清远\n", "", "line 2, sites 1 short_name"),
        ("    short_name: 清远\n", "    short_name: 清远\n    shortname: 清远\n", "line 5, sites 1 shortname"),
        ("code: QY", "code: qy", "line 2, sites 1 code"),
        ("sites:", "site:", "give a list under the key sites"),
        ("    name:", "   name:", "line 3: not YAML"),
        ("    short_name", "    timezone: Moon/Sea\n    short_name", "line 4, sites 1 timezone"),
    ],
)
def test_a_mistake_is_named_with_line_and_field(context, old, new, said):
    assert old in GOOD
    with force_locale("en"), pytest.raises(Invalid) as caught:
        read(GOOD.replace(old, new))
    assert said in caught.value.message


def test_bytes_that_are_no_text_get_a_plain_answer(context):
    with pytest.raises(Invalid) as caught:
        read_sites(b"\xff\xfe\x00binary\x00", "photo.jpg")
    assert "photo.jpg" in caught.value.message


def test_the_command_imports_all_or_nothing(app, tmp_path):
    file = tmp_path / "sites.yaml"
    file.write_text(GOOD + GOOD.partition("\n")[2].replace("QY", "QZ"))  # the second has the name of the first
    result = app.test_cli_runner().invoke(args=["sites", "import", str(file)])
    assert result.exit_code == 1
    assert "清远市应急指挥中心" in result.output
    with app.test_request_context():
        assert site("QY") is None
    file.write_text(GOOD)
    assert app.test_cli_runner().invoke(args=["sites", "import", str(file)]).exit_code == 0
    with app.test_request_context():
        assert site("QY") is not None
