#!/usr/bin/env python3
"""Makes a reseller with an Account Key and a well funded client key; prints both as shell variables."""
import pathlib, sys, uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "walkthrough"))
from person import CONSOLE, DASHBOARD, OPERATOR, Person, say

person = Person(DASHBOARD, f"suite-{uuid.uuid4().hex[:8]}@shop.example")
account = person.ask("/api/v1/me")["account"]
say(CONSOLE, f"/op/accounts/{account}/deposit", {"amount": "100000", "id": "suite"}, headers=OPERATOR)
order = {"label": "suite", "budget": "90000", "cost": "60000", "rpm": 100000, "concurrency": 50, "id": "suite"}
key = say(CONSOLE, f"/op/accounts/{account}/keys", order, headers=OPERATOR)["key"]
print(f"CLIENT_KEY={key}")
print(f"ACCOUNT_KEY={person.pay('/api/v1/account-key')['account_key']}")
