-- A finished job keeps its row, and so its id, until it is pruned.
CREATE TABLE jobs (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    project     TEXT NOT NULL,
    state       TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'active', 'finished')),
    priority    INTEGER NOT NULL,
    not_before  INTEGER NOT NULL,
    created     INTEGER NOT NULL,
    data        TEXT NOT NULL,
    lease       INTEGER,
    worker      TEXT,
    lease_until INTEGER,
    stalls      INTEGER NOT NULL DEFAULT 0,
    finished_at INTEGER
) STRICT;
CREATE INDEX jobs_waiting ON jobs (project, priority DESC, seq, not_before) WHERE state = 'waiting';
CREATE INDEX jobs_by_time ON jobs (project, not_before) WHERE state = 'waiting';
CREATE INDEX jobs_active ON jobs (project, lease_until) WHERE state = 'active';
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE state = 'finished';

CREATE TABLE leases (
    last INTEGER NOT NULL
) STRICT;
INSERT INTO leases (last) VALUES (0);
