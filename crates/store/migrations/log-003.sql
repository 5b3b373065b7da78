-- What checks said, by the hash that receipts name it by.
CREATE TABLE check_logs (
    hash TEXT PRIMARY KEY,
    said BLOB NOT NULL
) STRICT, WITHOUT ROWID;
