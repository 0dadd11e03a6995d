"""What the robots are sent and which answers mean yes; what goes over the wire, and how it ends."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import time
from datetime import UTC, datetime
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.reminders.chat import KEY, chat
from webapp.reminders import wire
from webapp.reminders.models import Robot
from webapp.reminders.robots import Message, outcome_of, request_for
from webapp.reminders.secret import Secret
from webapp.reminders.wire import Unreachable, post

NOW = datetime(2026, 11, 28, 0, 30, 0, 123000, tzinfo=UTC)
URL = Secret("https://chat.example.cn/robot/send?access_token=abcdef123456")
KEYED = (URL, Secret("SEC-very-secret"))
MESSAGE = Message("巡检提醒 · 韶关", {"kind": "plan", "site": {"code": "SG"}})
OK = b'{"errcode":0,"errmsg":"ok"}'


def sent(robot: Robot, secret: str = ""):
    request = request_for(robot, URL, Secret(secret), MESSAGE, NOW)
    return request.url.reveal(), json.loads(request.body), request.headers


def test_wecom_gets_a_text_and_no_signature():
    assert sent(Robot.WECOM) == (URL.reveal(), {"msgtype": "text", "text": {"content": MESSAGE.text}}, {})


def test_dingtalk_signs_milliseconds_in_the_address():
    assert sent(Robot.DINGTALK)[0] == URL.reveal()
    url, body, _headers = sent(Robot.DINGTALK, "SECabc")
    query = parse_qs(urlsplit(url).query)
    assert body == {"msgtype": "text", "text": {"content": MESSAGE.text}}
    assert query["access_token"] == ["abcdef123456"]
    assert query["timestamp"] == ["1795825800123"]
    assert query["sign"] == ["zoYhkYGUF00/ruAeDBY9LVEjKeODiha9t8Nzj8lO77o="]  # reckoned with openssl


def test_feishu_signs_seconds_in_the_body():
    assert sent(Robot.FEISHU)[1] == {"msg_type": "text", "content": {"text": MESSAGE.text}}
    _url, body, _headers = sent(Robot.FEISHU, "abc")
    assert body["timestamp"] == "1795825800"
    assert body["sign"] == "XLCcJ8pYlyLlws4/xt1smHheVATfBlmq+P0+idxhrGU="  # reckoned with openssl


def test_a_program_gets_the_facts_and_a_digest_over_the_body():
    request = request_for(Robot.JSON, URL, Secret("abc"), MESSAGE, NOW)
    assert json.loads(request.body) == {"kind": "plan", "site": {"code": "SG"}, "text": MESSAGE.text}
    expected = hmac.new(b"abc", request.body, hashlib.sha256).hexdigest()
    assert request.headers == {"X-Xunjian-Signature": f"sha256={expected}"}
    assert not request_for(Robot.JSON, URL, Secret(""), MESSAGE, NOW).headers


def test_a_text_is_cut_between_characters_and_stays_below_what_wecom_takes():
    body = request_for(Robot.WECOM, URL, Secret(""), Message("检" * 3000, {}), NOW).body
    text = json.loads(body)["text"]["content"]
    assert 1990 <= len(text.encode()) <= 2000


@pytest.mark.parametrize(
    ("robot", "status", "body", "is_accepted", "answer"),
    [
        (Robot.WECOM, 200, OK, True, "errcode 0"),
        (Robot.WECOM, 200, b'{"errcode":93000,"errmsg":"invalid url"}', False, "errcode 93000 invalid url"),
        (Robot.DINGTALK, 200, b'{"errcode":310000,"errmsg":"no keyword"}', False, "errcode 310000 no keyword"),
        (Robot.FEISHU, 200, b'{"code":0,"msg":"success"}', True, "code 0"),
        (Robot.FEISHU, 200, b'{"StatusCode":0,"StatusMessage":"success"}', True, "StatusCode 0"),
        (Robot.FEISHU, 200, b'{"code":19021,"msg":"sign match fail"}', False, "code 19021 sign match fail"),
        (Robot.WECOM, 200, b'{"errcode":false}', False, "errcode False"),
        (Robot.WECOM, 200, b"<html>sign in first</html>", False, "unreadable"),
        (Robot.WECOM, 200, b"[" * 4000, False, "unreadable"),
        (Robot.WECOM, 500, OK, False, "HTTP 500"),
        (Robot.WECOM, 302, OK, False, "HTTP 302"),
        (Robot.JSON, 204, b"", True, "HTTP 204"),
        (Robot.JSON, 404, b"", False, "HTTP 404"),
    ],
)  # fmt: skip
def test_only_the_answer_that_the_vendor_documents_means_yes(robot, status, body, is_accepted, answer):
    outcome = outcome_of(robot, status, body, KEYED)
    assert (outcome.is_accepted, outcome.answer) == (is_accepted, answer)


def test_a_vendor_that_repeats_the_key_does_not_bring_it_into_the_log():
    for repeated in (URL.reveal(), "abcdef123456", "SEC-very-secret", "access_token=abcdef123456"):
        body = json.dumps({"errcode": 1, "errmsg": f"bad\n{repeated} {'x' * 500}"}).encode()
        answer = outcome_of(Robot.DINGTALK, 200, body, KEYED).answer
        assert "abcdef" not in answer
        assert "very-secret" not in answer
        assert len(answer) < 160
        assert "\n" not in answer


def test_a_secret_shows_itself_nowhere():
    assert "abcdef" not in f"{URL} {URL!r} {[URL]} {KEYED}"


def test_an_answer_is_read_as_far_as_needed(monkeypatch):
    with chat() as robot:
        robot.answers = [(200, b"x" * 100_000)]
        answer = post(Secret(robot.url), b"{}", {"X-More": "1"})
        assert (answer.status, len(answer.body)) == (200, wire.MOST_READ)
        assert robot.paths == [f"/hook/send?key={KEY}"]
        assert robot.headers[0]["x-more"] == "1"


def test_a_redirect_is_not_followed():
    with chat() as robot:
        robot.answers = [(302, b"")]
        assert post(Secret(robot.url), b"{}", {}).status == 302
        assert len(robot.got) == 1


def test_no_answer_in_time_is_an_end():
    with chat() as robot:
        robot.pause = 2
        before = time.monotonic()
        with pytest.raises(Unreachable, match=r"^timeout$"):
            post(Secret(robot.url), b"{}", {}, seconds=0.2)
        assert time.monotonic() - before < 1.5


@pytest.mark.parametrize("beginning", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n"])
def test_an_answer_that_drips_for_ever_is_cut_off(beginning):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            line, _address = server.accept()
            line.sendall(beginning)
            try:
                for _time in range(200):
                    line.sendall(b"x")
                    time.sleep(0.05)
            except OSError:
                pass

        Thread(target=drip, daemon=True).start()
        before = time.monotonic()
        with pytest.raises(Unreachable) as failed:
            post(Secret(f"http://127.0.0.1:{server.getsockname()[1]}/"), b"{}", {}, seconds=0.3)
    assert failed.value.why == "timeout"
    assert time.monotonic() - before < 3


def test_what_goes_wrong_is_one_word_and_never_the_address():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for url, why in (
        (f"http://127.0.0.1:{port}/{KEY}", "refused"),
        (f"http://no-such-machine.invalid/{KEY}", "no_such_name"),
        (f"http://[{KEY}/", "failed"),
    ):
        with pytest.raises(Unreachable) as failed:
            post(Secret(url), b"{}", {}, seconds=1)
        assert failed.value.why == why
        assert (failed.value.__cause__, failed.value.__context__) == (None, None)


@pytest.mark.parametrize("peer", ["169.254.169.254", "fe80::1%eth0", "::ffff:169.254.1.1", "224.0.0.1", "0.0.0.0"])
def test_addresses_where_no_relay_can_be_are_refused(peer):
    class Line:
        def getpeername(self):
            return (peer, 80)

    with pytest.raises(Unreachable, match=r"^forbidden$"):
        wire._refuse_odd_addresses(Line())


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "10.1.2.3", "192.168.1.20", "fd00::1", "203.0.113.5"])
def test_addresses_of_a_closed_network_are_not(peer):
    class Line:
        def getpeername(self):
            return (peer, 80)

    wire._refuse_odd_addresses(Line())
