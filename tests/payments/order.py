"""Somebody pays in: opens a checkout with each provider, and writes down what our program says about each, for the suites.

    order.py FOLDER         writes FOLDER/orders.json
    order.py FOLDER after   fails unless the card's order is credited, once, and the other waits
"""
import json, pathlib, sys

from person import DASHBOARD, Person

FOLDER = pathlib.Path(sys.argv[1])
EMAIL = "buyer+tag@shop.example"

you = Person(DASHBOARD, EMAIL)
if sys.argv[2:] == ["after"]:
    orders = json.loads((FOLDER / "orders.json").read_text())
    for _ in range(200):
        states = {o["id"]: o["state"] for o in you.ask("/api/v1/top-ups")["top_ups"]}
        if states[orders["card"]["id"]] == "credited":
            break
    balance = you.ask("/api/v1/balance")["balance"]
    wanted = {orders["card"]["id"]: "credited", orders["crypto"]["id"]: "open"}
    if (states, balance) != (wanted, "123.45"):
        raise SystemExit(f"FAIL  after all notices: {states}, balance {balance}")
    print("PASS  the notices of both SDKs together credited the order once")
else:
    orders = {m: you.pay("/api/v1/top-ups", {"amount": "123.45", "method": m}) for m in ("card", "crypto")}
    orders |= {"email": EMAIL, "dashboard": DASHBOARD}
    (FOLDER / "orders.json").write_text(json.dumps(orders))
