"""Collecting over HTTP: files, texts and rows kept encrypted; what is wrong changes nothing."""

import io
import json
import threading
import time
import zipfile

import pytest
from PIL import Image
from sqlalchemy import func, select

from skywright.settings import get_settings
from skywright.store.foundry_schema import object_keys, training_datasets, user_inputs, user_rows

PATH = "/api/training/collect/user-input"


def sent(client, content, name="rows.csv", **fields):
    return client.post(PATH, files={"file": (name, content)}, data=fields)


def nothing_kept(client):
    services = client.app.state.services
    with services.database.read() as connection:
        counts = [
            connection.scalar(select(func.count()).select_from(table))
            for table in (user_inputs, user_rows, object_keys, training_datasets)
        ]
    vault = get_settings().data_dir / "vault"
    files = [path for path in vault.rglob("*") if path.is_file()] if vault.exists() else []
    return counts == [0, 0, 0, 0] and files == []


def test_a_file_is_kept_encrypted_and_made_a_dataset(client):
    answer = sent(client, b"speed,fault\n1,0\n2,1\n", user="ada", dataset="wheels", licence="MIT")
    assert answer.status_code == 201
    told = answer.json()
    assert (told["input_type"], told["media_type"], told["rows"]) == ("file", "text/csv", 2)
    assert (told["dataset"]["name"], told["dataset"]["num_samples"]) == ("wheels", 2)
    assert told["user_id"].startswith("u_")
    vault = get_settings().data_dir / "vault"
    assert all(b"speed" not in path.read_bytes() for path in vault.rglob("*") if path.is_file())


def test_text_and_rows_come_as_json(client):
    text = client.post(PATH, json={"input_type": "text", "content": "Wheel 2 runs rough."})
    assert (text.status_code, text.json()["rows"]) == (201, 1)
    rows = [{"speed": 1, "fault": 0}, {"speed": 2, "fault": 1}]
    told = client.post(
        PATH, json={"input_type": "structured", "content": rows, "dataset": "given"}
    ).json()
    assert told["dataset"]["num_samples"] == 2


def bomb():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b"0" * (200 << 20))
    return content.getvalue()


def climbing():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("../../evil.xml", "x")
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "rows.csv", "empty"),
        (b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog", "paper.pdf", "paper.pdf"),
        (b"PAR1 and then nothing", "rows.parquet", "rows.parquet"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "rows.csv", "rows.csv"),
        (b"MZ\x90\x00" + b"\0" * 100, "program.exe", "program.exe"),
        (bomb, "paper.docx", "times its size"),
        (climbing, "paper.docx", "leads out of it"),
        (b"ATTACH DATABASE '/etc/passwd' AS x;", "dump.sql", "dump.sql"),
    ],
    ids=["empty", "truncated-pdf", "truncated-parquet", "magic", "program", "bomb", "path", "sql"],
)
def test_a_bad_file_is_a_sentence_and_changes_nothing(client, content, name, sentence):
    made = content() if callable(content) else content
    answer = sent(client, made, name, dataset="bad")
    assert 400 <= answer.status_code < 500
    assert sentence in answer.json()["error"]["message"]
    assert nothing_kept(client)


def test_a_claim_of_ten_gigabytes_is_refused_before_the_body(client):
    headers = {"content-type": "multipart/form-data; boundary=x", "content-length": str(10 << 30)}
    answer = client.post(PATH, content=b"--x\r\n", headers=headers)
    assert answer.status_code == 413
    assert nothing_kept(client)


def test_a_body_that_turns_out_too_large_leaves_nothing(make_client, monkeypatch):
    monkeypatch.setenv("SKYWRIGHT_MAX_UPLOAD_MB", "1")
    get_settings.cache_clear()
    small = make_client(base_url="http://127.0.0.1", peer="127.0.0.1")
    answer = sent(small, b"x" * (3 << 20), "long.txt")
    assert answer.status_code == 413
    assert nothing_kept(small)


@pytest.mark.parametrize("name", ["../../etc/passwd.csv", "x'; DROP TABLE user_inputs; --.csv"])
def test_a_name_is_a_name_and_no_path_or_statement(client, name):
    told = sent(client, b"a,b\n1,2\n", name).json()
    assert told["rows"] == 1
    vault = get_settings().data_dir / "vault"
    stored = [path for path in vault.rglob("*") if path.is_file()]
    assert [path.name for path in stored] == [told["id"]]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"colour": "red"}, "colour"),
        ({"dataset": "../x"}, "is named by"),
        ({"user": "x" * 300}, "300"),
    ],
)
def test_a_wrong_field_is_a_sentence_and_changes_nothing(client, fields, sentence):
    answer = sent(client, b"a,b\n1,2\n", **fields)
    assert answer.status_code == 422
    assert sentence in answer.json()["error"]["message"]
    assert nothing_kept(client)


def test_a_form_that_is_cut_short_changes_nothing(client):
    body = b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\na,b\n1,'
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = client.post(PATH, content=body, headers=headers)
    assert answer.status_code == 422
    assert "cut short" in answer.json()["error"]["message"]
    assert nothing_kept(client)


def test_an_image_is_kept_with_what_is_told_of_it(client):
    content = io.BytesIO()
    Image.new("RGB", (4, 4)).save(content, "PNG")
    kept = sent(client, content.getvalue(), "dark.png")
    assert (kept.status_code, kept.json()["media_type"]) == (201, "image/png")


def test_an_upload_sent_again_with_its_key_is_kept_once(client):
    headers = {"idempotency-key": "once"}
    body = (
        b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        b"a,b\n1,2\n\r\n--x--\r\n"
    )
    kind = {"content-type": "multipart/form-data; boundary=x"}
    first = client.post(PATH, content=body, headers=headers | kind)
    again = client.post(PATH, content=body, headers=headers | kind)
    assert first.status_code == 201
    assert again.json() == first.json()
    assert again.headers["idempotent-replay"] == "true"


@pytest.mark.parametrize("source", ["github", "huggingface"])
def test_collecting_is_a_job_that_tells_when_it_cannot(client, source, monkeypatch, unused_port):
    hub = pytest.importorskip("huggingface_hub.utils._http")
    monkeypatch.setattr(hub, "_DEFAULT_RETRY_ON_EXCEPTIONS", (), raising=False)
    monkeypatch.setattr(hub.time, "sleep", lambda _, pause=time.sleep: pause(0.001))
    monkeypatch.setenv(f"SKYWRIGHT_{source.upper()}_URL", f"http://127.0.0.1:{unused_port}")
    get_settings.cache_clear()
    answer = client.post(f"/api/training/collect/{source}", json={"more_than_stars": -1})
    assert answer.status_code == 422
    services = client.app.state.services
    object.__setattr__(services, "settings", get_settings())
    started = client.post(f"/api/training/collect/{source}", json={"limit": 5})
    assert started.status_code == 202
    job = started.json()
    for _ in range(600):
        told = client.get(job["status_url"]).json()
        if told["status"] in {"failed", "done"}:
            break
        threading.Event().wait(0.05)
    assert told["status"] == "failed"
    assert told["error"]["code"] == "source"


def test_who_may_only_read_may_not_give_or_collect(client, make_key):
    key = make_key("viewer")
    headers = {"authorization": f"Bearer {key.secret}"}
    for path, body in (
        (PATH, {"input_type": "text", "content": "x"}),
        ("/api/training/collect/github", {}),
        ("/api/training/jobs", {"recipe": {"name": "a-b", "kind": "sklearn"}}),
    ):
        answer = client.post(path, json=body, headers=headers)
        assert answer.status_code == 403
        assert "needs the role" in answer.json()["error"]["message"]
    make_key("analyst", "other", expires_at="2020-01-01T00:00:00.000+00:00")
    assert nothing_kept(client)


def test_an_expired_key_is_refused_with_its_date(client, make_key):
    key = make_key("admin", expires_at="2020-01-01T00:00:00.000+00:00")
    headers = {"authorization": f"Bearer {key.secret}"}
    answer = client.post(PATH, json={"input_type": "text", "content": "x"}, headers=headers)
    assert answer.status_code in {401, 403}
    assert "2020-01-01" in json.dumps(answer.json())
    assert nothing_kept(client)


@pytest.fixture
def unused_port():
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
