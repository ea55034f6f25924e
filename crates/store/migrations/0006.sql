-- The words by which a person finds a pair: of its names, and its addresses. They are kept with its shadows.
CREATE TABLE search (
    term TEXT NOT NULL,
    link BIGINT NOT NULL REFERENCES link (id) ON DELETE CASCADE,
    PRIMARY KEY (term, link)
) WITHOUT ROWID;
CREATE INDEX search_of_link ON search (link);

-- What was done in each minute, so that nobody has to count the history.
CREATE TABLE throughput (
    connection TEXT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    side       TEXT NOT NULL CHECK (side IN ('hubspot', 'salesforce')),
    minute     BIGINT NOT NULL,
    created    BIGINT NOT NULL,
    written    BIGINT NOT NULL,
    PRIMARY KEY (connection, minute, side)
);
INSERT INTO throughput (connection, side, minute, created, written)
    SELECT connection, side, at / 60000, SUM(CASE WHEN outcome = 'created' THEN 1 ELSE 0 END),
           SUM(CASE WHEN outcome = 'written' THEN 1 ELSE 0 END)
    FROM history WHERE outcome IN ('created', 'written') GROUP BY connection, side, at / 60000;

-- Counting without reading shadows.
CREATE INDEX link_kinds ON link (connection, hubspot_object, salesforce_object, state);
-- Paging through the history of one object.
CREATE INDEX history_of_object ON history (connection, side, object, id);
-- Errors that stand: by kind, in their order, and of one record.
CREATE INDEX error_kinds ON sync_error
    (connection, category, code, side, object, field, record, tries, first_seen, last_seen) WHERE resolved_at IS NULL;
CREATE INDEX error_standing ON sync_error (connection, side, object, record, field) WHERE resolved_at IS NULL;
CREATE INDEX error_of_record ON sync_error (connection, record) WHERE resolved_at IS NULL;
