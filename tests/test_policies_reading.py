"""The pages of policy in the states that only somebody's acts bring about, as a browser shows them."""

from collections.abc import Callable

import html5lib
import pytest
from playwright.sync_api import Browser, Page

from api.app import create_app
from divert.acts.act import perform
from divert.people.staff import Actor
from divert.policies.commands import WithdrawPolicy
from tests.office import BOARD, MANAGER, Office
from tests.past import STRICTER
from tests.service import SETTINGS, serving
from tests.test_pages_seen import come_in, faults
from tests.test_policies import BECAUSE, adopted, proposed

OTHER = STRICTER.replace("-stricter", "-other").replace("Gravity counts", "Gravity matters")
WRONG = STRICTER.replace('verdict = "review"', 'verdict = "eligible"')


def wrong_with(page: Page) -> list[str]:
    parser = html5lib.HTMLParser()
    parser.parse(page.content())
    return [*faults(page), *(name for _, name, _ in parser.errors)]


def test_no_page_of_policy_has_a_fault_in_any_state(
    browser: Browser, desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing proposed, written wrongly, held, proposed, adopted, withdrawn, being counted; to the board as well."""
    found: dict[str, list[str]] = {}
    app = create_app(desk.database, lambda: desk.now, SETTINGS)
    with serving(app) as address:

        def sees(what: str, who: Actor, path: str, words: str, does: Callable[[Page], None] = lambda _: None) -> None:
            context = come_in(browser, address, who, bypass_csp=True)
            page = context.new_page()
            page.goto(address + path)
            does(page)
            assert words in page.inner_text("body"), (what, page.inner_text("main"))
            found[what] = wrong_with(page)
            context.close()

        def checks(text: str) -> Callable[[Page], None]:
            def done(page: Page) -> None:
                page.fill("#text", text)
                page.click("text=Check it")

            return done

        sees("nothing proposed", BOARD, "/policies/proposed", "Nothing has been proposed.")
        sees("written wrongly", MANAGER, "/policies/proposed", "should come to eligible", checks(WRONG))
        sees("held", MANAGER, "/policies/proposed", "It holds: 22 rules", checks(STRICTER))
        taken_back = proposed(desk, OTHER)
        sees("rehearsed over nobody", BOARD, f"/policies/proposed/{taken_back}", "no past month to tell by")
        for number in range(3):
            desk.refers(agreement_signed_on="2019-05-06", crime_ref=f"CVP-19-{number}")
        with desk.database.writing() as session:
            perform(session, WithdrawPolicy(reasons=BECAUSE), MANAGER, desk.now, taken_back)
        sees("withdrawn", MANAGER, f"/policies/proposed/{taken_back}", "Withdrawn by manager")
        digest = adopted(desk)
        sees("adopted", MANAGER, f"/policies/proposed/{digest}", "3 left open")
        sees("to the board", BOARD, f"/policies/proposed/{digest}", "multiples of 5")
        sees("compared with another", MANAGER, f"/policies/proposed/{digest}?against={taken_back}", "0 would be judged")
        sees("what is there", BOARD, "/policies/proposed", "withdrawn")
        monkeypatch.setattr("divert.policies.rehearsals.AT_ONCE", 0)
        app.state.divert.rehearsals.runs.clear()
        waiting: list[object] = []
        app.state.divert.rehearsals.run(desk.database, waiting.append, desk.now, digest, None)
        sees("being counted", BOARD, f"/policies/proposed/{digest}?still=1", "Reading the cases: 0 of 3")
    assert {what: wrong for what, wrong in found.items() if wrong} == {}
    assert len(found) == 10


def test_every_fault_of_a_candidate_is_named_at_once_and_what_was_typed_stays(browser: Browser, desk: Office) -> None:
    another = STRICTER.split("[[rule]]")[1].split("[[example]]")[0].replace("gravity_max", "gravity_low")
    spoilt = STRICTER.replace("value = 2", "value = 3") + f"\n[[rule]]{another.replace('value = 2', 'value = 9')}"
    with serving(create_app(desk.database, lambda: desk.now, SETTINGS)) as address:
        context = come_in(browser, address, MANAGER, java_script_enabled=False)
        page = context.new_page()
        page.goto(f"{address}/policies/proposed")
        page.set_input_files("#file", {"name": "x.toml", "mimeType": "text/plain", "buffer": spoilt.encode()})
        page.click("text=Check it")
        said = page.inner_text(".govuk-error-summary")
        assert "example grave: should come to review because of gravity_max, and comes to eligible" in said
        assert "rule gravity_low: there is no example that it decides" in said
        assert page.input_value("#text").strip() == spoilt.strip()
        context.close()
