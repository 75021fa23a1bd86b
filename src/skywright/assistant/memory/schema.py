"""Tables of the memory, as an append-only list of steps; ``user_version`` counts them."""

from __future__ import annotations

_FIRST = """
CREATE TABLE conversation (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    title TEXT NOT NULL,
    target TEXT NOT NULL DEFAULT '',
    branched_from TEXT NOT NULL DEFAULT '',
    created_at_utc TEXT NOT NULL,
    changed_at_utc TEXT NOT NULL
);
CREATE INDEX conversation_owner ON conversation (owner, changed_at_utc);
CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id TEXT NOT NULL REFERENCES conversation (id),
    kind TEXT NOT NULL CHECK (kind IN ('asked', 'replied')),
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at_utc TEXT NOT NULL
);
CREATE INDEX message_conversation ON message (conversation_id, id);
CREATE VIRTUAL TABLE message_words USING fts5 (
    text, content = 'message', content_rowid = 'id', tokenize = 'porter unicode61'
);
CREATE TRIGGER message_added AFTER INSERT ON message BEGIN
    INSERT INTO message_words (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER message_removed AFTER DELETE ON message BEGIN
    INSERT INTO message_words (message_words, rowid, text) VALUES ('delete', old.id, old.text);
END;
CREATE TABLE tool_run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id INTEGER NOT NULL REFERENCES message (id),
    call_id TEXT NOT NULL,
    tool TEXT NOT NULL,
    arguments TEXT NOT NULL,
    error TEXT NOT NULL,
    seconds REAL NOT NULL
);
CREATE INDEX tool_run_message ON tool_run (message_id);
CREATE TABLE artifact (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id INTEGER NOT NULL REFERENCES message (id),
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL
);
CREATE INDEX artifact_message ON artifact (message_id);
CREATE TABLE shelf (
    conversation_id TEXT NOT NULL REFERENCES conversation (id),
    place INTEGER NOT NULL,
    name TEXT NOT NULL,
    file TEXT NOT NULL,
    PRIMARY KEY (conversation_id, place)
) WITHOUT ROWID;
CREATE TABLE feedback (
    message_id INTEGER PRIMARY KEY REFERENCES message (id),
    rating INTEGER NOT NULL CHECK (rating IN (-1, 1)),
    comment TEXT NOT NULL,
    created_at_utc TEXT NOT NULL
);
CREATE TABLE fact (
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    changed_at_utc TEXT NOT NULL,
    PRIMARY KEY (owner, name)
) WITHOUT ROWID;
"""

STEPS = (_FIRST,)
