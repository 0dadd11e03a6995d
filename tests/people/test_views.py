"""Signing in and out, as a person at the door sees it."""

import pytest

from tests.cast import PASSWORD


def test_a_page_asks_for_sign_in_and_comes_back(client):
    answer = client.get("/account")
    assert answer.status_code == 303
    assert answer.location == "/sign-in?next=/account"
    signed = client.post("/sign-in", data={"username": "tech", "password": PASSWORD, "next": "/account"})
    assert (signed.status_code, signed.location) == (303, "/account")
    assert "张伟" in client.get("/account").text


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "/\t/evil.example", "/\x0c/evil.example", "https://evil.example"]
)
def test_sign_in_never_leads_to_another_site(client, target):
    form = {"username": "tech", "password": PASSWORD, "next": target}
    assert client.post("/sign-in", data=form).location == "/"


def test_a_wrong_password_says_so_and_keeps_the_name(client):
    answer = client.post("/sign-in", data={"username": "tech", "password": "wrong"})
    assert answer.status_code == 401
    assert 'value="tech"' in answer.text


def test_after_eight_wrong_passwords_even_the_right_one_waits(client):
    for _ in range(8):
        client.post("/sign-in", data={"username": "tech", "password": "wrong"})
    assert client.post("/sign-in", data={"username": "tech", "password": PASSWORD}).status_code == 429


def test_signing_out_everywhere_ends_the_other_device_too(as_):
    phone, tablet = as_("tech"), as_("tech")
    assert phone.get("/account").status_code == 200
    assert tablet.post("/sign-out", data={"everywhere": "1"}).status_code == 303
    assert phone.get("/account").status_code == 303


def test_a_post_from_another_site_is_refused(as_):
    answer = as_("tech").post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_the_language_switch_speaks_chinese(as_):
    client = as_("tech")
    client.post("/language", data={"language": "zh", "next": "/account"})
    assert 'lang="zh-CN"' in client.get("/account").text
