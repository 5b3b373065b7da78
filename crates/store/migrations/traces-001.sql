-- Kept in the order in which it is read, so that a page of a trace lies together.
CREATE TABLE entries (
    sprint INTEGER NOT NULL,
    n      INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    body   TEXT NOT NULL,
    PRIMARY KEY (sprint, n, seq)
) STRICT, WITHOUT ROWID;
