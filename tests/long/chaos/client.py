"""A client that calls the model API on and on, leaves some calls half way, and writes down what it saw of each."""
import asyncio, time

from plan import SLICE, Plan, cost
from wire import Gone, connect, parts, read_head, request_bytes

# Seconds a client waits for anything: longer than the longest answer, so that only the program ends a call sooner.
PATIENCE_S = 30
# Waits after a refusal, so that a program on its way up is not stormed.
AFTER_REFUSAL_S = (0.05, 0.3)
# Request bodies are of so many different lengths, so that the bound of a cut call tells which one it was.
LENGTHS = 997


class Call:
    """One call as its client saw it."""

    def __init__(self, plan, key, is_streamed, body_bytes, limit, round_number):
        self.plan, self.key, self.is_streamed, self.round = plan, key, is_streamed, round_number
        self.began = time.time()
        self.status = self.request_id = self.error = self.credit_cost = self.retry_after = None
        self.has_stop = self.is_whole = self.has_left = self.was_patient = self.was_away = False
        # The dearest it can be, as a byte of text is at most a token, and what may be held of it at once.
        self.input_bound = cost(body_bytes, 0)
        self.bound, self.hold = cost(body_bytes, limit), cost(body_bytes, min(limit, SLICE if is_streamed else limit))

    @property
    def nonce(self):
        return self.plan.nonce

    def words(self):
        seen = {k: v for k, v in vars(self).items() if k not in ("plan", "key")}
        return f"call {self.nonce} of key {self.key.id}: {seen} plan {vars(self.plan)}"


class Clients:
    """All callers; `calls` is their log since it was last taken."""

    def __init__(self, world, rng, count):
        self.world, self.rng, self.count = world, rng, count
        self.calls, self.keys, self.running = [], [], 0
        self.nonce, self.round, self.is_open = 0, 0, asyncio.Event()
        self.statuses = {}

    def start(self):
        self.tasks = [asyncio.create_task(self.go_on()) for _ in range(self.count)]

    async def go_on(self):
        while True:
            await self.is_open.wait()
            self.running += 1
            try:
                call = await self.call_once()
            finally:
                self.running -= 1
            if call.status != 200:
                await asyncio.sleep(self.rng.uniform(*AFTER_REFUSAL_S))

    def draw(self, slow=None):
        self.nonce += 1
        # Of deleted keys a few go on being used, as in life.
        key = self.rng.choice(self.keys)
        if key.is_deleted and self.rng.random() < 0.95:
            key = self.rng.choice(self.keys)
        plan = Plan.draw(self.rng, self.nonce, is_long=key.is_poor and self.rng.random() < 0.3)
        if slow:
            # As of every plan: the estimate of its text is at most what it costs whole.
            plan.__dict__.update(chunks=slow, delay_ms=250, end="whole", status=200, out=max(plan.out, slow))
        is_streamed = bool(slow) or self.rng.random() < 0.7
        body, limit = plan.request(is_streamed, padding=self.nonce % LENGTHS)
        return Call(plan, key, is_streamed, len(body), limit, self.round), body

    async def call_once(self, slow=None):
        call, body = self.draw(slow)
        # Few leave before the answer begins, since a key that does so often is slowed.
        leave_after = self.rng.choices((None, 0, self.rng.randint(1, 14)), (90, 0.5, 9))[0]
        self.calls.append(call)
        try:
            await asyncio.wait_for(self.talk(call, body, leave_after), PATIENCE_S)
        except Gone:
            pass
        except (asyncio.TimeoutError, OSError):
            call.error, call.was_patient = call.error or "no end within its patience", True
        self.statuses[call.status] = self.statuses.get(call.status, 0) + 1
        return call

    async def talk(self, call, body, leave_after):
        headers = {"x-api-key": call.key.secret, "anthropic-version": "2023-06-01", "content-type": "application/json"}
        reader, writer = await connect(self.world.ports["api"])
        try:
            writer.write(request_bytes("POST", "/v1/messages", headers, body))
            if leave_after == 0:
                await asyncio.sleep(self.rng.uniform(0, 0.05))
                call.has_left = True
                return
            call.status, found = await read_head(reader)
            call.request_id, call.credit_cost = found.get("request-id"), found.get("x-credit-cost")
            call.retry_after = found.get("retry-after")
            await self.read(call, reader, found, leave_after)
        finally:
            # A reset, so that the program sees at once that nobody reads any more.
            writer.transport.abort()

    async def read(self, call, reader, headers, leave_after):
        text = b""
        async for part in parts(reader, headers):
            text += part
            call.has_stop = call.has_stop or b"event: message_stop" in text[-200 - len(part):]
            if leave_after and text.count(b"\n\n") >= leave_after and call.is_streamed and not call.has_stop:
                call.has_left = True
                return
        if call.status != 200 or b"event: error" in text:
            call.error = text[-400:].decode(errors="replace")
        call.is_whole = call.status == 200 and (call.has_stop or not call.is_streamed)
        if call.status == 200 and call.is_streamed and not call.has_stop:
            call.error = "a clean end without its last event"

    def take(self):
        """The log so far; it begins anew."""
        taken, self.calls = self.calls, []
        return taken

    async def rest(self):
        """Begins no more calls and waits for the end of those that run."""
        self.is_open.clear()
        while self.running:
            await asyncio.sleep(0.01)
