-- Cards kept, automatic top-up, receipts and codes.

-- `method` is how it was paid, by Stripe's name, and `failure` why it was not; `rate_day` the day that the operator gave the rate for.
ALTER TABLE payments ADD COLUMN origin TEXT COLLATE "C" NOT NULL DEFAULT 'checkout' CHECK (origin IN ('checkout', 'top_up'));
ALTER TABLE payments ADD COLUMN method TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN failure TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN rate_day TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN keep_card INTEGER NOT NULL DEFAULT 0;

-- However many processes look, one automatic top-up of a workspace is under way.
CREATE UNIQUE INDEX payments_top_up_under_way ON payments (workspace) WHERE origin = 'top_up' AND state = 'open';
CREATE INDEX payments_by_time ON payments (created_ms, id);

-- What the payment company calls a workspace, and the card it keeps of it; `card` is empty when it keeps none.
CREATE TABLE payers (
  workspace TEXT COLLATE "C" PRIMARY KEY REFERENCES workspaces (id),
  customer TEXT COLLATE "C" NOT NULL,
  card TEXT COLLATE "C" NOT NULL,
  brand TEXT COLLATE "C" NOT NULL,
  last4 TEXT COLLATE "C" NOT NULL,
  expires TEXT COLLATE "C" NOT NULL,
  saved_ms BIGINT NOT NULL
);

-- Automatic top-up. It stops after a failure, says why, and goes on when somebody turns it on again.
CREATE TABLE top_ups (
  workspace TEXT COLLATE "C" PRIMARY KEY REFERENCES workspaces (id),
  threshold_nano BIGINT NOT NULL CHECK (threshold_nano > 0),
  currency TEXT COLLATE "C" NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  ceiling_nano BIGINT NOT NULL CHECK (ceiling_nano > 0),
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('on', 'stopped')),
  why TEXT COLLATE "C" NOT NULL,
  changed_ms BIGINT NOT NULL
);

CREATE INDEX top_ups_on ON top_ups (workspace) WHERE state = 'on';

-- Numbers of receipts, one after the other without a gap, and the seller as it was then.
CREATE TABLE receipts (
  prefix TEXT COLLATE "C" NOT NULL,
  number BIGINT NOT NULL CHECK (number > 0),
  payment TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES payments (id),
  seller TEXT COLLATE "C" NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (prefix, number)
);

INSERT INTO receipts
SELECT 'R-', row_number() OVER (ORDER BY paid_ms, id), id, '', paid_ms FROM payments WHERE state = 'paid';

CREATE TRIGGER receipts_stay BEFORE UPDATE OR DELETE ON receipts
FOR EACH ROW EXECUTE FUNCTION entrepot_append_only();

CREATE TRIGGER receipts_are_kept BEFORE TRUNCATE ON receipts
FOR EACH STATEMENT EXECUTE FUNCTION entrepot_append_only();

-- Codes that are redeemed for credit: only a keyed hash is kept. An empty `workspace` is any, and `account` is what the credit comes from.
CREATE TABLE codes (
  id TEXT COLLATE "C" PRIMARY KEY,
  batch TEXT COLLATE "C" NOT NULL,
  hash TEXT COLLATE "C" NOT NULL UNIQUE,
  hint TEXT COLLATE "C" NOT NULL,
  amount_nano BIGINT NOT NULL CHECK (amount_nano > 0),
  workspace TEXT COLLATE "C" NOT NULL,
  account TEXT COLLATE "C" NOT NULL CHECK (account IN ('promotion', 'clearing')),
  actor TEXT COLLATE "C" NOT NULL,
  created_ms BIGINT NOT NULL,
  expires_ms BIGINT,
  revoked_ms BIGINT,
  used_ms BIGINT,
  used_by TEXT COLLATE "C" NOT NULL
);

CREATE INDEX codes_by_batch ON codes (batch, id);

-- Wrong codes by key and hour since 1970.
CREATE TABLE code_misses (
  key_hash TEXT COLLATE "C" NOT NULL,
  hour BIGINT NOT NULL,
  misses BIGINT NOT NULL,
  PRIMARY KEY (key_hash, hour)
);

-- What left credit by another way than usage, so that a statement need not read what was used.
CREATE INDEX ledger_moves_out_of_credit ON ledger_moves (giver_of) WHERE giver = 'credit' AND taker <> 'revenue';
