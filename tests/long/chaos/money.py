"""Resellers who pay in, cut keys, top them up and delete them while everything breaks, and who count along.

Each change carries an id and is repeated with it until its outcome is known, as the API tells people to do. What a
reseller believes it has is plain arithmetic here, and must equal the books to the nano-dollar.
"""
import asyncio, os, pathlib, sys, time, urllib.parse

from wire import Gone, ask, form

WALKTHROUGH = pathlib.Path(__file__).resolve().parents[2] / "walkthrough"
NANOS = 1_000_000_000
# Seconds after which an outcome that is still unknown is a finding.
KNOWN_WITHIN_S = 60
UNKNOWN = (409, 429, 500, 502, 503, 504)
RICH, POOR, PASSING = ("900", "600"), ("0.06", "0.04"), ("2", "1.2")


def nanos(text):
    whole, _, part = text.partition(".")
    return int(whole) * NANOS + int((part or "0").ljust(9, "0"))


class Unknown(Exception):
    """An operation whose outcome cannot be learnt."""


class Key:
    """A client key as its reseller counts it, in nano-dollars."""

    def __init__(self, reseller, key_id, secret, budget, cost, kind):
        self.reseller, self.id, self.secret, self.kind = reseller, key_id, secret, kind
        self.budget = self.start_budget = nanos(budget)
        self.funded = self.start_cost = nanos(cost)
        self.is_deleted = False

    @property
    def is_poor(self):
        return self.kind is POOR

    def top_up(self, amount):
        """What an amount of price must debit: the ratio is locked, a fraction goes up once for the whole budget."""
        self.budget += amount
        funded = -(-self.budget * self.start_cost // self.start_budget)
        debit, self.funded = funded - self.funded, funded
        return debit


class Reseller:
    def __init__(self, world, rng, name, findings):
        self.world, self.rng, self.name, self.findings = world, rng, name, findings
        self.keys, self.deposits, self.count, self.done = [], 0, 0, {}
        self.is_open, self.is_busy = asyncio.Event(), False

    def sign_in(self):
        """By the code from the mail, once; the session outlives every kill. The account key cuts keys later."""
        os.environ.update({f"{n.upper()}_URL": f"http://127.0.0.1:{self.world.ports[n]}" for n in ("api", "console", "dashboard", "portal")})
        os.environ["DATA"] = str(self.world.folder / "data")
        sys.path.insert(0, str(WALKTHROUGH))
        from person import DASHBOARD, Person
        person = Person(DASHBOARD, f"{self.name}@shop.example")
        self.account = person.ask("/api/v1/me")["account"]
        self.account_key = person.ask("/api/v1/account-key", {})["account_key"]
        jar = next(h for h in person.opener.handlers if hasattr(h, "cookiejar")).cookiejar
        self.browser = {**person.headers, "cookie": "; ".join(f"{c.name}={c.value}" for c in jar)}

    async def set_up(self):
        await self.deposit("5000")
        for kind in (RICH, RICH, POOR, POOR, PASSING):
            await self.create(kind)

    def usable_keys(self):
        """Those with a secret that open something, and the one that was deleted last."""
        keys = [key for key in self.keys if key.secret]
        return [key for key in keys if not key.is_deleted] + [key for key in keys if key.is_deleted][-1:]

    def fresh_id(self):
        self.count += 1
        return f"{self.name}-{self.count}"

    async def until_known(self, site, method, path, headers, body):
        """The answer that says what happened; before that the same request again and again."""
        patience, last = time.monotonic() + KNOWN_WITHIN_S, None
        while time.monotonic() < patience:
            try:
                last = await ask(self.world.ports[site], method, path, headers, body)
                if last.status == 500:
                    self.findings.add(f"{method} {path} answered 500: {last.body!r}")
                if last.status not in UNKNOWN or b"key_deleted" in last.body:
                    return last
            except Gone as error:
                last = error
            await asyncio.sleep(self.rng.uniform(0.05, 0.3))
        raise Unknown(f"{method} {path} {body}: no outcome within {KNOWN_WITHIN_S} s, last {last} {getattr(last, 'body', '')}")

    async def manage(self, method, path, body=None):
        """By the account key; some press the button twice, which must count once and answer the same."""
        headers = {"authorization": "Bearer " + self.account_key, "idempotency-key": self.fresh_id()}
        times = 2 if self.rng.random() < 0.2 else 1
        first, *more = await asyncio.gather(*(self.until_known("api", method, path, headers, body) for _ in range(times)))
        self.findings.unless(all(a.status == first.status for a in more), lambda: f"{method} {path} {headers}: {first.body!r}, then {more[0].body!r}")
        return first

    async def operate(self, path, body):
        return await self.until_known("console", "POST", path, self.world.operator(), {**body, "id": self.fresh_id()})

    def expect(self, answer, statuses, what):
        self.done[what] = self.done.get(what, 0) + 1
        if answer.status not in statuses:
            self.findings.add(f"{what} of {self.account} answered {answer.status}: {answer.body[:300]!r}")
        return answer.status in statuses

    async def deposit(self, amount):
        if self.expect(await self.operate(f"/op/accounts/{self.account}/deposit", {"amount": amount}), (200,), "deposit"):
            self.deposits += nanos(amount)

    async def create(self, kind):
        budget, cost = kind
        order = {"label": self.fresh_id(), "budget": budget, "cost": cost, "rpm": 100_000_000, "concurrency": 100_000}
        answer = await self.operate(f"/op/accounts/{self.account}/keys", order)
        if self.expect(answer, (200, 201), "key"):
            made = answer.json()
            # A repeat tells the id and never the secret: nobody can use such a key, and its money is there all the same.
            self.keys.append(Key(self, made["id"], made.get("key"), budget, cost, kind))

    async def top_up(self, key):
        micros = self.rng.randint(20_000, 60_000) if key.is_poor else self.rng.randint(1, 2_000_000)
        amount = f"{micros // 1_000_000}.{micros % 1_000_000:06}"
        answer = await self.manage("POST", f"/api/v1/keys/{key.id}/top-up", {"amount": amount})
        if self.expect(answer, (200, 201), "top-up of a key"):
            debit, said = key.top_up(nanos(amount)), nanos(answer.json()["debited"])
            if debit != said:
                self.findings.add(f"a top-up of {amount} debited {said}, must be {debit} nano-dollars: key {key.id}")

    async def delete(self, key):
        key.is_deleted = True
        self.expect(await self.manage("DELETE", f"/api/v1/keys/{key.id}"), (200,), "deletion")

    async def pay(self):
        """Money in through the simulated provider, as by a browser: an order, its checkout, and a look until it is credited."""
        cents = self.rng.randint(500, 5_000)
        amount = f"{cents // 100}.{cents % 100:02}"
        headers = {**self.browser, "idempotency-key": self.fresh_id()}
        answer = await self.until_known("dashboard", "POST", "/api/v1/top-ups", headers, {"amount": amount, "method": "card"})
        if not self.expect(answer, (200, 201), "payment"):
            return
        order, patience = answer.json(), time.monotonic() + KNOWN_WITHIN_S
        checkout = urllib.parse.urlsplit(order["checkout_url"])
        how = self.rng.choice(("once", "once", "twice", "never"))
        while order["state"] != "credited":
            if time.monotonic() > patience:
                raise Unknown(f"payment {order} is not credited within {KNOWN_WITHIN_S} s")
            try:
                await ask(checkout.port, "POST", checkout.path, *form({"do": "pay", "notice": how}))
                look = await ask(self.world.ports["dashboard"], "GET", f"/api/v1/top-ups/{order['id']}", self.browser)
                order = look.json() if look.status == 200 else order
            except Gone:
                pass
            await asyncio.sleep(0.1)
        self.deposits += nanos(amount)

    async def go_on(self):
        while True:
            await self.is_open.wait()
            self.is_busy = True
            try:
                await self.act()
            except Unknown as error:
                self.findings.add(str(error))
            finally:
                self.is_busy = False
            await asyncio.sleep(self.rng.uniform(0.02, 0.2))

    async def act(self):
        open_keys = [key for key in self.keys if not key.is_deleted]
        passing = [key for key in open_keys if key.kind is PASSING]
        what = self.rng.choices(("deposit", "top-up", "create", "delete", "pay"), (2, 8, 2, 2, 2))[0]
        if what == "deposit":
            await self.deposit(f"{self.rng.randint(1, 9)}.{self.rng.randint(0, 999_999):06}")
        elif what == "top-up":
            await self.top_up(self.rng.choice(open_keys))
        elif what == "pay":
            await self.pay()
        elif what == "delete" and len(passing) > 2:
            await self.delete(self.rng.choice(passing))
        elif len(passing) < 6:
            await self.create(PASSING)

    async def rest(self):
        self.is_open.clear()
        while self.is_busy:
            await asyncio.sleep(0.01)
