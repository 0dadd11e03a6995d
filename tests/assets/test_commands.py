"""`flask assets …`: lists in and out on the command line."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from webapp.assets.models import Asset
from webapp.extensions import db

DEMO = Path(__file__).parents[2] / "webapp" / "demo"
HEAD = "code,section,system,number,name,quantity,keeper\n"


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=["assets", *map(str, words)])


def assets_in(app) -> int:
    with app.app_context():
        count = db.session.scalar(select(func.count(Asset.id)))
        db.session.remove()
        return count


def test_a_good_list_is_imported(run, app, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text(f"{HEAD}SG-9-001,现场指挥部,备件,1,电台,4,\n", encoding="gb18030")
    tried = run("import", file, "--site", "SG", "--keeper", "张伟", "--dry-run")
    assert tried.exit_code == 0
    assert assets_in(app) == 205
    assert run("import", file, "--site", "SG", "--keeper", "张伟").exit_code == 0
    assert assets_in(app) == 206


def test_a_bad_list_names_file_line_and_column_and_changes_nothing(run, app, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text(f"{HEAD}SG-9-001,现场指挥部,备件,1,电台,4,张伟\nSG-9-002,现场指挥部,备件,1,电台,x,张伟\n")
    result = run("import", file, "--site", "SG")
    assert result.exit_code == 1
    assert "list.csv" in result.output
    assert "3" in result.output
    assert "quantity" in result.output
    assert assets_in(app) == 205


@pytest.mark.parametrize("content", [b"", b"\x00\x00", b"PK\x03\x04"])
def test_a_file_that_is_no_list_ends_with_a_sentence(run, tmp_path, content):
    file = tmp_path / "list.csv"
    file.write_bytes(content)
    result = run("import", file, "--site", "SG")
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert run("import", file, "--site", "XX").exit_code == 1


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx"])
def test_an_export_imports_again(run, app, tmp_path, name):
    assert run("export", "--site", "FT", "-o", tmp_path / name).exit_code == 0
    result = run("import", tmp_path / name)
    assert result.exit_code == 0
    assert "80" in result.output
    assert assets_in(app) == 205


def test_an_export_of_another_kind_is_refused(run, tmp_path):
    assert run("export", "--site", "SG", "-o", tmp_path / "out.pdf").exit_code == 2
    assert run("export", "--site", "XX", "-o", tmp_path / "out.csv").exit_code == 1


def test_the_printed_lists_of_the_demo_import_as_they_are(run):
    assert run("import", DEMO / "equipment_shaoguan.csv").exit_code == 0
    assert run("import", DEMO / "equipment_futian.csv").exit_code == 0


def test_without_a_name_the_command_asks_which_command_centre_is_meant(run, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text(f"{HEAD}SG-9-001,现场指挥部,备件,1,电台,4,张伟\n")
    for result in (run("import", file), run("export", "-o", tmp_path / "out.csv")):
        assert result.exit_code == 1
        assert "--site" in result.output
