"""What the panel's tests have in common: a quarter's cases, a frame frozen after it, a draw made in the meeting."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from divert.acts.act import perform
from divert.models import Draw, Frame, State
from divert.scrutiny.draw import Publication
from divert.scrutiny.draw_commands import DrawSample, FreezeFrame, PickCase, TopUpDraw
from divert.scrutiny.frame import publication_of
from divert.scrutiny.population import FrameRule
from divert.scrutiny.pseudonyms import reidentify
from tests import endings
from tests.office import COORDINATOR, PATHS, Office

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
        frame: Frame = perform(session, FreezeFrame(**rule.model_dump()), COORDINATOR, at)
        return frame


def in_references(office: Office, frame: Frame) -> dict[str, list[str]]:
    """The cases behind a frame's random ids."""
    with office.database.reading() as session:
        of = reidentify(session, [id for ids in frame.strata.values() for id in ids])
    return {stratum: sorted(of[id] for id in ids) for stratum, ids in frame.strata.items()}


def framed(office: Office, rule: FrameRule = MAY_AND_JUNE) -> dict[str, list[str]]:
    """The references of the cases that a rule chooses, by stratum."""
    return in_references(office, frozen(office, rule))


def drawn(office: Office, digest: str, sizes: dict[str, int], seed: str = SEED) -> Publication:
    with office.database.writing() as session:
        draw = draws(session, digest, sizes, MEETING + timedelta(minutes=5), seed)
        return publication_of(session.get_one(Frame, digest), draw)


def draws(session: Session, digest: str, sizes: dict[str, int], at: datetime, seed: str = SEED) -> Draw:
    draw: Draw = perform(session, DrawSample(frame=digest, seed=seed, sizes=sizes), COORDINATOR, at, digest)
    return draw


def tops_up(session: Session, digest: str, sizes: dict[str, int], reason: str, at: datetime = MEETING) -> None:
    perform(session, TopUpDraw(sizes=sizes, reason=reason), COORDINATOR, at, digest)


def picks(session: Session, digest: str, case: str, at: datetime = MEETING) -> None:
    perform(session, PickCase(case=case, theme="A complaint was made."), COORDINATOR, at, digest)


def one_of_each(frame: Frame) -> dict[str, int]:
    return dict.fromkeys(frame.strata, 1)


def redrawn(said: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    """What a stranger's script says of a publication."""
    file = folder / "draw.json"
    file.write_text(json.dumps(said), encoding="utf-8")
    return subprocess.run([sys.executable, str(REDRAW), str(file)], capture_output=True, text=True, check=False)
