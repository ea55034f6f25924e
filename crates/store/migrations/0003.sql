-- A link may also rest because its record is outside the segment or filter, or because a person parted the two.
CREATE TABLE link_new (
    id                 INTEGER PRIMARY KEY,
    connection         TEXT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    hubspot_object     TEXT NOT NULL,
    hubspot_id         TEXT NOT NULL,
    salesforce_object  TEXT NOT NULL,
    salesforce_id      TEXT NOT NULL,
    state              TEXT NOT NULL
        CHECK (state IN ('active', 'deleted_in_hubspot', 'deleted_in_salesforce', 'outside', 'apart')),
    hubspot_shadow     TEXT NOT NULL,
    salesforce_shadow  TEXT NOT NULL,
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL,
    UNIQUE (connection, hubspot_object, hubspot_id),
    UNIQUE (connection, salesforce_object, salesforce_id)
);
INSERT INTO link_new SELECT * FROM link;
DROP TABLE link;
ALTER TABLE link_new RENAME TO link;
CREATE UNIQUE INDEX link_salesforce ON link (connection, salesforce_id);
CREATE INDEX link_hubspot ON link (connection, hubspot_id);

-- More can happen to a record than being written, and what happened can be undone by a later run.
CREATE TABLE history_new (
    id         INTEGER PRIMARY KEY,
    connection TEXT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    run        TEXT NOT NULL,
    at         BIGINT NOT NULL,
    side       TEXT NOT NULL CHECK (side IN ('hubspot', 'salesforce')),
    object     TEXT NOT NULL,
    record     TEXT NOT NULL,
    link       BIGINT,
    field      TEXT,
    before     TEXT,
    after      TEXT,
    cause      TEXT NOT NULL,
    reason     TEXT NOT NULL,
    outcome    TEXT NOT NULL CHECK (outcome IN
        ('created', 'written', 'declined', 'linked', 'unlinked', 'resumed', 'deleted', 'restored', 'moved', 'erased')),
    call       TEXT,
    undone_by  TEXT
);
INSERT INTO history_new (id, connection, run, at, side, object, record, link, field, before, after, cause, reason,
                         outcome, call)
    SELECT id, connection, run, at, side, object, record, link, field, before, after, cause, reason, outcome, call
    FROM history;
DROP TABLE history;
ALTER TABLE history_new RENAME TO history;
CREATE INDEX history_record ON history (connection, side, record, id);
CREATE INDEX history_link ON history (link, id);
CREATE INDEX history_in_order ON history (connection, id);
CREATE INDEX history_of_record ON history (connection, record, id);
CREATE INDEX history_of_run ON history (connection, run, id);
CREATE INDEX history_at ON history (connection, at);

-- Records that refer to another which has no counterpart yet: they are looked at again when it has one.
CREATE TABLE waiting (
    connection    TEXT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    -- Who waits.
    side          TEXT NOT NULL CHECK (side IN ('hubspot', 'salesforce')),
    object        TEXT NOT NULL,
    record        TEXT NOT NULL,
    -- For whom, on the same side.
    awaited       TEXT NOT NULL,
    PRIMARY KEY (connection, side, object, record, awaited)
);
CREATE INDEX waiting_for ON waiting (connection, side, awaited);

-- Calls of each minute, for what a rolling day may cost.
CREATE TABLE api_call (
    -- No reference: the first calls are made before the connection is kept.
    connection TEXT NOT NULL,
    side       TEXT NOT NULL CHECK (side IN ('hubspot', 'salesforce')),
    minute     BIGINT NOT NULL,
    calls      BIGINT NOT NULL,
    PRIMARY KEY (connection, side, minute)
);
