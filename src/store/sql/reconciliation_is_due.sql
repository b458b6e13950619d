SELECT NOT EXISTS (
  SELECT
  FROM ledger.reconciliation
  WHERE at > clock_timestamp() - interval '24 hours')
