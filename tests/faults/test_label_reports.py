"""Faults told from a label without an account: off unless wanted, the name of a device only, confirmed by a person."""

from __future__ import annotations

import io
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import func, select

from tests.faults.played import somebody
from tests.inspections.documents import ANTENNA, asset_with
from webapp.assets.models import Asset, AssetStatus, Label
from webapp.audit.models import AuditEntry
from webapp.extensions import db
from webapp.faults import label_report_views
from webapp.faults.clocks import ClockName, clocks_of
from webapp.faults.gathering import facts_of
from webapp.faults.label_report_models import LabelReport, LabelReportDecision
from webapp.faults.label_report_queries import report_for
from webapp.faults.label_reports import MOST_OF_A_LABEL, Told, TooMany, confirm, mask_contacts, reject, shortened, take
from webapp.faults.models import Finding, FindingPhoto
from webapp.kit.clock import utc_now
from webapp.kit.limits import Limit
from webapp.kit.problems import Conflict, Invalid
from webapp.kit.transaction import transaction
from webapp.sites.models import Site

TEXT = "smoke <script>alert(1)</script>"
TOLD = {"text": TEXT, "name": "李明", "phone": "13800000000"}


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    label_report_views.ASKED.forget()
    label_report_views.SENT.forget()


@pytest.fixture
def in_app(app):
    def ask(question):
        with app.test_request_context(), transaction():
            return question()

    return ask


def switch(is_on: bool = True, code: str = "SG") -> str:
    """Switches it on or off in a site; the token of a label there."""
    site = db.session.scalars(select(Site).where(Site.code == code)).one()
    site.takes_label_reports = is_on
    wanted = select(Label.token).join(Label.asset).where(Asset.site_id == site.id, Label.replaced_at.is_(None))
    return str(db.session.scalars(wanted.order_by(Asset.position)).first())


def the_asset() -> Asset:
    return asset_with(ANTENNA)


def the_report(**told: str) -> LabelReport:
    return take(the_asset(), Told(**({"text": TEXT} | told)), None, now=utc_now())


def a_photo() -> io.BytesIO:
    data = io.BytesIO()
    Image.new("RGB", (60, 40), "green").save(data, "JPEG")
    data.seek(0)
    return data


def test_a_limit_counts_for_each_name_and_forgets_what_is_long_ago():
    limit = Limit(2, 60, names=2)
    assert [limit.is_over("a", at) for at in (0, 1, 2, 59.9)] == [False, False, True, True]
    assert not limit.is_over("b", 2)
    assert not limit.is_over("a", 60)  # exactly a minute after the first
    assert limit.is_over("a", 60.5)
    assert not limit.is_over("c", 61)  # "b" is forgotten for it


def test_contacts_are_shortened_for_those_who_need_not_know_them():
    assert (shortened("李明"), shortened("13800000000"), shortened("")) == ("李＊＊", "1＊＊", "")


def test_off_unless_wanted_the_label_asks_to_sign_in_and_the_form_is_not_there(client, in_app):
    token = in_app(lambda: switch(is_on=False))
    assert not in_app(lambda: db.session.scalar(select(func.count()).where(Site.takes_label_reports)))
    assert client.get(f"/a/{token}").location.startswith("/sign-in?next=")
    assert client.get(f"/a/{token}/report").status_code == 404
    assert client.post(f"/a/{token}/report", data=TOLD).status_code == 404
    assert not in_app(lambda: db.session.scalar(select(func.count()).select_from(LabelReport)))


def test_what_is_no_label_looks_like_one_that_takes_no_reports(client, in_app):
    token = in_app(switch)
    off = in_app(lambda: switch(is_on=False, code="FT"))
    code = in_app(lambda: db.session.scalar(select(Label.short_code).where(Label.token == token)))

    def replaced() -> str:
        label = db.session.scalars(select(Label).where(Label.token != token, Label.asset.has(site_id=sg())).limit(1))
        one = label.one()
        one.replaced_at = utc_now()
        return one.token

    def sg() -> uuid.UUID:
        return db.session.scalars(select(Site.id).where(Site.code == "SG")).one()

    def retired() -> str:
        asset = the_asset()
        asset.status = AssetStatus.RETIRED.value
        return str(db.session.scalar(select(Label.token).where(Label.asset_id == asset.id)))

    tokens = [off, "no-such-label", code, in_app(replaced), in_app(retired)]
    pages = set()
    for one in tokens:
        answer = client.get(f"/a/{one}/report")
        assert answer.status_code == 404
        pages.add(answer.text.replace(one, ""))
        assert client.get(f"/a/{one}").location.startswith("/sign-in?next=")
    assert len(pages) == 1


def test_switched_on_it_shows_the_name_of_the_device_and_nothing_else(client, in_app):
    token = in_app(switch)
    assert client.get(f"/a/{token}").location == f"/a/{token}/report"
    page = client.get(f"/a/{token}/report").text
    wanted = select(Asset).join(Label).where(Label.token == token)

    def known() -> tuple[str, list[str]]:
        asset = db.session.scalars(wanted).one()
        site = db.session.get_one(Site, asset.site_id)
        more = [asset.code, asset.maker, asset.model, asset.location, asset.keeper, asset.supplier]
        return asset.name, [each for each in (*more, site.name, site.short_name, str(asset.id)) if each]

    name, secrets = in_app(known)
    assert name in page
    assert not [each for each in secrets if each in page.replace(name, "")]


def test_what_was_told_waits_for_a_person_and_becomes_a_fault_with_both_times(client, as_, in_app, app):
    token = in_app(switch)
    client.set_cookie("language", "en")
    answer = client.post(f"/a/{token}/report", data=TOLD | {"upload": (a_photo(), "a.jpg")})
    assert (answer.status_code, answer.location) == (303, f"/a/{token}/report?sent=1")
    assert "has arrived" in client.get(answer.location).text
    name = in_app(lambda: db.session.scalars(select(LabelReport.id)).one())
    assert not in_app(lambda: db.session.scalar(select(func.count()).select_from(Finding)))
    tech, page = as_("tech"), f"/faults/label-reports/{name}"
    assert "1 report from a label waits" in tech.get("/faults/hazards/waiting").text
    shown = tech.get(page).text
    assert "smoke &lt;script&gt;" in shown
    assert "<script>alert" not in shown + tech.get("/faults/label-reports").text
    assert "13800000000" in shown
    assert "13800000000" not in as_("office").get(page).text
    assert "李＊＊" in as_("office").get(page).text
    assert tech.get(f"{page}/photo").mimetype == "image/jpeg"
    assert as_("office").get(f"{page}/photo").status_code == 403
    assert as_("office").post(f"{page}/confirmation", data={"level": "major"}).status_code == 403
    assert tech.post(f"{page}/confirmation", data={"level": "huge"}).status_code == 422
    done = tech.post(f"{page}/confirmation", data={"level": "major"})
    assert done.status_code == 303
    fault = tech.get(done.location).text
    assert "the clocks count from then" in fault
    assert f'href="{page}"' in fault
    assert tech.post(f"{page}/confirmation", data={"level": "major"}).status_code == 409
    assert in_app(lambda: db.session.scalar(select(func.count()).select_from(FindingPhoto))) == 1


def test_the_clocks_start_with_the_confirmation_and_the_report_keeps_its_time(context):
    tech, told_at = somebody("tech"), utc_now() - timedelta(hours=3)
    with transaction():
        report = take(the_asset(), Told(TEXT), None, now=told_at)
    now = told_at + timedelta(hours=2)
    with transaction():
        found = report_for(tech, report.id)
        finding = confirm(found, level="major", catalogue_number=None, photo=None, by=tech, now=now)
    response = clocks_of(facts_of(finding), now)[ClockName.RESPONSE]
    assert (finding.reported_at, finding.entered_at, finding.channel) == (told_at, now, "label")
    assert (response.started_at, response.due_at) == (now, now + timedelta(minutes=10))
    assert report_for(tech, report.id).decision.finding_id == finding.id


def test_a_rejection_needs_a_reason_and_loses_nothing(context):
    bureau = somebody("supervisor")
    with transaction():
        report = the_report()
    for reason, problem in (("", Invalid), ("it works", None), ("again", Conflict)):
        if problem is None:
            with transaction():
                reject(report_for(bureau, report.id), reason, by=bureau, now=utc_now())
            continue
        with pytest.raises(problem), transaction():
            reject(report_for(bureau, report.id), reason, by=bureau, now=utc_now())
    kept = report_for(bureau, report.id)
    assert (kept.text, kept.decision.reason, kept.decision.finding_id) == (TEXT, "it works", None)


def test_of_two_people_who_decide_at_once_one_wins_and_there_is_one_fault_at_most(app, in_app):
    report_id = in_app(lambda: the_report().id)

    def decided(username: str) -> str:
        with app.test_request_context():
            try:
                with transaction():
                    person = somebody(username)
                    report = report_for(person, report_id)
                    if username == "supervisor":
                        reject(report, "it works", by=person, now=utc_now())
                    else:
                        confirm(report, level="major", catalogue_number=None, photo=None, by=person, now=utc_now())
            except Conflict as problem:
                return problem.code
            return "won"

    with ThreadPoolExecutor(3) as pool:
        outcome = list(pool.map(decided, ("tech", "lead", "supervisor")))
    assert sorted(outcome) == ["decided", "decided", "won"]
    is_rejected = outcome[2] == "won"
    assert in_app(lambda: db.session.scalar(select(func.count()).select_from(Finding))) == (0 if is_rejected else 1)
    assert in_app(lambda: db.session.scalar(select(func.count()).select_from(LabelReportDecision))) == 1


def test_one_label_takes_so_many_reports_an_hour(context):
    now, asset = utc_now(), the_asset()
    with transaction():
        for _turn in range(MOST_OF_A_LABEL):
            take(asset, Told(TEXT), None, now=now)
    with pytest.raises(TooMany), transaction():
        take(asset, Told(TEXT), None, now=now + timedelta(minutes=59))
    with transaction():
        take(asset, Told(TEXT), None, now=now + timedelta(hours=1))


def test_one_address_sends_so_many_reports_and_cannot_guess_labels(client, in_app, monkeypatch):
    token = in_app(switch)
    monkeypatch.setattr(label_report_views, "SENT", Limit(2, 600))
    answers = [client.post(f"/a/{token}/report", data=TOLD).status_code for _turn in range(3)]
    assert answers == [303, 303, 429]
    monkeypatch.setattr(label_report_views, "ASKED", Limit(1, 60))
    assert [client.get(f"/a/{token}/report").status_code for _turn in range(2)] == [200, 404]
    assert client.get(f"/a/{token}").location.startswith("/sign-in?next=")


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"text": ""}, 422),
        ({"text": "x" * 501}, 422),
        ({"text": "ok", "phone": "1" * 41}, 422),
        ({"text": "ok", "upload": (io.BytesIO(b"MZ no picture"), "a.jpg")}, 415),
    ],
)
@pytest.mark.one_database
def test_what_cannot_be_kept_is_said(client, in_app, form, status):
    token = in_app(switch)
    assert client.post(f"/a/{token}/report", data=form).status_code == status


@pytest.mark.one_database
def test_a_page_of_another_site_cannot_report_and_the_signed_in_go_to_the_device(client, as_, in_app):
    token = in_app(switch)
    answer = client.post(f"/a/{token}/report", data=TOLD, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert as_("tech").get(f"/a/{token}/report").location == f"/a/{token}"


def test_another_site_finds_no_report(as_, in_app):
    name = in_app(lambda: the_report().id)
    theirs = as_("supervisor2")
    for target in (name, uuid.uuid4()):
        page = f"/faults/label-reports/{target}"
        assert theirs.get(page).status_code == theirs.get(f"{page}/photo").status_code == 404
        assert theirs.post(f"{page}/rejection", data={"reason": "no"}).status_code == 404
    assert "smoke" not in theirs.get("/faults/label-reports").text


def test_contacts_are_taken_out_after_their_time_and_the_rest_stays(app, in_app):
    name = in_app(lambda: the_report(name="李明", phone="13800000000").id)
    other = in_app(lambda: the_report().id)
    now = utc_now()
    assert in_app(lambda: mask_contacts(now - timedelta(days=1), now=now)) == 0
    assert in_app(lambda: mask_contacts(now + timedelta(days=1), now=now)) == 1
    kept = in_app(lambda: db.session.get_one(LabelReport, name))
    assert (kept.name, kept.phone, kept.text, kept.masked_at) == ("", "", TEXT, now)
    assert in_app(lambda: db.session.get_one(LabelReport, other)).masked_at is None
    done = app.test_cli_runner().invoke(args=["faults", "mask-label-reports", "--days", "30"])
    assert done.output == "0 reports masked\n"


def test_only_the_administrator_switches_it_on_and_the_log_says_who_and_when(as_, in_app):
    site = in_app(lambda: db.session.scalars(select(Site).where(Site.code == "SG")).one())
    form = {"name": site.name, "short_name": site.short_name, "signatures_needed": "1", "photo_rule": site.photo_rule}
    assert as_("lead").post("/sites/settings", data=form | {"takes_label_reports": "true"}).status_code == 403
    admin = as_("admin")
    assert admin.post("/sites/settings", data=form | {"takes_label_reports": "true"}).status_code == 303
    wanted = select(AuditEntry).where(AuditEntry.verb == "site.changed")
    entry = in_app(lambda: db.session.scalars(wanted).one())
    assert entry.facts["changes"] == {"takes_label_reports": ["False", "True"]}
    assert 'name="takes_label_reports" value="true" checked' in admin.get("/sites/settings").text
    admin.post("/sites/settings", data=form)
    assert not in_app(lambda: db.session.scalar(select(Site.takes_label_reports).where(Site.code == "SG")))
