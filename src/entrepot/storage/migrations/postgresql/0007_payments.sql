-- Credit bought with money, and what of it went back. The books have the entries; these rows say what was asked for and how it stands.

-- What a customer was asked to pay, in the smallest unit of the currency; `rate_nano` is the credit for one of them. `session` and
-- `intent` are the names that the payment company gave it, empty as long as there are none.
CREATE TABLE payments (
  id TEXT COLLATE "C" PRIMARY KEY,
  workspace TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
  currency TEXT COLLATE "C" NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  fee_minor BIGINT NOT NULL CHECK (fee_minor >= 0),
  rate_nano BIGINT NOT NULL CHECK (rate_nano > 0),
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'paid', 'expired')),
  session TEXT COLLATE "C" NOT NULL,
  intent TEXT COLLATE "C" NOT NULL,
  actor TEXT COLLATE "C" NOT NULL,
  created_ms BIGINT NOT NULL,
  paid_ms BIGINT
);

CREATE UNIQUE INDEX payments_by_session ON payments (session) WHERE session <> '';
CREATE UNIQUE INDEX payments_by_intent ON payments (intent) WHERE intent <> '';
CREATE INDEX payments_by_workspace ON payments (workspace, created_ms);

-- Refunds and disputes. `credit_minor` came out of credit, `fee_minor` out of the fee.
CREATE TABLE payment_returns (
  id TEXT COLLATE "C" PRIMARY KEY,
  payment TEXT COLLATE "C" NOT NULL REFERENCES payments (id),
  kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('refund', 'dispute')),
  stripe_id TEXT COLLATE "C" NOT NULL,
  credit_minor BIGINT NOT NULL CHECK (credit_minor >= 0),
  fee_minor BIGINT NOT NULL CHECK (fee_minor >= 0),
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('asked', 'done', 'undone')),
  at_ms BIGINT NOT NULL
);

CREATE UNIQUE INDEX payment_returns_by_stripe_id ON payment_returns (stripe_id) WHERE stripe_id <> '';
CREATE INDEX payment_returns_by_payment ON payment_returns (payment, at_ms);
