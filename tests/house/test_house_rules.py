"""Rules of the house. Each failure says what to do about it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from flask_migrate import check

from webapp.config import ROOT
from webapp.kit.problems import Conflict, Invalid, Missing, NotFound, Problem, Refused, draw

PYTHON = sorted((ROOT / "webapp").rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static" / "js").rglob("*.js"))


def test_only_the_transaction_commits():
    """Doors open `transaction()` around one action; nothing else may commit."""
    found = [path for path in PYTHON if ".commit()" in path.read_text() and path.name != "transaction.py"]
    assert not found, f"take commit() out of {found}"


def test_tables_equal_migrations(context):
    """After a change of models write a migration: flask db migrate -m 'what changed'."""
    check()


def test_every_setting_is_in_the_readme():
    """webapp/config.py reads the environment; the README says what each name means."""
    names = set(re.findall(r'"([A-Z]{3,}(?:_[A-Z]+)*)"', (ROOT / "webapp" / "config.py").read_text()))
    for readme in ("README.md", "README.zh-CN.md"):
        text = (ROOT / readme).read_text()
        missing = {name for name in names if f"`{name}`" not in text}
        assert not missing, f"{readme} does not explain {missing}"


def test_only_the_config_reads_the_environment():
    """A setting read elsewhere is a setting nobody finds."""
    allowed = {ROOT / "webapp" / "config.py"}
    found = [path for path in PYTHON if "os.environ" in path.read_text() and path not in allowed]
    assert not found


def test_actions_and_rules_know_neither_clock_nor_request():
    """Actions and rules get `now` and `by` as arguments, so that tests and the demo can choose them."""
    found = []
    for path in PYTHON:
        if path.name in ("actions.py", "rules.py"):
            names = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
            found += [(path.name, name) for name in names & {"utc_now", "current_user", "request", "session"}]
    assert not found


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_hold_no_inline_script_or_style(path: Path):
    """The content policy would block it; documents for PDF alone may carry their own <style>."""
    text = path.read_text()
    assert not re.search(r"<script>|\son[a-z]+=\"|\sstyle=\"", text)
    if "<style" in text:
        assert "pdf" in path.stem, "only templates that are never sent to a browser"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_hold_no_text_for_people(path: Path):
    """Texts come from the page (data attributes, templates), where gettext reaches them."""
    code = re.sub(r"//.*|/\*.*?\*/", "", path.read_text(), flags=re.S)
    assert not re.search(r"[\u4e00-\u9fff]", code)


@pytest.mark.parametrize(
    ("problem", "status"),
    [(NotFound("x"), 404), (Refused("x"), 403), (Invalid("x"), 422), (Conflict("x"), 409), (Missing("x"), 424)],
)
def test_every_problem_has_one_shape_as_json(app, problem: Problem, status: int):
    """Programs find {"error": {"code", "message", "fields"}} whatever went wrong."""
    with app.test_request_context(headers={"Accept": "application/json"}):
        answer = draw(problem)
    assert answer.status_code == status
    assert set(answer.get_json()["error"]) >= {"code", "message", "fields"}


def test_the_hand_written_javascript_stays_small():
    """Twelve hundred lines of code in all, blank lines and comments not counted; a module fits a screen or three."""
    texts = {path.name: path.read_text().splitlines() for path in SCRIPTS}
    code = {name: sum(not re.match(r"\s*(//.*)?$", line) for line in lines) for name, lines in texts.items()}
    assert sum(code.values()) < 1200, code
    assert max(map(len, texts.values())) <= 210
    assert max(len(line) for lines in texts.values() for line in lines) <= 120


def test_what_needs_a_browser_lies_in_one_folder():
    """tests/run.sh looks for journeys there only, and for everything else elsewhere only."""
    others = [path for path in (ROOT / "tests").rglob("test_*.py") if path.name != Path(__file__).name]
    marked = {path for path in others if "pytest.mark.browser" in path.read_text()}
    assert marked == set((ROOT / "tests" / "browser").glob("test_*.py"))


def test_no_file_names_a_machine_or_a_registry():
    """The repository speaks of the project only."""
    pattern = re.compile(
        r"--(?:extra-)?index-url|pypi\.org|registry\.npmjs|\"resolved\":|(?<![\w.])/(?:work|root|opt)/"
    )
    kinds = {".py", ".md", ".toml", ".lock", ".json", ".sh", ".html", ".js", ".yaml", ".yml", ".cfg", ".ini"}
    folders = [
        ROOT / name for name in ("webapp", "templates", "static", "tests", "docs", "deploy", "migrations", ".ci")
    ]
    paths = [path for folder in folders for path in folder.rglob("*")] + list(ROOT.iterdir())
    found = [
        str(path.relative_to(ROOT))
        for path in paths
        if path.is_file()
        and (path.suffix in kinds or path.name in ("Makefile", "run"))
        and "vendor" not in path.parts
        and path.name != Path(__file__).name
        and pattern.search(path.read_text())
    ]
    assert not found
