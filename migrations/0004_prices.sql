-- Versions of model prices that the operator added to the book the program ships with. Rows are never changed.
CREATE TABLE ledger.price (
  model    text NOT NULL,
  version  int  NOT NULL CHECK (version > 0),
  text     jsonb NOT NULL,               -- the whole row, as in the price book file
  set_by   text NOT NULL,
  at       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (model, version)
);
CREATE TRIGGER price_immutable BEFORE UPDATE OR DELETE ON ledger.price FOR EACH ROW EXECUTE FUNCTION ledger.forbid();
