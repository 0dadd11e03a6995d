import pytest, sys
from tests.browser.test_modules_forms import *
from tests.browser.conftest import *
from tests.conftest import *
@pytest.mark.parametrize("n", range(6))
def test_dbg(phone, n):
    page = phone.open("/notes/new")
    held=[]
    page.route("**/js/photos.js", lambda route: held.append(route))
    page.reload()
    page.set_input_files("[name=upload]", [upload(photo("a")), upload(photo("b"))])
    print("after set", page.evaluate("document.querySelector('[name=upload]').files.length"))
    until(page, lambda: held, "the script is on its way")
    print("held", len(held), page.evaluate("document.querySelector('[name=upload]').files.length"))
    held[0].continue_()
    page.wait_for_timeout(3000)
    print(len(held), page.locator("[data-photo]").count(), page.locator("#problem").inner_text(), [len(x) for x in kept(page,"attachments","bytes","drafts")], page.evaluate("document.querySelector('[name=upload]').files.length"))
