CREATE TABLE streams (
    stream  TEXT PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream   TEXT NOT NULL REFERENCES streams,
    version  INTEGER NOT NULL,
    project  TEXT,
    at       INTEGER NOT NULL,
    actor    TEXT NOT NULL,
    kind     TEXT NOT NULL,
    body     TEXT NOT NULL,
    UNIQUE (stream, version)
) STRICT;
CREATE INDEX events_by_project ON events (project, position);

CREATE TABLE snapshots (
    stream  TEXT PRIMARY KEY REFERENCES streams,
    version INTEGER NOT NULL,
    format  INTEGER NOT NULL,
    body    BLOB NOT NULL
) STRICT;

-- An effect that is claimed is due again at the end of its claim.
CREATE TABLE effects (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    key      TEXT NOT NULL UNIQUE,
    stream   TEXT NOT NULL REFERENCES streams,
    position INTEGER NOT NULL,
    body     TEXT NOT NULL,
    due      INTEGER NOT NULL,
    claimed  INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    error    TEXT,
    done_at  INTEGER
) STRICT;
CREATE INDEX effects_pending ON effects (due, id) WHERE done_at IS NULL;
CREATE INDEX effects_done ON effects (done_at) WHERE done_at IS NOT NULL;

CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE answers (
    key          TEXT PRIMARY KEY,
    request_hash TEXT NOT NULL,
    body         TEXT NOT NULL,
    at           INTEGER NOT NULL
) STRICT;
CREATE INDEX answers_by_age ON answers (at);

CREATE TABLE sprints (
    id         INTEGER PRIMARY KEY,
    project    TEXT NOT NULL,
    phase      TEXT NOT NULL,
    title      TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    body       TEXT NOT NULL
) STRICT;
CREATE INDEX sprints_by_project ON sprints (project, id);

CREATE TABLE tasks (
    id         INTEGER PRIMARY KEY,
    sprint     INTEGER NOT NULL,
    project    TEXT NOT NULL,
    owner      TEXT,
    state      TEXT NOT NULL,
    title      TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    body       TEXT NOT NULL
) STRICT;
CREATE INDEX tasks_by_sprint ON tasks (sprint, id);
CREATE INDEX tasks_by_project ON tasks (project, id);
CREATE INDEX tasks_by_owner ON tasks (owner, id);

CREATE TABLE inbox (
    key     TEXT PRIMARY KEY,
    person  TEXT NOT NULL,
    project TEXT NOT NULL,
    sprint  INTEGER NOT NULL,
    task    INTEGER,
    kind    TEXT NOT NULL,
    since   INTEGER NOT NULL,
    body    TEXT NOT NULL
) STRICT;
CREATE INDEX inbox_by_person ON inbox (person, since, key);
CREATE INDEX inbox_by_sprint ON inbox (sprint, since, key);
