-- Who may come in. People sign in by password or through an identity provider; whoever was invited and has not come yet has
-- neither.
CREATE TABLE account (
    id         INTEGER PRIMARY KEY,
    email      TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'administrator')),
    password   TEXT,
    disabled   BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT
);

-- What is kept of links, sessions and tokens is a digest: who reads the database cannot use them.
CREATE TABLE welcome (
    digest     TEXT PRIMARY KEY,
    -- None: whoever opens the link becomes administrator.
    account    INTEGER REFERENCES account (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);

CREATE TABLE session (
    digest     TEXT PRIMARY KEY,
    account    INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL
);
CREATE INDEX session_of_account ON session (account);

CREATE TABLE api_token (
    id         INTEGER PRIMARY KEY,
    digest     TEXT NOT NULL UNIQUE,
    account    INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'administrator')),
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    used_at    BIGINT
);

-- Failed tries to sign in, by account and by address.
CREATE TABLE attempt (
    who      TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_at  BIGINT NOT NULL
);

-- The audit outlives what it speaks of, and also speaks of what belongs to no connection.
ALTER TABLE audit RENAME TO audit_before;
DROP INDEX audit_of_connection;
CREATE TABLE audit (
    id         INTEGER PRIMARY KEY,
    connection TEXT,
    at         BIGINT NOT NULL,
    who        TEXT NOT NULL,
    what       TEXT NOT NULL,
    before     TEXT,
    after      TEXT
);
INSERT INTO audit SELECT id, connection, at, who, what, before, after FROM audit_before;
DROP TABLE audit_before;
CREATE INDEX audit_of_connection ON audit (connection, id);
