-- Who changed the settings, when, and from what to what.
CREATE TABLE audit (
    id         INTEGER PRIMARY KEY,
    connection TEXT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    at         BIGINT NOT NULL,
    who        TEXT NOT NULL,
    what       TEXT NOT NULL,
    before     TEXT,
    after      TEXT
);
CREATE INDEX audit_of_connection ON audit (connection, id);
