"""The picture of the lifecycle shows what the table holds."""

from api.procedure.diagram import HIGH, WIDE, diagram, draw
from divert.casework.lifecycle import TRANSITIONS
from divert.models import OPEN, State


def test_every_state_has_a_box_of_its_own_inside_the_picture() -> None:
    picture = diagram()
    assert {box.state for box in picture.boxes} == set(State)
    corners = [(box.x, box.y) for box in picture.boxes]
    assert len(set(corners)) == len(State)
    for x, y in corners:
        assert 0 <= x <= picture.width - WIDE
        assert 0 <= y <= picture.height - HIGH


def test_every_move_of_the_table_is_an_arrow_or_told_in_words() -> None:
    picture = diagram()
    arrows = {(one.source, one.target): one for one in picture.arrows}
    for row in TRANSITIONS:
        for target in row.targets:
            if set(OPEN) <= set(row.sources) or State.closed in row.sources:
                assert any(row.command.title().lower() in words for words in picture.everywhere)
                continue
            for source in row.sources or (None,):
                assert row.command.title() in arrows[source, target].titles
    told = sum(len(one.titles) for one in picture.arrows)
    assert told == len({(row.command, source, target) for row in TRANSITIONS for target in row.targets
                        for source in row.sources or (None,)
                        if not set(OPEN) <= set(row.sources) and State.closed not in row.sources})  # fmt: skip


def test_numbers_do_not_lie_on_boxes_or_on_each_other() -> None:
    picture = diagram()
    for one in picture.arrows:
        for box in picture.boxes:
            inside = box.x < one.at[0] < box.x + WIDE and box.y < one.at[1] < box.y + HIGH
            assert not inside, (one.words, box.state)
        for other in picture.arrows:
            apart = abs(one.at[0] - other.at[0]) + abs(one.at[1] - other.at[1])
            assert one is other or apart > 26, (one.words, other.words)


def test_a_row_taken_out_of_the_table_is_gone_from_the_picture() -> None:
    without = draw([row for row in TRANSITIONS if row.command.slug() != "decline-contract"])
    assert len(diagram().arrows) - len(without.arrows) == 1
