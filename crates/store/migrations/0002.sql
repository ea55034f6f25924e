-- Numbers that are given out once and never again: a link's number stays in the history after the link is gone, and a
-- mark that is cleared and set anew must not be taken for the old one.
CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    last BIGINT NOT NULL CHECK (last >= 0)
);
INSERT INTO counter (name, last)
    SELECT 'link', COALESCE(MAX(number), 0)
    FROM (SELECT MAX(id) AS number FROM link UNION ALL SELECT MAX(link) FROM history) AS given;
INSERT INTO counter (name, last) SELECT 'mark', COALESCE(MAX(generation), 0) FROM mark;

-- A position is whatever the stream calls it: a moment in milliseconds, or a replay id.
CREATE TABLE cursor_new (
    connection TEXT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    stream     TEXT NOT NULL,
    position   TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (connection, stream)
);
INSERT INTO cursor_new (connection, stream, position, updated_at)
    SELECT connection, stream, CAST(position AS TEXT), updated_at FROM cursor;
DROP TABLE cursor;
ALTER TABLE cursor_new RENAME TO cursor;

-- A Salesforce id names one record among all objects, so it is in one link at most.
CREATE UNIQUE INDEX link_salesforce ON link (connection, salesforce_id);
CREATE INDEX link_hubspot ON link (connection, hubspot_id);

CREATE INDEX history_in_order ON history (connection, id);
CREATE INDEX history_of_record ON history (connection, record, id);
CREATE INDEX history_of_run ON history (connection, run, id);

CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- Which of several records with one key was taken; written once.
CREATE TABLE choice (
    connection TEXT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    side       TEXT NOT NULL CHECK (side IN ('hubspot', 'salesforce')),
    object     TEXT NOT NULL,
    shared_key TEXT NOT NULL,
    record     TEXT NOT NULL,
    chosen_at  BIGINT NOT NULL,
    PRIMARY KEY (connection, side, object, shared_key)
);
