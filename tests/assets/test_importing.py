"""A list from outside: every mistake is named, then all of it or nothing."""

import csv
import io
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import func, select

from webapp.assets.columns import COLUMNS
from webapp.assets.exporting import export_list
from webapp.assets.importing import carry_out, import_as_seen, plan_import
from webapp.assets.models import Asset, Label, System
from webapp.assets.queries import assets_of
from webapp.audit.models import AuditEntry
from webapp.extensions import db
from webapp.kit.clock import utc_now
from webapp.kit.problems import Conflict, Invalid
from webapp.kit.spreadsheet import csv_of
from webapp.kit.transaction import transaction
from webapp.sites.queries import site_coded

DEMO = Path(__file__).parents[2] / "webapp" / "demo"
HEAD = "code,section,system,number,name,quantity,keeper"
GOOD = f"{HEAD}\nSG-9-001,现场指挥部,备件,1,备用对讲机,4,张伟\n"


def plan(text: str, site: str = "SG", **options):
    return plan_import(site_coded(site), text.encode(), "list.csv", **options)


def places(made) -> list[tuple[int, str]]:
    return [(bad.line, bad.column) for bad in made.bad]


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (",现场指挥部,备件,1,名称,1,张伟", "code"),
        ("X1,现场指挥部,备件,1,,1,张伟", "name"),
        ("X1,现场指挥部,,1,名称,1,张伟", "system"),
        ("X1,,备件,1,名称,1,张伟", "section"),
        ("X1,不存在的清单,备件,1,名称,1,张伟", "section"),
        ("X1,现场指挥部,备件,1,名称,0,张伟", "quantity"),
        ("X1,现场指挥部,备件,1,名称,-1,张伟", "quantity"),
        ("X1,现场指挥部,备件,1,名称,两台,张伟", "quantity"),
        ("X1,现场指挥部,备件,1,名称,1.5,张伟", "quantity"),
        ("X1,现场指挥部,备件,1,名称,100001,张伟", "quantity"),
        ("X1,现场指挥部,备件,1,名称,1,", "keeper"),
        (f"X1,现场指挥部,备件,1,{'长' * 201},1,张伟", "name"),
        (f"{'X' * 41},现场指挥部,备件,1,名称,1,张伟", "code"),
    ],
)
def test_a_bad_line_is_named_by_line_and_column(context, line, column):
    made = plan(GOOD + line + "\n")
    assert places(made) == [(3, column)]
    assert made.bad[0].why
    assert made.bad[0].remedy


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "飞机"),
        ("status", "坏了"),
        ("outside_contract", "也许"),
        ("service_from", "2026-02-30"),
        ("service_from", "六月"),
        ("photo_rule", "随便"),
        ("category", "a b;c"),
        ("site", "福田区智慧城市指挥中心"),
    ],
)
def test_a_word_that_is_not_known_is_named(context, column, value):
    text = f"{HEAD},{column}\nX1,现场指挥部,备件,1,名称,1,张伟,{value}\n"
    assert places(plan(text)) == [(2, column)]


def test_a_period_that_ends_before_it_starts_is_named(context):
    text = f"{HEAD},service_from,service_to\nX1,现场指挥部,备件,1,名称,1,张伟,2026-06-28,2026-06-27\n"
    assert places(plan(text)) == [(2, "service_to")]


def test_all_mistakes_are_named_at_once_and_in_the_words_of_the_file(context):
    text = "编号,清单,系统,名称,数量,包机人\nX1,现场指挥部,备件,甲,零,张伟\nX1,,备件,,2,张伟\n"
    assert places(plan(text)) == [(2, "数量"), (3, "编号"), (3, "清单"), (3, "名称")]


@pytest.mark.parametrize("text", ["name\n甲\n", "code\nX\n", "foo,bar\n1,2\n"])
def test_missing_columns_are_named_once(context, text):
    made = plan(text)
    assert {bad.line for bad in made.bad} == {1}
    assert all("/" in bad.column for bad in made.bad)


def test_one_field_under_two_headings_is_refused(context):
    assert places(plan("code,编号,name\nX,X,甲\n")) == [(1, "编号")]


@pytest.mark.parametrize(
    "data", [b"", b"\x00\x01\xff\xfe", b"PK\x03\x04broken", b'code,name\n"X,1\n', b"code,name\nA,B,C\n"]
)
def test_what_is_no_table_is_refused_as_a_whole(context, data):
    with pytest.raises(Invalid) as refusal:
        plan_import(site_coded("SG"), data, "list.csv")
    assert "list.csv" in refusal.value.message


def test_a_plan_with_mistakes_cannot_be_carried_out(context):
    before = db.session.scalar(select(func.count(Asset.id)))
    made = plan(GOOD + "X1,现场指挥部,备件,1,,1,张伟\n")
    assert len(made.new) == 1
    with pytest.raises(Invalid), transaction():
        carry_out(made, by=None, now=utc_now())
    assert db.session.scalar(select(func.count(Asset.id))) == before


def test_looking_at_a_list_changes_nothing(context):
    tables = (Asset, System, Label, AuditEntry)
    before = [db.session.scalar(select(func.count()).select_from(table)) for table in tables]
    made = plan(GOOD + "SG-1-01-001,,,1,另一个名称,1,李建国\n")
    assert (len(made.new), len(made.changed)) == (1, 1)
    with transaction():
        pass
    assert [db.session.scalar(select(func.count()).select_from(table)) for table in tables] == before
    assert db.session.scalar(select(Asset.name).where(Asset.code == "SG-1-01-001")) == "高清视频会议服务器"


def test_new_rows_get_system_label_keeper_and_log(context):
    text = (
        f"{HEAD}\nSG-9-001,三、现场指挥部应急通讯保障设备,备件,1,调度软件,4,\nSG-9-002,现场指挥部,备件,2,电台,,张伟\n"
    )
    with transaction():
        made = plan(text, keeper="李建国")
        assert not made.bad
        assert [name for _line, name in made.new_systems] == ["备件"]
        carry_out(made, by=None, now=utc_now())
    rows = {asset.code: asset for asset in assets_of(site_coded("SG").id) if asset.code.startswith("SG-9")}
    first, second = rows["SG-9-001"], rows["SG-9-002"]
    assert (first.keeper, first.kind, first.quantity, first.system.service_line.number) == ("李建国", "software", 4, 3)
    assert (second.keeper, second.kind, second.quantity, second.system_id) == ("张伟", "device", None, first.system_id)
    assert db.session.scalar(select(func.count(Label.id)).where(Label.asset_id.in_([first.id, second.id]))) == 2
    verbs = db.session.scalars(select(AuditEntry.verb).where(AuditEntry.subject == f"asset:{first.id}")).all()
    assert verbs == ["asset.added"]


def test_only_columns_of_the_file_change_and_the_log_keeps_old_and_new(context):
    text = "code,name,location,quantity\nSG-1-01-002,高清视频会议终端,新会场,15\n"
    with transaction():
        made = plan(text)
        carry_out(made, by=None, now=utc_now())
    asset = db.session.scalars(select(Asset).where(Asset.code == "SG-1-01-002")).one()
    assert (asset.location, asset.quantity, asset.unit, asset.keeper) == ("新会场", 15, "套", "张伟")
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.subject == f"asset:{asset.id}").order_by(AuditEntry.id.desc())
    ).first()
    assert entry.facts["changes"] == {"location": ["市区县各会场", "新会场"], "quantity": [16, 15]}


def test_a_missing_number_of_futian_is_filled_in_its_place(context):
    text = "code,name,system,number,keeper\nFT-1-01-008,舆情系统,软件平台,8,黄磊\n"
    with transaction():
        carry_out(plan(text, "FT"), by=None, now=utc_now())
    order = [asset.printed_number for asset in assets_of(site_coded("FT").id)]
    assert order[6:9] == ["7", "8", "9"]


def test_a_row_may_move_to_another_system(context):
    text = "code,name,section,system\nFT-1-04-036,前端软件使用授权,,人脸识别系统\n"
    with transaction():
        made = plan(text, "FT")
        assert list(made.changed[0].changes) == ["system"]
        carry_out(made, by=None, now=utc_now())
    moved = next(asset for asset in assets_of(site_coded("FT").id) if asset.code == "FT-1-04-036")
    assert moved.system.name == "人脸识别系统"


@pytest.mark.parametrize("name", ["equipment_shaoguan.csv", "equipment_futian.csv"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_printed_lists_import_in_each_encoding_and_change_nothing(context, name, encoding):
    data = (DEMO / name).read_text(encoding="utf-8").encode(encoding)
    made = plan_import(site_coded("SG" if "shaoguan" in name else "FT"), data, name)
    assert not made.bad
    assert not made.changes_anything
    assert made.unchanged == (120 if "shaoguan" in name else 76)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_export_imports_again_and_changes_nothing(context, kind, language):
    site = site_coded("SG")
    with transaction():
        asset = db.session.scalars(select(Asset).where(Asset.code == "SG-1-01-001")).one()
        asset.name, asset.maker, asset.model = "=1+1", "'=2", "-3"
        asset.service_from, asset.is_outside_contract, asset.status = date(2026, 7, 1), True, "standby"
        data = export_list(site, kind, language=language, by=None, now=utc_now())
    made = plan_import(site, data, f"list.{kind}")
    assert not made.bad
    assert not made.changes_anything
    assert made.unchanged == 125


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=40))
def test_any_text_survives_export_and_import(text):
    from webapp.assets.columns import cell_of

    kept = text.strip()
    [back] = list(csv.reader(io.StringIO(csv_of(["name"], [[kept]]).decode("utf-8-sig"), newline="")))[1:] or [[""]]
    assert cell_of((back or [""])[0].strip()) == kept


def test_no_cell_of_an_export_is_a_formula(context):
    site = site_coded("SG")
    with transaction():
        asset = db.session.scalars(select(Asset).where(Asset.code == "SG-1-01-001")).one()
        asset.name, asset.maker, asset.model, asset.location = "=HYPERLINK(1)", "+1", "-1", "@SUM(1)"
        as_csv = export_list(site, "csv", language="en", by=None, now=utc_now())
        as_xlsx = export_list(site, "xlsx", language="en", by=None, now=utc_now())
    for row in csv.reader(io.StringIO(as_csv.decode("utf-8-sig"), newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)
    for row in load_workbook(io.BytesIO(as_xlsx)).active.iter_rows():
        assert not any(cell.data_type == "f" or str(cell.value or "").startswith(("=", "+", "-", "@")) for cell in row)


def test_an_import_does_what_was_seen_or_nothing(context, person):
    site, lead = site_coded("SG"), person("lead")
    data = "code,name\nSG-1-01-001,服务器甲\n".encode()
    seen = plan_import(site, data, "list.csv").digest
    with transaction():
        db.session.scalars(select(Asset).where(Asset.code == "SG-1-01-001")).one().name = "服务器乙"
    with pytest.raises(Conflict), transaction():
        import_as_seen(site, data, "list.csv", keeper="", seen=seen, by=lead, now=utc_now())
    assert db.session.scalar(select(Asset.name).where(Asset.code == "SG-1-01-001")) == "服务器乙"
    seen = plan_import(site, data, "list.csv").digest
    for _again in range(2):
        with transaction():
            import_as_seen(site, data, "list.csv", keeper="", seen=seen, by=lead, now=utc_now())
    assert db.session.scalar(select(Asset.name).where(Asset.code == "SG-1-01-001")) == "服务器甲"
    assert (
        db.session.scalar(
            select(func.count()).where(AuditEntry.verb == "assets.imported", AuditEntry.person_id == lead.id)
        )
        == 1
    )


def test_a_long_list_needs_no_more_statements_than_a_short_one(context, queries):
    def statements(rows: int, prefix: str) -> int:
        lines = "\n".join(f"{prefix}-{n},现场指挥部,备件,{n},设备{n},1,张伟" for n in range(rows))
        queries.clear()
        with transaction():
            carry_out(plan(f"{HEAD}\n{lines}\n"), by=None, now=utc_now())
        return sum("audit_entries" not in statement for statement in queries)  # SQLite adds log rows one by one

    few, many = statements(5, "A"), statements(400, "B")
    assert many <= few + 4  # inserts and looked-up codes go in batches


def test_columns_have_one_meaning_each():
    headings = [heading.casefold() for column in COLUMNS for heading in column.all_names]
    assert len(headings) == len(set(headings))
