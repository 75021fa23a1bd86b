"""Tables of the knowledge base, as an append-only list of steps; ``user_version`` counts them."""

from __future__ import annotations

_FIRST = """
CREATE TABLE collection (
    name TEXT PRIMARY KEY,
    dense_weight REAL NOT NULL
);
CREATE TABLE document (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    collection TEXT NOT NULL REFERENCES collection (name),
    sha256 TEXT NOT NULL,
    title TEXT NOT NULL,
    source TEXT NOT NULL,
    version TEXT NOT NULL,
    licence TEXT NOT NULL,
    format TEXT NOT NULL,
    characters INTEGER NOT NULL,
    loaded_at_utc TEXT NOT NULL,
    UNIQUE (collection, sha256)
);
CREATE INDEX document_source ON document (source);
CREATE TABLE chunk (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id INTEGER NOT NULL REFERENCES document (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    heading TEXT NOT NULL,
    start INTEGER NOT NULL,
    stop INTEGER NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (document_id, ordinal)
);
CREATE VIRTUAL TABLE chunk_words USING fts5 (
    heading, text, content = 'chunk', content_rowid = 'id', tokenize = 'porter unicode61'
);
CREATE TRIGGER chunk_added AFTER INSERT ON chunk BEGIN
    INSERT INTO chunk_words (rowid, heading, text) VALUES (new.id, new.heading, new.text);
END;
CREATE TRIGGER chunk_removed AFTER DELETE ON chunk BEGIN
    INSERT INTO chunk_words (chunk_words, rowid, heading, text)
    VALUES ('delete', old.id, old.heading, old.text);
END;
CREATE TABLE vector (
    chunk_id INTEGER NOT NULL REFERENCES chunk (id) ON DELETE CASCADE,
    embedder_id TEXT NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (chunk_id, embedder_id)
) WITHOUT ROWID;
CREATE TABLE state (generation INTEGER NOT NULL);
INSERT INTO state VALUES (0);
"""

_STAMP = """
ALTER TABLE state ADD COLUMN stamp TEXT NOT NULL DEFAULT '';
UPDATE state SET stamp = lower(hex(randomblob(16)));
"""
"""A name of its own for every state: the number alone would be the same again in a copy that was
put back and changed."""

STEPS = (_FIRST, _STAMP)
