"""The panel's first slice: a frame frozen before any seed, a draw that a stranger confirms, packs without names."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from divert.casework.commands.decisions import DecideForPolice, DecideForProbation
from divert.casework.commands.ending import CloseCase, Reinstate
from divert.casework.commands.referral import CorrectFacts
from divert.models import Access, Frame, State
from divert.scrutiny.draw import Publication
from divert.scrutiny.frame import (
    AlreadyDrawn,
    FrameChanged,
    FrameRule,
    Kind,
    NoSuchFrame,
    draw_sample,
    frames,
    freeze,
    publication_of,
)
from divert.scrutiny.redaction import redact
from divert.scrutiny.summary import BlindSummary, NoSuchPack, open_summaries, open_summary
from tests import endings
from tests.office import COORDINATOR, INSPECTOR, MANAGER, MEMBER, OTHER_INSPECTOR, PATHS, PROBATION_LEAD, Office

REDRAW = Path(__file__).parent.parent / "docs" / "redraw.py"
SEED = "31415 92653 58979 32384"
MAY_AND_JUNE = FrameRule(decided_from=date(2019, 5, 1), decided_to=date(2019, 6, 30))
MEETING = datetime(2019, 7, 10, 10, tzinfo=UTC)


def everyone(office: Office) -> dict[str, str]:
    """One case of each kind, decided in May and June 2019, by the stratum it belongs in; and two that do not belong."""
    stories = {
        "override": endings.is_refused_though_eligible,
        "disagreement": endings.is_disagreed_on,
        "completed": endings.completes,
        "breached": endings.breaches,
        "declined": endings.declines,
        "ineligible": endings.is_ineligible,
        "refused": endings.is_refused,
        "closed": endings.withdraws,
    }
    refs = {stratum: story(office.on("2019-05-06")) for stratum, story in stories.items()}
    PATHS[State.active](office.on("2019-05-06"), endings.somebody(office))
    endings.is_refused(office.on("2019-07-02"))
    return refs


def frozen(office: Office, rule: FrameRule = MAY_AND_JUNE, at: datetime = MEETING) -> Frame:
    with office.database.writing() as session:
        return freeze(session, rule, COORDINATOR, at)


def drawn(office: Office, digest: str, sizes: dict[str, int], seed: str = SEED) -> Publication:
    with office.database.writing() as session:
        made = draw_sample(session, digest, seed, sizes, COORDINATOR, MEETING + timedelta(minutes=5))
        return publication_of(session.get_one(Frame, digest), made)


def one_of_each(frame: Frame) -> dict[str, int]:
    return dict.fromkeys(frame.strata, 1)


def redrawn(said: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "draw.json"
    file.write_text(json.dumps(said), encoding="utf-8")
    return subprocess.run([sys.executable, str(REDRAW), str(file)], capture_output=True, text=True, check=False)


# The frame


def test_each_decided_case_stands_in_one_stratum_and_open_and_later_ones_in_none(office: Office) -> None:
    refs = everyone(office)
    frame = frozen(office)
    assert frame.strata == {stratum: [ref] for stratum, ref in sorted(refs.items())}
    assert (frame.cut_off, frame.frozen_at, frame.frozen_by) == (date(2019, 6, 30), MEETING, "panel.coordinator")


def test_the_same_frame_frozen_again_is_the_same_row(office: Office) -> None:
    everyone(office)
    first = frozen(office)
    again = frozen(office, at=MEETING + timedelta(days=1))
    assert (again.digest, again.frozen_at) == (first.digest, first.frozen_at)
    with office.database.reading() as session:
        assert [(frame.digest, made) for frame, made in frames(session)] == [(first.digest, None)]


def test_what_happens_after_the_cut_off_leaves_the_frame_as_it_was(office: Office) -> None:
    refs = everyone(office)
    before = frozen(office).digest
    endings.charged(office.on("2019-07-12"), refs["refused"])
    office.does(MANAGER, Reinstate(reason="Has changed their mind again."), refs["closed"])
    yes = DecideForPolice(accept=True, reasons="Fits the scheme.")
    office.does(OTHER_INSPECTOR, yes, refs["closed"])
    assert frozen(office, at=datetime(2019, 8, 1, tzinfo=UTC)).digest == before


def test_a_case_taken_back_before_the_cut_off_is_not_decided(desk: Office) -> None:
    ref = endings.withdraws(desk.on("2019-05-06"))
    other = endings.withdraws(desk)
    desk.does(MANAGER, Reinstate(reason="Closed the wrong one."), ref)
    assert frozen(desk).strata == {"closed": [other]}


def test_a_charge_can_be_asked_for_by_name(desk: Office) -> None:
    refs = everyone(desk)
    endings.charged(desk.on("2019-06-28"), refs["breached"])
    assert frozen(desk).strata["breached"] == [refs["breached"]]
    endings.charged(desk.on("2019-07-01"), refs["refused"])  # after the cut-off
    rule = MAY_AND_JUNE.model_copy(update={"kinds": (Kind.prosecuted, Kind.disagreement)})
    assert frozen(desk, rule).strata == {"disagreement": [refs["disagreement"]], "prosecuted": [refs["breached"]]}


def test_offence_and_district_narrow_the_frame(desk: Office) -> None:
    desk.on("2019-05-06")
    here = endings.withdraws(desk)
    elsewhere = desk.checks(endings.somebody(desk, district="E06000004"))
    drunk = endings.judged(desk, endings.drunk(desk))
    for ref in (elsewhere, drunk):
        desk.does(MANAGER, CloseCase(reason_code="duplicate", explanation="In another case."), ref)
    assert frozen(desk).strata == {"closed": sorted([here, elsewhere, drunk])}
    assert frozen(desk, MAY_AND_JUNE.model_copy(update={"district": "E06000004"})).strata == {"closed": [elsewhere]}
    assert frozen(desk, MAY_AND_JUNE.model_copy(update={"offence_code": "CJ67002"})).strata == {"closed": [drunk]}


def test_a_day_begins_at_midnight_in_cleveland(desk: Office) -> None:
    """23:30 UTC on 30 June is half past midnight on 1 July there."""
    ref = desk.on("2019-06-30").checks(endings.somebody(desk))
    desk.minutes = 14 * 60 + 29
    desk.does(MANAGER, CloseCase(reason_code="duplicate", explanation="In another case."), ref)
    assert desk.now == datetime(2019, 6, 30, 23, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="No case fits this rule"):
        frozen(desk)
    july = FrameRule(decided_from=date(2019, 7, 1), decided_to=date(2019, 7, 1))
    assert frozen(desk, july).strata == {"closed": [ref]}


def test_a_rule_that_will_not_do_says_what_would(desk: Office) -> None:
    with pytest.raises(ValueError, match="10 July 2019 is not over"):
        frozen(desk, FrameRule(decided_from=date(2019, 5, 1), decided_to=MEETING.date()))
    with pytest.raises(ValidationError, match="The last day comes before the first"):
        FrameRule(decided_from=date(2019, 5, 2), decided_to=date(2019, 5, 1))
    with pytest.raises(ValidationError, match="at least 1 item"):
        FrameRule(decided_from=date(2019, 5, 1), decided_to=date(2019, 5, 2), kinds=())


def test_the_longest_rule_fits_its_column() -> None:
    whole = MAY_AND_JUNE.model_copy(update={"offence_code": "TH68010A", "district": "E06000004", "kinds": tuple(Kind)})
    assert len(whole.says()) <= 300


# The draw


def test_a_stranger_draws_the_same_cases_again(office: Office, tmp_path: Path) -> None:
    everyone(office)
    for _ in range(3):
        endings.is_refused(office.on("2019-05-08"))
    frame = frozen(office)
    said = drawn(office, frame.digest, {**one_of_each(frame), "refused": 2, "closed": 0})
    assert {stratum: len(picked) for stratum, picked in said["drawn"].items()} == said["sizes"]
    again = redrawn(dict(said), tmp_path)
    assert (again.returncode, again.stderr) == (0, "")
    assert "differs" not in again.stdout


def test_a_second_draw_is_refused_whatever_the_seed(office: Office) -> None:
    everyone(office)
    frame = frozen(office)
    first = drawn(office, frame.digest, one_of_each(frame))
    for seed in (SEED, SEED[::-1]):
        with pytest.raises(AlreadyDrawn, match="drawn on 10 July 2019, and a frame is drawn once"):
            drawn(office, frame.digest, one_of_each(frame), seed)
    with office.database.reading() as session:
        [(kept, made)] = frames(session)
        assert made is not None
        assert publication_of(kept, made) == first


def test_there_is_no_draw_without_a_frame_before_it(desk: Office) -> None:
    everyone(desk)
    with pytest.raises(NoSuchFrame):
        drawn(desk, "0" * 64, {"completed": 1})
    frame = frozen(desk, at=MEETING + timedelta(days=1))
    with pytest.raises(ValueError, match="The frame comes first, then the seed"):
        drawn(desk, frame.digest, one_of_each(frame))


@pytest.mark.parametrize(
    ("seed", "sizes", "says"),
    [
        ("31415", {}, "needs at least 20"),
        ("thirty-one thousand four hundred", {}, "more than digits"),
        (SEED, {"refused": 2}, "the cases number 1"),
        (SEED, {"refused": -1}, "0 or more"),
        (SEED, {"elsewhere": 1}, "elsewhere"),
    ],
)
def test_a_seed_or_sizes_that_will_not_do_draw_nothing(
    desk: Office, seed: str, sizes: dict[str, int], says: str
) -> None:
    endings.is_refused(desk.on("2019-05-06"))
    frame = frozen(desk)
    with pytest.raises(ValueError, match=says):
        drawn(desk, frame.digest, {**one_of_each(frame), **sizes}, seed)
    assert drawn(desk, frame.digest, one_of_each(frame))["seed"] == SEED.replace(" ", "")


def changed_frames(frame: Frame) -> list[dict[str, Any]]:
    """Every small way in which a kept frame could be improved upon."""
    strata: dict[str, list[str]] = frame.strata
    without = {stratum: refs for stratum, refs in strata.items() if stratum != "refused"}
    return [
        {"strata": {**strata, "refused": []}},
        {"strata": {**strata, "refused": ["D-19-9999"]}},
        {"strata": {**without, "closed": sorted(strata["closed"] + strata["refused"])}},
        {"strata": without},
        {"rule": frame.rule.replace("refused", "accepted")},
        {"cut_off": frame.cut_off + timedelta(days=1)},
    ]


def test_a_frozen_frame_cannot_be_changed(office: Office) -> None:
    endings.is_refused(office.on("2019-05-06"))
    frozen(office)
    changes: list[dict[str, Any]] = [{"rule": "Only the good ones."}, {"strata": {"refused": []}}]
    for change in changes:
        with pytest.raises(DBAPIError, match="append-only"), office.database.writing() as session:
            session.execute(update(Frame).values(**change))


def test_a_frame_changed_behind_the_databases_back_is_noticed_before_the_draw(desk: Office) -> None:
    everyone(desk)
    frame = frozen(desk)
    with desk.database.writing() as session:
        for (name,) in session.execute(
            text("SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='frames'")
        ):
            session.execute(text(f"DROP TRIGGER {name}"))
    for change in changed_frames(frame):
        with desk.database.writing() as session:
            session.execute(update(Frame).values(**change))
        with pytest.raises(FrameChanged, match="no longer gives its SHA-256"):
            drawn(desk, frame.digest, one_of_each(frame))
        with desk.database.writing() as session:
            session.execute(update(Frame).values(rule=frame.rule, cut_off=frame.cut_off, strata=frame.strata))
    assert drawn(desk, frame.digest, one_of_each(frame))["frame_sha256"] == frame.digest


def test_any_change_of_a_published_draw_is_noticed_by_a_stranger(desk: Office, tmp_path: Path) -> None:
    everyone(desk)
    frame = frozen(desk)
    said = dict(drawn(desk, frame.digest, one_of_each(frame)))
    for change in (
        *(
            {("frame" if key == "strata" else key): value for key, value in one.items()}
            for one in changed_frames(frame)
        ),
        {"seed": SEED[::-1].replace(" ", "")},
        {"sizes": {**one_of_each(frame), "refused": 0}},
    ):
        assert redrawn({**said, **json.loads(json.dumps(change, default=str))}, tmp_path).returncode == 1, change


# What the panel reads


def packs(office: Office, opener: Any = MEMBER) -> dict[str, BlindSummary]:
    """Every case of the population, drawn and opened."""
    frame = frozen(office)
    drawn(office, frame.digest, one_of_each(frame))
    with office.database.writing() as session:
        return {one.pack: one for one in open_summaries(session, frame.digest, opener, MEETING)}


def test_a_pack_tells_what_was_decided_and_why(office: Office) -> None:
    everyone(office)
    by_name = packs(office)
    assert list(by_name) == [f"{stratum}-1" for stratum in sorted(by_name[one].stratum for one in by_name)]

    told = by_name["completed-1"]
    assert told.offence == "Theft from a shop"
    assert told.age_band == "25 to 34"
    assert (told.verdict, told.deciding) == ("eligible", ())
    assert [(one.side, one.accept, one.override) for one in told.decisions] == [
        ("police", True, False),
        ("probation", True, False),
    ]
    assert told.decisions[1].reasons == "Alcohol need; will engage."
    assert (told.victim_asked, told.victim_views) == (True, "obtained")
    assert [one.status for one in told.conditions] == ["kept"] * 5
    assert (told.state, told.outcome, told.why_it_ended) == ("Completed", told.outcome, None)
    assert told.outcome is not None

    refused = by_name["ineligible-1"]
    assert refused.verdict == "ineligible"
    assert [one.id for one in refused.deciding] == ["admission"]
    assert refused.deciding[0].says.endswith(".")
    assert refused.deciding[0].cites
    assert refused.why_it_ended == "Not eligible under the policy"

    assert by_name["override-1"].decisions[0].override_reason == "A vulnerable shopkeeper."
    assert [one.accept for one in by_name["disagreement-1"].decisions] == [True, False, False]


REASONS = (
    "Dale ASHWORTH-PRICE (formerly Ashworth; PNC 2019/0012345G, born 11/03/1994, or 11 March 1994) of TS24 7XY, "
    "07700 900123, dale.price@example.com, stole from Harbour Stores; Ms Farrow rang from 07700 900312. PC 1795 of "
    "Hartlepool Response and Keyworker agree. Crime CVP-19-100001. First offence, full admission."
)
SECRETS = (
    "dale", "ashworth", "price", "0012345", "11/03/1994", "11 march", "1994", "ts24", "7xy", "900123", "900 123", "@",
    "example.com", "harbour", "stores", "farrow", "900312", "1795", "hartlepool", "keyworker", "cvp", "100001", "d-19",
    "police.lead", "officer", "w1",
)  # fmt: skip


def test_no_identifier_of_the_case_is_in_its_pack(office: Office) -> None:
    """Not even the name and the number it had before they were corrected."""
    ref = office.on("2019-05-06").refers(
        pnc_id="2019/0012345G", postcode="TS24 7XY", phone="07700 900123", email="dale.price@example.com"
    )
    office.does(INSPECTOR, CorrectFacts(reason="Deed poll seen.", surname="Ashworth-Price"), ref)
    office.checks(ref)
    office.does(INSPECTOR, DecideForPolice(accept=True, reasons=REASONS), ref)
    office.does(PROBATION_LEAD, DecideForProbation(accept=True, reasons=REASONS.upper()), ref)
    office.completes(office.keeps(office.signs(ref)))
    [pack] = packs(office).values()
    page = pack.model_dump_json().lower()
    assert [secret for secret in SECRETS if secret in page] == []
    assert pack.decisions[0].reasons.endswith("First offence, full admission.")


def test_text_without_anything_to_withhold_is_left_alone() -> None:
    text = "First offence; £24.50 of food. Alcohol need, 4 of 10. In work since March."
    assert redact(text, ["Dale", "Ashworth", "The Corner"], ["D-19-0001"]) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("ZOË and Zoe O'Brien, o brien, OBRIEN.", "[withheld] and [withheld]."),
        ("Zoë's mother rang +44 7700 900123.", "[withheld]'s mother rang [withheld]."),
        ("At the corner of The Corner Shop", "At the [withheld] of The [withheld]"),
        ("Custody 17 zd 0123419; born 3rd of May 1999.", "Custody [withheld]; born [withheld]."),
        ("Zoëtrope", "Zoëtrope"),
    ],
)
def test_names_are_withheld_however_they_are_written(text: str, left: str) -> None:
    assert redact(text, ["Zoë", "O'Brien", "The Corner Shop"], ["17ZD0123419"]) == left


def test_what_is_not_on_record_is_shown_as_not_on_record(desk: Office) -> None:
    ref = desk.on("2019-05-06").refers()
    desk.does(MANAGER, CloseCase(reason_code="opened_in_error", explanation="Wrong person picked."), ref)
    [pack] = packs(desk).values()
    assert (pack.verdict, pack.policy, pack.age_band) == ("not on record",) * 3


def test_every_opening_is_logged_and_only_a_drawn_case_can_be_opened(office: Office) -> None:
    refs = everyone(office)
    frame = frozen(office)
    drawn(office, frame.digest, {**one_of_each(frame), "refused": 0})
    with office.database.writing() as session:
        open_summary(session, frame.digest, "completed-1", MEMBER, MEETING)
        open_summary(session, frame.digest, "completed-1", COORDINATOR, MEETING)
        for guess in ("refused-1", "completed-2", refs["completed"], ""):
            with pytest.raises(NoSuchPack):
                open_summary(session, frame.digest, guess, MEMBER, MEETING)
        with pytest.raises(NoSuchFrame):
            open_summaries(session, "0" * 64, MEMBER, MEETING)
    with office.database.reading() as session:
        logged = session.scalars(select(Access).where(Access.what == "blind summary").order_by(Access.id)).all()
        assert [(one.by, one.kind, one.case_ref, one.recipient) for one in logged] == [
            ("panel.member", "disclosure", refs["completed"], "Out of Court Disposal Scrutiny Panel"),
            ("panel.coordinator", "consultation", refs["completed"], None),
        ]
