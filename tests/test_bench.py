"""The bench runs from end to end, with hardly anything to do: how fast is not for a test to say."""

import json

import pytest
from typer.testing import CliRunner

from bench.__main__ import BENCHES, app
from bench.place import KINDS, place

HARDLY_ANY = 0.001


@pytest.fixture(autouse=True)
def on_the_server_of_the_run(postgres_admin_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIVERT_TEST_POSTGRES_URL", postgres_admin_url)


@pytest.mark.parametrize("name", BENCHES)
def test_every_number_stands_beside_a_limit_of_the_same_run(name: str) -> None:
    kinds = ["PostgreSQL"] if name == "path" else KINDS  # a server takes seconds to start: one is enough here
    with place(HARDLY_ANY, kinds) as here:
        figures = list(BENCHES[name](here))
    assert figures
    for figure in figures:
        assert figure.what
        assert figure.unit
        assert figure.limit, f"{figure.what} stands beside no limit"
        assert figure.limit.name
        assert figure.times, f"{figure.what} or its limit was not measured"
        print(f"{figure.what}: {figure.times:.3g} times {figure.limit.name}")


def test_a_program_reads_the_numbers_as_json() -> None:
    done = CliRunner().invoke(app, ["judgement", "--quick", "--json"])
    answer = json.loads(done.stdout)
    assert done.exit_code == 0
    assert answer["quick"] is True
    assert {"processors", "python", "sqlite", "postgresql"} == answer["machine"].keys()
    assert [figure["what"] for figure in answer["figures"]] == [
        "derive and judge",
        "derive, judge and trace",
        "the same, in words",
    ]
    for figure in answer["figures"]:
        assert (figure["bench"], figure["unit"]) == ("judgement", "µs")
        assert figure["limit"] == "the same rules as ifs"
        assert figure["times"] == figure["value"] / figure["limit_value"]
        print(f"{figure['what']}: {figure['times']:.3g} times {figure['limit']}")


def test_a_bench_that_is_not_there_is_named_beside_those_that_are() -> None:
    done = CliRunner().invoke(app, ["perfrom"])
    assert done.exit_code == 2
    assert "perfrom" in done.output
    assert "perform" in done.output.replace("perfrom", "")
