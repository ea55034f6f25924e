-- Who was on a list the last time it was gone through: the members of a segment, the records that meet a filter, the
-- recycle bin. By it one sees who came and who left since.
CREATE TABLE roster (
    connection TEXT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    record     TEXT NOT NULL,
    PRIMARY KEY (connection, name, record)
) WITHOUT ROWID;
