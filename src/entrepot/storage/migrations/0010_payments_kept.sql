-- Cards kept, automatic top-up, receipts and codes.

-- `method` is how it was paid, by Stripe's name, and `failure` why it was not; `rate_day` the day that the operator gave the rate for.
ALTER TABLE payments ADD COLUMN origin TEXT NOT NULL DEFAULT 'checkout' CHECK (origin IN ('checkout', 'top_up'));
ALTER TABLE payments ADD COLUMN method TEXT NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN failure TEXT NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN rate_day TEXT NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN keep_card INTEGER NOT NULL DEFAULT 0;

-- However many processes look, one automatic top-up of a workspace is under way.
CREATE UNIQUE INDEX payments_top_up_under_way ON payments (workspace) WHERE origin = 'top_up' AND state = 'open';
CREATE INDEX payments_by_time ON payments (created_ms, id);

-- What the payment company calls a workspace, and the card it keeps of it; `card` is empty when it keeps none.
CREATE TABLE payers (
  workspace TEXT PRIMARY KEY REFERENCES workspaces (id),
  customer TEXT NOT NULL,
  card TEXT NOT NULL,
  brand TEXT NOT NULL,
  last4 TEXT NOT NULL,
  expires TEXT NOT NULL,
  saved_ms INTEGER NOT NULL
) STRICT;

-- Automatic top-up. It stops after a failure, says why, and goes on when somebody turns it on again.
CREATE TABLE top_ups (
  workspace TEXT PRIMARY KEY REFERENCES workspaces (id),
  threshold_nano INTEGER NOT NULL CHECK (threshold_nano > 0),
  currency TEXT NOT NULL,
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  ceiling_nano INTEGER NOT NULL CHECK (ceiling_nano > 0),
  state TEXT NOT NULL CHECK (state IN ('on', 'stopped')),
  why TEXT NOT NULL,
  changed_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX top_ups_on ON top_ups (workspace) WHERE state = 'on';

-- Numbers of receipts, one after the other without a gap, and the seller as it was then.
CREATE TABLE receipts (
  prefix TEXT NOT NULL,
  number INTEGER NOT NULL CHECK (number > 0),
  payment TEXT NOT NULL UNIQUE REFERENCES payments (id),
  seller TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (prefix, number)
) STRICT;

INSERT INTO receipts
SELECT 'R-', row_number() OVER (ORDER BY paid_ms, id), id, '', paid_ms FROM payments WHERE state = 'paid';

CREATE TRIGGER receipts_once BEFORE INSERT ON receipts
WHEN EXISTS (SELECT 1 FROM receipts WHERE payment = NEW.payment OR (prefix = NEW.prefix AND number = NEW.number))
BEGIN SELECT RAISE(ABORT, 'this receipt is there already'); END;

CREATE TRIGGER receipts_stay BEFORE UPDATE ON receipts
BEGIN SELECT RAISE(ABORT, 'receipts are append-only'); END;

CREATE TRIGGER receipts_are_kept BEFORE DELETE ON receipts
BEGIN SELECT RAISE(ABORT, 'receipts are append-only'); END;

-- Codes that are redeemed for credit: only a keyed hash is kept. An empty `workspace` is any, and `account` is what the credit comes from.
CREATE TABLE codes (
  id TEXT PRIMARY KEY,
  batch TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  hint TEXT NOT NULL,
  amount_nano INTEGER NOT NULL CHECK (amount_nano > 0),
  workspace TEXT NOT NULL,
  account TEXT NOT NULL CHECK (account IN ('promotion', 'clearing')),
  actor TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER,
  revoked_ms INTEGER,
  used_ms INTEGER,
  used_by TEXT NOT NULL
) STRICT;

CREATE INDEX codes_by_batch ON codes (batch, id);

-- Wrong codes by key and hour since 1970.
CREATE TABLE code_misses (
  key_hash TEXT NOT NULL,
  hour INTEGER NOT NULL,
  misses INTEGER NOT NULL,
  PRIMARY KEY (key_hash, hour)
) STRICT, WITHOUT ROWID;

-- What left credit by another way than usage, so that a statement need not read what was used.
CREATE INDEX ledger_moves_out_of_credit ON ledger_moves (giver_of) WHERE giver = 'credit' AND taker <> 'revenue';
