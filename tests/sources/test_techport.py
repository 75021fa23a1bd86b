"""NASA TechPort, spoken by a server on the loopback device; the projects are invented."""

import datetime as dt
import json

import pytest

from skywright.errors import InputError, SourceError
from skywright.settings import Settings
from skywright.sources import techport
from skywright.sources.collecting import Visit, Wish, texts_of, visit

PROJECT = {
    "project": {
        "projectId": 7, "title": "Ion thruster", "lastUpdated": "2026-11-2",
        "statusDescription": "Active", "trlCurrent": 4, "program": {"title": "Game Changing"},
        "leadOrganization": {"organizationName": "Glenn Research Center"},
        "description": "<p>It pushes &amp; pushes.</p>", "benefits": "Less fuel.",
    }
}  # fmt: skip
OLD_PROJECT = {
    "project": {
        "id": 8, "title": "Sail", "lastUpdated": "2026-10-01", "status": "Completed",
        "technologyMaturityCurrent": "6", "responsibleProgram": "Sails", "description": None,
        "leadOrganization": {"name": "MSFC"},
    }
}  # fmt: skip


def _list(*pairs):
    listed = [{"projectId": id_, "lastUpdated": day, "title": ""} for id_, day in pairs]
    return json.dumps({"projects": listed, "totalCount": len(listed)})


@pytest.fixture
def look(provider, fetcher):
    def at(**wish):
        one = Visit(techport.STATE, fetcher, Settings(techport_url=provider.url), Wish(**wish))
        return visit(techport.COLLECTOR, "projects", one)

    return at


def test_a_project_is_a_row_the_latest_change_first(provider, look):
    projects = [json.dumps(PROJECT), json.dumps(OLD_PROJECT)]
    provider.say(_list((8, "2026-10-1"), (7, "2026-11-2")), *projects)
    table = look(since=dt.date(2026, 9, 1))
    assert [path for path, *_ in provider.asked] == ["/projects", "/projects/7", "/projects/8"]
    assert provider.asked[0][1] == {"updatedSince": "2026-09-01"}
    row, old = table.to_dicts()
    assert (row["title"], row["last_updated"]) == ("Ion thruster", "2026-11-02")
    assert (row["maturity_current"], row["description"]) == ("4", "It pushes & pushes.")
    assert (old["status"], old["maturity_current"]) == ("Completed", "6")
    assert (old["program"], old["lead_organization"]) == ("Sails", "MSFC")


def test_a_project_with_a_description_is_a_text(provider, look):
    provider.say(_list((7, "2026-11-2"), (8, "2026-10-1")), json.dumps(PROJECT),
                 json.dumps(OLD_PROJECT))  # fmt: skip
    (text,) = texts_of(techport.COLLECTOR.parts["projects"], look())
    assert text.url == "https://techport.nasa.gov/projects/7"
    assert text.text.startswith("It pushes & pushes.\n\nBenefits: Less fuel.\n\nStatus: Active")
    assert "Technology readiness level: 4" in text.text


def test_the_list_of_version_3_is_read_too():
    nested = {"projects": {"totalCount": 1, "projects": [{"id": 9, "lastUpdated": "2026-01-02"}]}}
    assert techport.read_list(json.dumps(nested).encode())["id"].to_list() == [9]


def test_a_limit_is_a_limit_of_requests(provider, look):
    provider.say(_list(*((k, "2026-11-01") for k in range(90))), json.dumps(PROJECT))
    look(limit=3)
    assert len(provider.asked) == 4


def test_no_changes_are_an_empty_table(provider, look):
    provider.say(_list())
    assert look(since=dt.date(2026, 11, 1)).height == 0


def test_more_projects_than_may_be_asked_for_are_refused_before_they_are(provider, look):
    provider.say(_list(*((k, "2026-11-01") for k in range(2_001))))
    with pytest.raises(InputError, match="2001 projects changed since 2020-01-01; 2000 are"):
        look(since=dt.date(2020, 1, 1))
    assert len(provider.asked) == 1


@pytest.mark.parametrize(
    ("bodies", "said"),
    [
        (['{"items": []}'], "no list of 'projects'"),
        (['{"projects": [{"lastUpdated": "2026-11-01"}]}'], "record 1 has no projectId"),
        ([_list((7, "2026-11-2")), '{"project": {"projectId": 7}}'], "record 1 has no title"),
        ([_list((7, "2026-11-2")), '{"project": "gone"}'], "record 1 is 'gone'"),
        ([_list((7, "2026-11-2")), "[" + json.dumps(PROJECT)], "damaged"),
        (["<html>login</html>"], "web page"),
    ],
)
def test_an_answer_of_another_shape_is_a_sentence(provider, look, bodies, said):
    provider.say(*bodies)
    with pytest.raises(SourceError, match=said):
        look()
