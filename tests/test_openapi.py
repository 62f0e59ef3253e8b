"""A stranger works from the OpenAPI document alone."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from api.app import create_app
from divert.casework.commands.referral import Refer
from divert.casework.lifecycle import FOR_PEOPLE
from tests.office import OFFICER, Office
from tests.ready import READY, example, said_in
from tests.service import SETTINGS, Service, service


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    from divert.db import Database

    found: dict[str, Any] = create_app(Database("sqlite://"), settings=SETTINGS).openapi()
    return found


@pytest.fixture
def counter(desk: Office) -> Iterator[Service]:
    with service(desk) as opened:
        yield opened


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, said) for path, each in document["paths"].items() for method, said in each.items()]


def test_every_command_for_people_has_an_address_a_title_a_purpose_and_an_example(document: dict[str, Any]) -> None:
    for slug, command in FOR_PEOPLE.items():
        path = "/api/cases" if command is Refer else f"/api/cases/{{ref}}/commands/{slug}"
        said = document["paths"][path]["post"]
        assert said["summary"] == command.title()
        assert len(said["description"]) > 100
        body = said["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        assert document["components"]["schemas"][body]["examples"]


def test_every_address_of_a_command_is_one_of_the_table(document: dict[str, Any]) -> None:
    addresses = {path.rpartition("/")[2] for path in document["paths"] if "/commands/" in path}
    assert addresses == set(FOR_PEOPLE) - {"refer"}
    assert addresses == set(READY)


def test_each_example_fits_the_schema_beside_it(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        for one in schema.get("examples", ()):
            whole = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
            found = [f"{name}{list(each.instance_path)}: {each.message}" for each in _errors(whole, one)]
            assert found == []


def _errors(schema: dict[str, Any], instance: Any) -> list[Any]:
    return list(jsonschema_rs.Draft202012Validator(schema).iter_errors(instance))


def test_every_operation_says_what_can_go_wrong(document: dict[str, Any]) -> None:
    for path, method, said in operations(document):
        assert {"429", "500"} <= set(said["responses"]), (method, path)
        if "security" in said:
            assert "401" in said["responses"], (method, path)
        for status, response in said["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], (method, path, status)


def test_no_two_operations_share_a_name(document: dict[str, Any]) -> None:
    names = [said["operationId"] for _, _, said in operations(document)]
    assert len(names) == len(set(names))


def test_the_document_points_at_nothing_that_is_not_in_it(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    schemas = document["components"]["schemas"]
    for name in {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in schemas
    assert "http://" not in text


def test_the_example_of_a_referral_opens_a_case(counter: Service) -> None:
    done = counter.ask(OFFICER, "POST", "/api/cases", example(Refer))
    assert done.status_code == 201
    assert done.headers["Location"] == "/api/cases/D-19-0001"
    assert counter.ask(OFFICER, "GET", done.headers["Location"]).json()["person"]["surname"] == "Ashworth"


@pytest.mark.parametrize("slug", READY)
def test_the_example_of_a_command_is_carried_out_in_a_case_that_is_ready_for_it(slug: str, desk: Office) -> None:
    who, made = READY[slug]
    ref = made(desk)
    with service(desk) as counter:
        offered = counter.ask(who, "GET", f"/api/cases/{ref}/commands").json()
        offer = next(one for one in offered["commands"] if one["command"] == slug)
        assert offer["open"], offer["reasons"]
        said = said_in(desk, ref, who, FOR_PEOPLE[slug])
        assert [str(each) for each in _errors(offer["body"], said)] == []
        done = counter.does(who, slug, ref, said, If_Match=f'"{offered["version"]}"')
        assert done.status_code == 200, done.text
        assert done.json()["version"] == offered["version"] + 1
