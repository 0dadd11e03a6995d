"""Reminders in words, and where one goes to see to them."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.kit.language import full_day, month_name
from webapp.reminders.models import Ended, ReminderDelivery, ReminderTarget, Robot
from webapp.reminders.rules import Kind, Reminder, Stage
from webapp.reminders.secret import HIDDEN, Secret
from webapp.sites.models import Site
from webapp.sites.rules import Right

SHOWN_END = 4  # characters of an address that tell two robots apart


def title(reminder: Reminder) -> str:
    """What it is about, in one line."""
    month = month_name(reminder.month.first) if reminder.month else ""
    texts = {
        Kind.PLAN: _("Hand in the plan of %(month)s", month=month),
        Kind.PLAN_RETURNED: _("The plan of %(month)s was sent back", month=month),
        Kind.PLAN_WAITING: _("The plan of %(month)s waits for the bureau", month=month),
        Kind.SUMMARY: _("Hand in the summary of %(month)s", month=month),
        Kind.SUMMARY_RETURNED: _("The summary of %(month)s was sent back", month=month),
        Kind.SUMMARY_WAITING: _("The summary of %(month)s waits for the bureau", month=month),
        Kind.UNSENT: ngettext(
            "%(num)d document of %(month)s may still be on a device",
            "%(num)d documents of %(month)s may still be on devices",
            reminder.documents,
            month=month,
        ),
        Kind.SERVICE: _("%(name)s: the service period ends", name=reminder.name),
    }
    return texts[reminder.kind]


def when(reminder: Reminder) -> str:
    """By when, or since when; how many days that is."""
    if reminder.due_on is None:
        return ""
    day = full_day(reminder.due_on)
    if reminder.kind is Kind.UNSENT:
        return _("Have it sent before the month is closed; what comes later is an addendum.")
    if reminder.kind is Kind.SERVICE:
        return ngettext("Last day %(day)s, in %(num)d day", "Last day %(day)s, in %(num)d days", reminder.left, day=day)
    if reminder.left < 0:
        return ngettext("Due %(day)s, %(num)d day late", "Due %(day)s, %(num)d days late", -reminder.left, day=day)
    if reminder.left == 0:
        return _("Due today, %(day)s", day=day)
    return ngettext("Due %(day)s, in %(num)d day", "Due %(day)s, in %(num)d days", reminder.left, day=day)


def sentence(site: Site, reminder: Reminder) -> str:
    """What a robot says. The robot's keyword 巡检 is in it, and nothing that is not needed to act."""
    return _(
        "Inspection reminder · %(site)s: %(title)s. %(when)s",
        site=site.short_name,
        title=title(reminder),
        when=when(reminder),
    )


def test_sentence(site: Site) -> str:
    """What a robot says when somebody asked for a test."""
    return _("Inspection reminder · %(site)s: this is a test. Reminders arrive here.", site=site.short_name)


def who(reminder: Reminder) -> str:
    """Who has to act, where it is not the reader."""
    texts = {
        Right.PLAN: _("for the project lead"),
        Right.HAND_IN_MONTH: _("for the project lead"),
        Right.REVIEW_PLAN: _("for the bureau"),
        Right.ACCEPT_MONTH: _("for the bureau"),
        Right.HANDLE_ARRIVALS: _("for the project lead or the office"),
        Right.EXPORT: _("for the project lead, the office and the bureau"),
    }
    return texts[reminder.right]


def state(reminder: Reminder) -> tuple[str, str]:
    """Mark and word of how pressing it is."""
    if reminder.kind in (Kind.PLAN_WAITING, Kind.SUMMARY_WAITING):
        return "waiting", _("waiting")
    if reminder.stage is Stage.LATE and reminder.kind is not Kind.UNSENT:
        return "abnormal", _("already late")
    return ("warn", _("soon")) if reminder.is_urgent else ("info", _("coming"))


def address(reminder: Reminder) -> str:
    """Where one goes to see to it."""
    if reminder.kind is Kind.UNSENT:
        return url_for("fieldwork.devices")
    if reminder.kind is Kind.SERVICE or reminder.month is None:
        return url_for("assets.index")
    if reminder.kind in (Kind.PLAN, Kind.PLAN_RETURNED, Kind.PLAN_WAITING):
        return url_for("planning.show", month=str(reminder.month))
    return url_for("reports.month", month=str(reminder.month))


def robots() -> list[tuple[str, str, str]]:
    """The kinds of targets: value, name, what is to be entered."""
    return [
        (Robot.WECOM, _("WeCom group robot"), _("The webhook address; it holds the key. No secret.")),
        (Robot.DINGTALK, _("DingTalk group robot"), _("Security by signature: its secret. By keyword: 巡检.")),
        (Robot.FEISHU, _("Feishu group robot"), _("With signature verification: its secret. By keyword: 巡检.")),
        (Robot.JSON, _("Own program (JSON)"), _("Facts and text as JSON; with a secret the body is signed.")),
    ]


def robot_name(target: ReminderTarget) -> str:
    """The kind of a target as people call it."""
    return next(name for value, name, _hint in robots() if value == target.robot)


def masked(url: Secret) -> str:
    """An address that tells where it goes and hides the key: https://qyapi.weixin.qq.com/…a1b2."""
    parts = urlsplit(url.reveal())
    rest = url.reveal().partition(parts.netloc)[2]
    end = rest[-SHOWN_END:] if len(rest) >= 6 * SHOWN_END else ""
    return f"{parts.scheme}://{parts.netloc}/{HIDDEN}{end}" if parts.netloc else HIDDEN


def ended(delivery: ReminderDelivery) -> tuple[str, str]:
    """Mark and word of what became of a delivery."""
    texts = {
        Ended.DELIVERED.value: ("ok", _("delivered")),
        Ended.GIVEN_UP.value: ("abnormal", _("given up")),
        Ended.OUTDATED.value: ("na", _("no longer needed")),
    }
    return texts.get(delivery.ended, ("waiting", _("to be sent")))


def answer(text: str) -> str:
    """What is known of the last answer; what vendors say stays as they say it."""
    texts = {
        "timeout": _("no answer in time"),
        "refused": _("connection refused"),
        "no_such_name": _("no machine of that name"),
        "certificate": _("its certificate is not trusted"),
        "tls": _("no secure connection"),
        "no_http": _("the answer was no HTTP"),
        "network": _("the network does not lead there"),
        "forbidden": _("addresses of that kind are not used"),
        "unreadable": _("the answer could not be understood"),
        "failed": _("sending failed"),
    }
    return texts.get(text, text)
