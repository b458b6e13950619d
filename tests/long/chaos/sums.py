"""What resellers count against what the books say, to the nano-dollar."""


class Sums:
    """The part of the audit that knows no calls: balances, budgets and what each key spent."""

    def settle_accounts(self):
        accounts, keys = self.ledger.accounts(), self.ledger.keys()
        for reseller in self.round.resellers:
            mine = [key for key in keys.values() if key.account_id == reseller.account]
            account, known = accounts[reseller.account], {key.id: key for key in reseller.keys}
            self.same(f"deposits of {reseller.account}", account.deposits, reseller.deposits)
            self.same(f"keys of {reseller.account}", sorted(key.key_id for key in mine), sorted(known))
            self.same(f"balance of {reseller.account}", account.main,
                      reseller.deposits - sum(key.funded for key in known.values()) + sum(key.refunded for key in mine))
            for row in mine:
                if row.key_id in known:
                    self.settle_key(row, known[row.key_id])

    def settle_key(self, row, key):
        self.same(f"budget of key {key.id}", row.budget, key.budget)
        self.same(f"cost in key {key.id}", row.funded, key.funded)
        self.same(f"spent of key {key.id}", row.posted, self.posted.get(key.id, 0))
        self.same(f"rest of key {key.id}", row.refunded, row.funded - row.posted if key.is_deleted else 0)
        if row.posted > key.funded or row.spent_price > key.budget:
            self.findings.add(f"key {key.id} is past its budget: {vars(row)}")

    def same(self, what, got, wanted):
        self.findings.unless(got == wanted, lambda: f"{what}: the books say {got}, the reseller counts {wanted}")
