"""Files of every type, made here, and a place that takes them in."""

import io
import sqlite3
import zipfile

import pytest

from skywright.foundry.collect.parsed import Limits
from skywright.foundry.collect.uploads import Given, Uploads
from skywright.security.vault import Vault
from skywright.store.blobs import BlobStore
from skywright.store.database import Database


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/sky.db")
    yield database
    database.close()


@pytest.fixture
def vault(database, tmp_path):
    return Vault(database, tmp_path / "vault", bytes(range(32)))


@pytest.fixture
def blobs(tmp_path):
    return BlobStore(tmp_path / "blobs")


@pytest.fixture
def uploads(database, vault):
    return Uploads(database, vault, Limits(rows=1000, seconds=20), limit_bytes=4 << 20)


@pytest.fixture
def given_as():
    def make(file_name="", **more):
        return Given(person="u_" + "0" * 20, actor="local", file_name=file_name, **more)

    return make


def _pdf():
    """A page of text, written by hand: pypdfium2 makes pages but no text."""
    text = b"BT /F1 12 Tf 72 700 Td (Kepler was here) Tj ET"
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>"
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return out + head + rows + end % (len(objects) + 1, len(out))


def _docx():
    import docx

    document = docx.Document()
    document.add_paragraph("The wheel turned.")
    table = document.add_table(2, 2)
    for cell, text in zip(table._cells, ["wheel", "rpm", "RW1", "3000"], strict=True):
        cell.text = text
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _parquet():
    import polars as pl

    out = io.BytesIO()
    pl.DataFrame({"wheel": ["RW1", "RW2"], "rpm": [3000.5, None]}).write_parquet(out)
    return out.getvalue()


def _image(kind):
    from PIL import Image

    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(out, kind)
    return out.getvalue()


def _audio():
    import numpy as np
    import soundfile

    out = io.BytesIO()
    soundfile.write(out, np.zeros(4000), 8000, format="WAV")
    return out.getvalue()


def _video():
    import av
    import numpy as np

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))
        container.mux([*stream.encode(frame), *stream.encode()])
    return out.getvalue()


def _sqlite():
    database = sqlite3.connect(":memory:")
    database.executescript(
        "CREATE TABLE wheels (name TEXT, rpm REAL); CREATE TABLE passes (site TEXT);"
        "INSERT INTO wheels VALUES ('RW1', 3000.5), ('RW2', NULL);"
        "INSERT INTO passes VALUES ('Svalbard');"
        "CREATE VIEW trap AS SELECT load_extension('/tmp/x') FROM wheels;"
    )
    image = database.serialize()
    database.close()
    return image


_MAKERS = {
    "a.csv": lambda: b"wheel,rpm\nRW1,3000.5\nRW2,\n",
    "a.tsv": lambda: b"wheel\trpm\nRW1\t3000.5\n",
    "a.json": lambda: b'[{"wheel": "RW1", "rpm": 3000.5}]',
    "a.jsonl": lambda: b'{"wheel": "RW1"}\n\n{"wheel": "RW2"}\n',
    "a.txt": lambda: b"one line\n\nanother line\n",
    "a.sql": lambda: b"CREATE TABLE w (n TEXT, r REAL);\nINSERT INTO w VALUES ('RW1', 3.5);\n",
    "a.parquet": _parquet,
    "a.db": _sqlite,
    "a.pdf": _pdf,
    "a.docx": _docx,
    "a.png": lambda: _image("PNG"),
    "a.jpg": lambda: _image("JPEG"),
    "a.gif": lambda: _image("GIF"),
    "a.webp": lambda: _image("WEBP"),
    "a.tiff": lambda: _image("TIFF"),
    "a.bmp": lambda: _image("BMP"),
    "a.wav": _audio,
    "a.mp4": _video,
}


@pytest.fixture(scope="session")
def samples():
    """Content of one good file of each type by its name."""
    return {name: make() for name, make in _MAKERS.items()}


@pytest.fixture
def make_zip():
    def make(entries, **options):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in entries.items():
                archive.writestr(name, content, **options)
        return out.getvalue()

    return make
