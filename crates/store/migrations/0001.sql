-- What must survive. Times are milliseconds since 1970 in UTC; values are JSON texts.

CREATE TABLE connection (
    id                 TEXT PRIMARY KEY,
    name               TEXT NOT NULL,
    hubspot_account    TEXT NOT NULL UNIQUE,
    salesforce_org     TEXT NOT NULL,
    state              TEXT NOT NULL CHECK (state IN ('active', 'paused', 'stopped')),
    state_reason       TEXT,
    settings           TEXT NOT NULL,
    created_at         BIGINT NOT NULL
);

CREATE TABLE secret (
    connection TEXT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    sealed     BLOB NOT NULL,
    PRIMARY KEY (connection, name)
);

CREATE TABLE cursor (
    connection TEXT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    stream     TEXT NOT NULL,
    position   BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (connection, stream)
);

CREATE TABLE mark (
    connection      TEXT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    side            TEXT NOT NULL CHECK (side IN ('hubspot', 'salesforce')),
    object          TEXT NOT NULL,
    record          TEXT NOT NULL,
    generation      BIGINT NOT NULL CHECK (generation > 0),
    cause           TEXT NOT NULL,
    first_marked_at BIGINT NOT NULL,
    marked_at       BIGINT NOT NULL,
    not_before      BIGINT NOT NULL,
    tries           BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (connection, side, object, record)
);
CREATE INDEX mark_due ON mark (connection, side, object, not_before, record);

CREATE TABLE link (
    id                 INTEGER PRIMARY KEY,
    connection         TEXT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    hubspot_object     TEXT NOT NULL,
    hubspot_id         TEXT NOT NULL,
    salesforce_object  TEXT NOT NULL,
    salesforce_id      TEXT NOT NULL,
    state              TEXT NOT NULL CHECK (state IN ('active', 'deleted_in_hubspot', 'deleted_in_salesforce')),
    hubspot_shadow     TEXT NOT NULL,
    salesforce_shadow  TEXT NOT NULL,
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL,
    UNIQUE (connection, hubspot_object, hubspot_id),
    UNIQUE (connection, salesforce_object, salesforce_id)
);

CREATE TABLE intent (
    id             INTEGER PRIMARY KEY,
    connection     TEXT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    link           BIGINT REFERENCES link (id) ON DELETE CASCADE,
    target         TEXT NOT NULL CHECK (target IN ('hubspot', 'salesforce')),
    target_object  TEXT NOT NULL,
    source_object  TEXT NOT NULL,
    source_record  TEXT NOT NULL,
    source         TEXT NOT NULL,
    sent           TEXT NOT NULL,
    reasons        TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    UNIQUE (connection, target, source_object, source_record)
);
CREATE INDEX intent_link ON intent (link);

CREATE TABLE history (
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
    outcome    TEXT NOT NULL CHECK (outcome IN ('created', 'written', 'declined', 'unlinked')),
    call       TEXT
);
CREATE INDEX history_record ON history (connection, side, record, id);
CREATE INDEX history_link ON history (link, id);

CREATE TABLE sync_error (
    connection  TEXT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    side        TEXT NOT NULL CHECK (side IN ('hubspot', 'salesforce')),
    object      TEXT NOT NULL,
    record      TEXT NOT NULL,
    -- Empty where the whole record could not be synced.
    field       TEXT NOT NULL,
    category    TEXT NOT NULL,
    code        TEXT NOT NULL,
    message     TEXT NOT NULL,
    remedy      TEXT NOT NULL,
    first_seen  BIGINT NOT NULL,
    last_seen   BIGINT NOT NULL,
    tries       BIGINT NOT NULL,
    resolved_at BIGINT,
    PRIMARY KEY (connection, side, object, record, field)
);

CREATE TABLE run (
    id          TEXT PRIMARY KEY,
    connection  TEXT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    kind        TEXT NOT NULL,
    started_at  BIGINT NOT NULL,
    finished_at BIGINT,
    outcome     TEXT,
    figures     TEXT
);
