CREATE TABLE memories (
    number     INTEGER PRIMARY KEY,
    project    TEXT NOT NULL,
    id         INTEGER NOT NULL,
    state      TEXT NOT NULL,
    kind       TEXT NOT NULL,
    repository TEXT,
    path       TEXT,
    pinned     INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    body       TEXT NOT NULL,
    UNIQUE (project, id)
) STRICT;
CREATE INDEX memories_by_path ON memories (project, repository, path) WHERE path IS NOT NULL;
CREATE INDEX memories_pinned ON memories (project, id) WHERE pinned = 1;

-- The words come as stems, so they are only split here, by the blanks between them.
CREATE VIRTUAL TABLE memory_words USING fts5(words, tokenize = "unicode61 remove_diacritics 0");
CREATE VIRTUAL TABLE memory_counts USING fts5vocab(memory_words, 'row');

CREATE TABLE given_memories (
    sprint   INTEGER NOT NULL,
    n        INTEGER NOT NULL,
    project  TEXT NOT NULL,
    task     INTEGER,
    at       INTEGER NOT NULL,
    memories TEXT NOT NULL,
    PRIMARY KEY (sprint, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX given_memories_by_task ON given_memories (task, n) WHERE task IS NOT NULL;
