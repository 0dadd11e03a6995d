"""The words of this room: kinds of documents and devices, and the fields of a document as its form calls them."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.fieldwork.models import DeviceReport
from webapp.inspections.words import REMEDIES, RUN_STATES

KINDS = {
    "inspection": _l("Inspection"),
    "sign_off": _l("Signature"),
    "return": _l("Returned"),
    "omission": _l("Not reached"),
    "joint_test": _l("Joint test"),
    "joint_test_signature": _l("Signature"),
    "finding": _l("Fault or hazard"),
    "note": _l("Free note"),
    "call": _l("Call"),
    "arrival": _l("Arrival"),
    "fault_step": _l("Step of a fault"),
    "hazard_step": _l("Step of a hazard"),
}
MACHINES = {
    "iphone": _l("iPhone"),
    "ipad": _l("iPad"),
    "android_phone": _l("Android phone"),
    "android_tablet": _l("Android tablet"),
    "harmony_phone": _l("HarmonyOS phone"),
    "harmony_tablet": _l("HarmonyOS tablet"),
    "windows": _l("Windows PC"),
    "mac": _l("Mac or iPad"),
    "linux": _l("Linux PC"),
}
BROWSERS = {
    "wechat": _l("WeChat"),
    "huawei": _l("Huawei browser"),
    "xiaomi": _l("Xiaomi browser"),
    "qq": _l("QQ browser"),
    "uc": _l("UC browser"),
    "edge": "Edge",
    "samsung": _l("Samsung browser"),
    "firefox": "Firefox",
    "chrome": "Chrome",
    "safari": "Safari",
}
FIELDS = {
    "asset": _l("Device"),
    "started_at": _l("Begun"),
    "finished_at": _l("Finished"),
    "seconds": _l("Seconds worked on it"),
    "supersedes": _l("Corrects the record"),
    "run_state": _l("Running state"),
    "units_checked": _l("Units checked"),
    "unit": _l("Abnormal units"),
    "units_reason": _l("Why not all units"),
    "advice": _l("Environment and advice"),
    "accompanied_by": _l("Accompanied by"),
    "na": _l("Not applicable"),
    "why": _l("Reason"),
    "remedy": _l("What to do"),
    "level": _l("Level"),
    "capacity": _l("Signs as"),
    "name": _l("Name"),
    "day": _l("Day"),
    "signed_at": _l("Signed at"),
    "returned_at": _l("Returned at"),
    "given_at": _l("Given at"),
    "reason": _l("Reason"),
    "kind": _l("Kind"),
    "text": _l("Text"),
    "place": _l("Where it is, or what it is"),
    "label": _l("Label as read"),
    "scanned": _l("Label as read"),
    "code": _l("Label as read"),
    "noted_at": _l("Noted at"),
    "arrived_at": _l("Arrived at"),
    "reported_at": _l("Reported at"),
    "claimed_at": _l("Written at"),
    "happened_at": _l("When it happened"),
    "person": _l("Who"),
    "until": _l("Until"),
    "effect": _l("Effect on the work, how urgent"),
    "answer": _l("Answer"),
    "organisation": _l("Organisation"),
    "form_number": _l("Number of the service form"),
    "called_at": _l("Called at"),
    "follow_up_on": _l("Follow up on"),
}
_VALUES: dict[str, dict[str, Any]] = {
    "run_state": {code: text for code, (_state, text) in RUN_STATES.items()},
    "remedy": dict(REMEDIES),
    "value": {"pass": _l("Normal"), "fail": _l("Abnormal")},
    "kind": {"fault": _l("Fault"), "hazard": _l("Hazard")},
    "capacity": {
        "inspector": _l("Inspector's signature"),
        "supervisor": _l("Supervisor's signature"),
        "handover": _l("Handover signature"),
        "technician": _l("Inspector's signature"),
    },
}


def kind_name(kind: str) -> str:
    """Inspection, signature, …; the code itself where this version does not know it."""
    return str(KINDS.get(kind, kind))


def device_name(report: DeviceReport) -> str:
    """ "Android phone · Chrome", "iPad · Safari", "Windows PC · Edge"."""
    machine = str(MACHINES.get(report.machine, _("Unknown device")))
    browser = str(BROWSERS.get(report.browser, ""))
    return f"{machine} · {browser}" if browser else machine


def field_name(name: str) -> str:
    """How the form calls a field; empty where it has no better name than its own."""
    return str(FIELDS.get(name, ""))


def value_in_words(path: str, value: str) -> str:
    """What was chosen, in words, for codes that are known; anything else as it stands."""
    name = path.rpartition(".")[2] if path.startswith("answers.") else path.partition(".")[0]
    return str(_VALUES.get({"a": "value"}.get(name, name), {}).get(value, value))
