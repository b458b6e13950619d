-- A rare model in an unusual state is found without reading past all the others of that state.
CREATE INDEX usage_unusual_model ON ledger.usage_unusual (account_id, state, model, call_id);
