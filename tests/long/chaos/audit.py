"""After each round: what clients saw, what the provider says, and what the books say must be one story.

A line of the ledger is tied to its call by the provider's id of the message, by the request id the client saw, or, where
a crash left neither, by key and time.
"""
import time
from types import SimpleNamespace

import ledger as L
from asks import Asks
from money import nanos
from plan import cost, nonce_of
from settings import NOTE_S
from sums import Sums

# Seconds within which a line of a cut call may still come: notes of a dead boot are looked for every minute.
LATE_S = 150
# Seconds after a kill within which the provider may read what was sent before.
READ_S = 0.2
# A line's time is its call's beginning in the program, after the client's by at most its wait for a connection.
CLOCK_S = 0.005


class Audit(Sums):
    def __init__(self, world, ledger, findings):
        self.world, self.ledger, self.findings = world, ledger, findings
        self.asks = Asks(world.upstream_log)
        self.waiting, self.by_request, self.billed, self.posted, self.oldest_lost_s = {}, {}, set(), {}, 0.0
        self.total = dict.fromkeys("calls asked whole left lines billed crash lost lost_away lost_answered unsettled absorbed replayed capped cut_by_budget".split(), 0)

    def compare(self, calls, round_):
        """`round_` says what happened: its kills, whether the store was away, whether it was a stop in order."""
        self.asks.read()
        for call in calls:
            self.waiting[call.nonce] = call
            if call.request_id:
                self.by_request[call.request_id] = call
        self.total["calls"] += len(calls)
        self.total["whole"] += sum(call.is_whole for call in calls)
        self.total["left"] += sum(call.has_left for call in calls)
        self.round = round_
        self.answers(calls)
        for row in self.ledger.new_lines():
            self.line(row)
        self.settle_accounts()
        for call in list(self.waiting.values()):
            self.without_line(call)

    def answers(self, calls):
        """What no client may see, whatever breaks; and of some faults nobody may notice anything."""
        for call in calls:
            if call.status == 500 or call.error and "clean end" in call.error:
                self.findings.add(f"a client saw what must not be: {call.words()}")
            if call.was_patient:
                self.findings.add(f"a call hangs: {call.words()}")
            if call.status in (429, 503, 529) and not call.retry_after:
                self.findings.add(f"a refusal does not say when to try again: {call.words()}")
            if self.round.is_harmless and (call.status == 503 or call.status is None and not call.has_left):
                self.findings.add(f"a call was refused for no reason: {self.round}; {call.words()}")

    def drop(self, call):
        self.waiting.pop(call.nonce, None)
        self.by_request.pop(call.request_id, None)
        if self.asks.asks.pop(call.nonce, None):
            self.total["asked"] += 1

    def line(self, row):
        self.total["lines"] += 1
        self.total["billed"] += row.outcome == L.ANSWERED
        self.total["absorbed"] += row.absorbed
        self.posted[row.key] = self.posted.get(row.key, 0) + row.cost
        for name, flag in (("replayed", L.REPLAYED), ("capped", L.CAPPED), ("cut_by_budget", L.CUT_BY_BUDGET)):
            self.total[name] += bool(row.flags & flag)
        call = self.call_of(row)
        if call is None:
            return
        ask = self.asks.asks.get(call.nonce, SimpleNamespace(asked=0, start=0, content=0, end=0, half=0, refused=0, gone=0))
        for broken in self.broken(row, call, ask):
            self.findings.add(f"{broken}: line {vars(row)}; {call.words()}; the provider: {vars(ask)}")
        self.drop(call)

    def call_of(self, row):
        by_message = self.waiting.get(nonce_of(row.upstream))
        by_request = self.by_request.get("req_" + row.id.replace("-", ""))
        if by_message and by_request and by_message is not by_request:
            self.findings.add(f"one line and two calls: {vars(row)}; {by_message.words()}; {by_request.words()}")
        call = by_message or by_request or self.call_near(row)
        self.findings.unless(call or nonce_of(row.upstream) not in self.billed, lambda: f"billed twice: {vars(row)}")
        self.findings.unless(call, lambda: f"a line without a call: {vars(row)}")
        if row.outcome == L.ANSWERED and call:
            self.billed.add(call.nonce)
        return call

    def call_near(self, row):
        """The call of a line that names neither: of the same key, its client not told an id, and by its bound; else by time."""
        if row.upstream:
            return None
        could = [c for c in self.waiting.values() if c.key.id == row.key and not c.request_id
                 and c.began <= row.started + CLOCK_S and c.bound >= row.absorbed]
        same = [c for c in could if row.absorbed in (c.hold, c.input_bound)]
        # One that began a moment later by the clock is a guess; one that had begun is a better one.
        return max(same or could, key=lambda c: (c.began <= row.started, c.began), default=None)

    def broken(self, row, call, ask):
        """What of a line contradicts its call."""
        if row.key != call.key.id:
            yield "billed to another key"
        if call.is_whole and row.outcome != L.ANSWERED:
            yield "a client saw the end of a call that is not billed"
        if call.error and "was not charged" in call.error and row.cost:
            yield "a client was told that a billed call was not charged"
        if ask.start > 1 or ask.end > 1:
            yield "the provider answered one call twice"
        if row.outcome != L.ANSWERED and (row.cost or row.price):
            yield "an unanswered call is billed"
        yield from self.broken_answer(row, call, ask) if row.outcome == L.ANSWERED else self.broken_void(row, call, ask)

    def broken_answer(self, row, call, ask):
        if not (ask.start if call.is_streamed else ask.end):
            yield "a call is billed that the provider never answered"
            return
        cost_, exact = row.cost + row.absorbed, cost(ask.inp, ask.out)
        is_cut = bool(row.flags & (L.PARTIAL | L.CLIENT_GONE | L.CUT_BY_BUDGET))
        if not is_cut and not ask.end:
            yield "billed as whole, and the provider sent no end"
        if not (cost(ask.inp, ask.first) if is_cut else exact) <= cost_ <= exact:
            yield f"the amount is {cost_}, must be {'at most ' if is_cut else ''}{exact}"
        if call.is_whole and is_cut and not row.flags & L.CUT_BY_BUDGET:
            yield "a client saw the clean end of a cut answer"
        if row.absorbed and not row.flags & L.CAPPED:
            yield "part of a charge was absorbed, and the key could pay it"
        if row.flags & L.CLIENT_GONE and not call.has_left and not self.was_cut(call):
            yield "billed as left by a client who stayed"
        if call.credit_cost and nanos(call.credit_cost) != row.price:
            yield f"the client was told {call.credit_cost}"

    def broken_void(self, row, call, ask):
        if row.absorbed > max(call.bound, cost(ask.inp, ask.out) if ask.asked else 0):
            yield f"absorbed more than the call's bound {call.bound}"
        if row.outcome == L.CRASH:
            self.total["crash"] += 1
            if not self.was_killed(call):
                yield "voided as cut by a crash, and nobody killed the program while it ran"
        elif row.outcome == L.UNSETTLED:
            self.total["unsettled"] += 1
            if not self.round.disk_was_full:
                yield "not settled, and no disk was full"
        elif row.outcome == L.CANCELLED:
            if not call.has_left and not self.was_cut(call):
                yield "voided as left by a client who stayed"
        elif row.outcome == L.DRAINED:
            if not self.round.is_stop or ask.end:
                yield "voided as drained"
        elif ask.end:
            yield "an answered call is not billed"
        elif call.plan.end == "whole" and call.plan.status == 200 and not self.round.provider_died:
            yield "voided as failed by a provider that did not fail"

    def was_killed(self, call):
        return any(call.began <= at + CLOCK_S for at in self.round.kills) or call.round < self.round.number

    def was_cut(self, call):
        """The program ended while the call ran, in order or not: then its connection did too."""
        return self.round.is_stop or self.was_killed(call)

    def without_line(self, call):
        ask = self.asks.asks.get(call.nonce)
        if call.is_whole:
            self.findings.add(f"answered whole and not billed: {call.words()}; the provider: {ask and vars(ask)}")
        if not ask and (call.status or time.time() > call.began + LATE_S or call.round == self.round.number and not self.round.kills):
            return self.drop(call)
        if ask and not self.may_be_lost(ask, call):
            self.findings.add(f"the provider was asked, and no line says so: {call.words()}; the provider: {vars(ask)}; {self.round}")
        elif ask and call.round == self.round.number:
            self.note_lost(ask, call)
        if ask and time.time() > call.began + LATE_S:
            self.lose(call)
        return None

    def lose(self, call):
        """No line will come any more: the call's note was lost with the program."""
        self.total["lost"] += 1
        self.total["lost_away"] += call.was_away
        self.total["lost_answered"] += bool(self.asks.asks[call.nonce].end)
        self.drop(call)

    def note_lost(self, ask, call):
        """Keeps the age of the oldest call at its kill that left no line, of kills while the store was there."""
        call.was_away = bool(self.round.store_away_s)
        ages = [at - ask.at for at in self.round.kills if at >= ask.at]
        if ages and not call.was_away:
            self.oldest_lost_s = max(self.oldest_lost_s, min(ages))

    def close(self):
        """At the end of the run: what is still without a line is listed as lost."""
        for call in list(self.waiting.values()):
            self.lose(call) if call.nonce in self.asks.asks else self.drop(call)

    def may_be_lost(self, ask, call):
        """True in the last moments before a kill, and while notes could not be written."""
        if call.round != self.round.number:
            return True
        return any(at - NOTE_S - self.round.store_away_s <= ask.at <= at + READ_S for at in self.round.kills)
