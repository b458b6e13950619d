-- Referrals: a code for each reseller's link, and room for a line without an amount that is undone.
-- An account gets its code when it is made and keeps it; the accounts of before get theirs here. 48 random bits: a guessed
-- code gives nothing but somebody a referee, and the unique constraint refuses the second of two alike.
CREATE FUNCTION web.new_referral_code() RETURNS text LANGUAGE sql VOLATILE AS
$$ SELECT left(encode(sha256(uuid_send(gen_random_uuid())), 'hex'), 12) $$;
ALTER TABLE web.reseller
  ADD COLUMN referral_code text NOT NULL DEFAULT web.new_referral_code()
    CONSTRAINT reseller_referral_code UNIQUE CONSTRAINT referral_code_form CHECK (referral_code ~ '^[0-9a-f]{12}$');

-- A line of nothing (margin 0) counts for the watermark as any other, so a fallen base undoes it as any other.
ALTER TABLE ledger.commission DROP CONSTRAINT nil_is_zero;
ALTER TABLE ledger.commission ADD CONSTRAINT nil_is_zero
  CHECK (CASE state WHEN 'nil' THEN amount = 0 WHEN 'withheld' THEN true ELSE amount > 0 END);

-- F(x), exact: numeric division keeps 16 digits and rounded the last nano-dollar of commissions above ten million dollars.
CREATE OR REPLACE FUNCTION ledger.commission_total(x bigint, bounds bigint[], bps int[], margin_bp int) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT div(coalesce(sum(greatest(0, least(x, coalesce(bounds[i + 1], x)) - bounds[i])::numeric
                          * least(bps[i], margin_bp)), 0), 10000)::bigint
  FROM generate_subscripts(bounds, 1) i
$$;

CREATE INDEX commission_referrer ON ledger.commission (referrer_id, commission_id DESC);
CREATE INDEX referral_joined ON ledger.referral (referrer_id, bound_at DESC, referee_id DESC);
