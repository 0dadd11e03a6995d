"""What each kind of robot wants to be sent, and which of its answers mean yes. As the three vendors document it.

- WeCom (企业微信群机器人): the key stands in the address; at most 2048 bytes of text; `errcode` 0 means accepted.
- DingTalk (钉钉自定义机器人): signed with milliseconds and a base64 HMAC-SHA256 in the address; `errcode` 0.
- Feishu (飞书自定义机器人): signed with seconds in the body, the text to be signed is the key and the message is empty;
  `code` 0, in old answers `StatusCode` 0.
- JSON: the facts as one object; where a secret is given, its HMAC-SHA256 over the body in a header; any 2xx.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlsplit

from webapp.reminders.models import Robot
from webapp.reminders.secret import HIDDEN, Secret

MOST_TEXT = 2000  # bytes; WeCom takes 2048, the others more
LONGEST_SAYING = 120  # characters of what a vendor says about an error
SIGNATURE = "X-Xunjian-Signature"


@dataclass(frozen=True)
class Message:
    """One reminder: the sentence for people, the facts for programs."""

    text: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """What is posted. The address is a secret."""

    url: Secret
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """Whether it was accepted, and what the log says about it: never the address, never the body of an answer."""

    is_accepted: bool
    answer: str


def request_for(robot: Robot, url: Secret, secret: Secret, message: Message, now: datetime) -> Request:
    """The request that brings a message to a robot; signed where a secret is given."""
    text = _cut(message.text)
    if robot is Robot.FEISHU:
        return _feishu(url, secret, text, now)
    if robot is Robot.JSON:
        body = _json({**message.facts, "text": message.text})
        signed = {SIGNATURE: f"sha256={hmac.new(secret.reveal().encode(), body, hashlib.sha256).hexdigest()}"}
        return Request(url, body, signed if secret else {})
    body = _json({"msgtype": "text", "text": {"content": text}})
    return Request(_dingtalk(url, secret, now) if robot is Robot.DINGTALK and secret else url, body)


def outcome_of(robot: Robot, status: int, body: bytes, target: tuple[Secret, Secret]) -> Outcome:
    """What an answer means. A robot that says 200 and an error code has refused the message."""
    if not 200 <= status < 300:
        return Outcome(False, f"HTTP {status}")
    if robot is Robot.JSON:
        return Outcome(True, f"HTTP {status}")
    said = _said(body)
    names = ("code", "StatusCode") if robot is Robot.FEISHU else ("errcode",)
    name = next((name for name in names if name in said), "")
    if not name:
        return Outcome(False, "unreadable")
    code = said[name]
    if isinstance(code, int) and not isinstance(code, bool) and code == 0:
        return Outcome(True, f"{name} 0")
    saying = next((str(said[key]) for key in ("errmsg", "msg", "StatusMessage") if said.get(key)), "")
    return Outcome(False, f"{name} {str(code)[:20]} {_without(saying, target)[:LONGEST_SAYING]}".strip())


def _dingtalk(url: Secret, secret: Secret, now: datetime) -> Secret:
    stamp = str(round(now.timestamp() * 1000))
    key = secret.reveal()
    sign = _hmac(key, f"{stamp}\n{key}")
    joint = "&" if urlsplit(url.reveal()).query else "?"
    return Secret(f"{url.reveal()}{joint}timestamp={stamp}&sign={quote_plus(sign)}")


def _feishu(url: Secret, secret: Secret, text: str, now: datetime) -> Request:
    content: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
    if secret:
        stamp = str(round(now.timestamp()))
        content |= {"timestamp": stamp, "sign": _hmac(f"{stamp}\n{secret.reveal()}", "")}
    return Request(url, _json(content))


def _hmac(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _cut(text: str) -> str:
    """At most so many bytes, no half characters."""
    return text.encode()[:MOST_TEXT].decode(errors="ignore")


def _said(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _without(saying: str, target: tuple[Secret, Secret]) -> str:
    """What a vendor says, without any piece of the address or secret that it may repeat; on one line."""
    url, secret = (each.reveal() for each in target)
    parts = urlsplit(url)
    pieces = {
        url,
        secret,
        parts.query,
        parts.path,
        *parts.path.split("/"),
        *(value for _k, value in parse_qsl(parts.query)),
    }
    for piece in sorted(pieces, key=len, reverse=True):
        if len(piece) >= 6:
            saying = saying.replace(piece, HIDDEN)
    return " ".join("".join(char if char.isprintable() else " " for char in saying).split())
