import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest

from skywright.assistant.knowledge.searching import Searcher
from skywright.assistant.knowledge.store import Document, KnowledgeStore
from skywright.errors import InputError, NotFoundError
from skywright.store.database import StoreError


@pytest.fixture
def store(tmp_path):
    return KnowledgeStore(tmp_path / "knowledge.db")


def _long(word, paragraphs=60):
    return "\n\n".join(f"The {word} paragraph {k} says something." for k in range(paragraphs))


def _is_sound(store):
    """Every chunk has its words and none is left over; the file is intact."""
    with store.write() as connection:
        connection.execute("INSERT INTO chunk_words (chunk_words) VALUES ('integrity-check')")
        intact = connection.execute("PRAGMA integrity_check").fetchone()[0]
    return intact == "ok"


def test_a_document_is_found_by_its_words(store):
    added = store.add(Document("Messier 13 is a globular cluster.", "Clusters", "clusters.md"))
    hit = Searcher(store).search("globular clusters").hits[0]
    assert (hit.document_id, hit.source, hit.heading) == (
        added.document_id,
        "clusters.md",
        "Clusters",
    )


def test_the_same_content_is_kept_once(store):
    first = store.add(Document("The same text.", source="one.txt"))
    again = store.add(Document("The same text.", source="two.txt"))
    assert again.document_id == first.document_id
    assert (first.is_new, again.is_new) == (True, False)
    assert store.stats()["chunks"] == 1


def test_the_same_content_may_be_in_two_collections(store):
    store.add(Document("The same text."), collection="one")
    store.add(Document("The same text."), collection="two")
    assert store.stats()["documents"] == 2


def test_what_is_removed_leaves_nothing_behind(store):
    kept = store.add(Document(_long("stellar")))
    gone = store.add(Document(_long("planetary")))
    store.remove(gone.document_id)
    assert _is_sound(store)
    assert Searcher(store).search("planetary").hits == ()
    assert store.stats()["chunks"] == kept.chunks


def test_removing_what_is_not_there_is_refused(store):
    with pytest.raises(NotFoundError, match="no document 7"):
        store.remove(7)


def test_of_several_documents_one_that_is_blank_keeps_all_out(store):
    with pytest.raises(InputError, match="holds no text"):
        store.add_all([Document("Good."), Document("  \n", source="blank.txt")])
    assert store.stats()["documents"] == 0


def test_a_transaction_that_fails_leaves_nothing(store):
    store.add(Document("First."))
    with contextlib.suppress(ZeroDivisionError), store.write() as connection:
        connection.execute("DELETE FROM document")
        _ = 1 / 0
    assert store.stats()["documents"] == 1


def test_a_file_that_is_no_database_is_told(tmp_path):
    path = tmp_path / "knowledge.db"
    path.write_bytes(b"these are not the pages of a database" * 50)
    with pytest.raises(StoreError, match=r"knowledge\.db cannot be used"):
        KnowledgeStore(path).stats()


_WRITER = """
import sys
from pathlib import Path
from skywright.assistant.knowledge.store import Document, KnowledgeStore

store = KnowledgeStore(Path(sys.argv[1]))
for k in range(int(sys.argv[3])):
    text = f"{sys.argv[2]} document {k}. " + "Sentence of a paragraph.\\n\\n" * 300
    print(store.add(Document(text)).document_id, flush=True)
"""


def _writer(store, name, count):
    return subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(store.path), name, str(count)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_killed_while_writing_nothing_acknowledged_is_lost(store):
    acknowledged = set()
    for name in ("one", "two", "three"):
        process = _writer(store, name, 100_000)
        first = process.stdout.readline()
        time.sleep(0.15)
        os.kill(process.pid, signal.SIGKILL)
        rest = process.communicate()[0]
        acknowledged |= {int(line) for line in (first + rest).split("\n")[:-1]}
    kept = {row["id"]: row["chunks"] for row in store.documents()}
    assert acknowledged <= set(kept)
    assert len(set(kept.values())) == 1, "each is there whole"
    assert _is_sound(store)


def test_two_processes_write_at_the_same_time(store):
    writers = [_writer(store, name, 40) for name in ("left", "right")]
    assert [writer.communicate()[0].count("\n") for writer in writers] == [40, 40]
    assert [writer.returncode for writer in writers] == [0, 0]
    assert store.stats()["documents"] == 80
    assert _is_sound(store)


def test_a_reader_sees_what_another_process_added(store):
    searcher = Searcher(store)
    store.add(Document("Nothing of interest."))
    assert searcher.search("pulsar").hits == ()
    _writer(store, "pulsar", 1).communicate()
    assert len(searcher.search("pulsar").hits) == 1
