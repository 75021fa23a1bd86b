"""Documents over HTTP."""

import pytest

PAGE = b"# Cones\n\nThe SDSS servers take a cone of 3 arcmin at most.\n"


@pytest.fixture
def add(client):
    def add(name="cones.md", content=PAGE, **fields):
        return client.post("/api/knowledge/documents", files={"file": (name, content)}, data=fields)

    return add


@pytest.fixture(autouse=True)
def _by_words(monkeypatch):
    """Search by words: the weights take seconds to read."""
    from skywright.assistant.knowledge.minilm import MiniLM

    monkeypatch.setattr(MiniLM, "if_installed", classmethod(lambda cls: None))


def test_a_file_is_found_at_once_and_gone_when_erased(client, add):
    told = add(collection="mine", licence="CC0-1.0", title="Cones of SDSS").json()
    assert (told["collection"], told["added"], told["vectors_job_id"]) == ("mine", 1, None)
    asked = {"question": "cone of SDSS", "collection": "mine"}
    hit = client.get("/api/knowledge/search", params=asked).json()["hits"][0]
    assert (hit["source"], hit["title"]) == ("cones.md", "Cones of SDSS")
    assert hit["text"] == PAGE.decode()[hit["start"] : hit["stop"]]
    path = f"/api/knowledge/documents/{told['document_ids'][0]}"
    assert client.delete(path).status_code == 204
    assert client.delete(path).status_code == 404
    assert client.get("/api/knowledge/search", params=asked).json()["hits"] == []


@pytest.mark.parametrize("name", ["cones\0.md", "☄" * 300 + ".md", "../../cones.md"])
def test_a_name_that_no_file_can_have_is_made_one_that_it_can(add, name):
    response = add(name)
    assert (response.status_code, response.json()["added"]) == (201, 1)


def test_a_number_that_no_document_can_have_is_refused(client):
    response = client.delete(f"/api/knowledge/documents/{10**30}")
    assert (response.status_code, "document_id" in response.text) == (422, True)


def test_documents_come_page_by_page(client, add):
    for number in range(3):
        add(f"{number}.md", PAGE + str(number).encode())
    first = client.get("/api/knowledge/documents?collection=default&limit=2").json()
    assert [one["source"] for one in first["documents"]] == ["0.md", "1.md"]
    rest = client.get(f"/api/knowledge/documents?collection=default&after={first['next']}").json()
    assert ([one["source"] for one in rest["documents"]], rest["next"]) == (["2.md"], None)
    collections = client.get("/api/knowledge/collections").json()["collections"]
    assert {"default": 3}.items() <= {one["name"]: one["documents"] for one in collections}.items()


@pytest.mark.parametrize(
    ("name", "content", "fields", "told"),
    [
        ("a.exe", b"MZ", {}, "a.exe is of a kind that is not known"),
        ("a.md", b"  ", {}, "holds no text"),
        ("a.pdf", b"no pdf", {}, "The PDF document is cut short"),
        ("a.md", PAGE, {"colour": "red"}, "field 'colour', which is not known"),
        ("a.md", PAGE, {"title": "x" * 201}, "field title has 201 characters"),
        ("../../..", PAGE, {}, "file has no name"),
    ],
)
def test_a_bad_file_adds_nothing(client, add, name, content, fields, told):
    response = add(name, content, **fields)
    assert response.status_code == 422
    assert told in response.json()["error"]["message"]
    assert client.get("/api/knowledge/documents").json()["documents"] == []


def test_only_analysts_add_and_erase(make_client, make_key):
    client = make_client()
    viewer = {"Authorization": f"Bearer {make_key('viewer').secret}"}
    files = {"file": ("a.md", PAGE)}
    assert client.post("/api/knowledge/documents", files=files, headers=viewer).status_code == 403
    assert client.delete("/api/knowledge/documents/1", headers=viewer).status_code == 403
    assert client.get("/api/knowledge/documents", headers=viewer).status_code == 200


def test_adding_and_erasing_are_in_the_audit_trail(client, add):
    number = add().json()["document_ids"][0]
    client.delete(f"/api/knowledge/documents/{number}")
    rows = client.get("/api/audit").json()["rows"]
    assert {"document.add", "document.erase"} <= {one["action"] for one in rows}


def test_a_text_is_added_as_json(client):
    body = {"text": PAGE.decode(), "title": "Cones", "source": "a note", "collection": "mine"}
    told = client.post("/api/knowledge/documents", json=body)
    assert (told.status_code, told.json()["added"]) == (201, 1)
    asked = {"question": "cone of SDSS", "collection": "mine"}
    hit = client.get("/api/knowledge/search", params=asked).json()["hits"][0]
    assert (hit["source"], hit["title"]) == ("a note", "Cones")
    wrong = client.post("/api/knowledge/documents", json={**body, "format": "pdf"})
    assert "format = 'pdf'" in wrong.json()["error"]["message"]
