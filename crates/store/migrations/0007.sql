-- A secret belongs to a connection, or to a set-up that is not finished yet.
CREATE TABLE secret_new (
    owner  TEXT NOT NULL,
    name   TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (owner, name)
);
INSERT INTO secret_new (owner, name, sealed) SELECT connection, name, sealed FROM secret;
DROP TABLE secret;
ALTER TABLE secret_new RENAME TO secret;

-- What has been answered in a set-up that is not finished yet.
CREATE TABLE draft (
    id         TEXT PRIMARY KEY,
    answers    TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
