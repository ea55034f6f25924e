-- What the target held of what was sent, so that a write whose answer was lost can be told, and taken back, exactly.
ALTER TABLE intent ADD COLUMN held TEXT NOT NULL DEFAULT '{}';
