"""The kinds of rounds: what breaks while everybody calls, and how it comes back.

A round begins with load, breaks something at a drawn moment, mends it, and goes on with load for a while.
"""
import asyncio, signal, time

from program_faults import ProgramFaults
from store_faults import StoreFaults

# Rounds of each kind in a full run; a shorter one has them in the same shares, each at least once while there is room.
WEIGHTS = {"kill": 300, "stop": 50, "cut": 20, "block": 14, "slow": 14, "term": 14, "spool-full": 10, "disk-full": 10,
           "stranger": 10, "terminate": 10, "pause": 8, "provider": 8, "redis": 8, "second": 4}
NEED_MOUNTS = ("spool-full", "disk-full")


class Round:
    """What happened, for the audit; times are seconds of the clock of the machine."""

    def __init__(self, number, kind, resellers):
        self.number, self.kind, self.resellers = number, kind, resellers
        self.how, self.kills, self.store_away_s = kind, [], 0.0
        self.is_stop = self.disk_was_full = self.provider_died = self.is_harmless = False
        self.recovered_s = []

    def __str__(self):
        return f"round {self.number} ({self.how}, kills at {self.kills}, store away {self.store_away_s:.1f} s)"


def schedule(rng, count, kinds, has_mounts):
    """So many kinds in a drawn order."""
    if unknown := set(kinds) - set(WEIGHTS):
        raise SystemExit(f"there is no kind of round named {', '.join(unknown)}; there are: {' '.join(WEIGHTS)}")
    weights = {kind: weight for kind, weight in WEIGHTS.items() if (not kinds or kind in kinds) and (has_mounts or kind not in NEED_MOUNTS)}
    whole, drawn = sum(weights.values()), []
    for kind, weight in weights.items():
        drawn += [kind] * max(1, round(count * weight / whole))
    rng.shuffle(drawn)
    # Rounding may give too many or too few; the first kind fills what is missing.
    while len(drawn) > count:
        drawn.remove(max(set(drawn), key=drawn.count))
    return drawn + [next(iter(weights))] * (count - len(drawn))


class Faults(ProgramFaults, StoreFaults):
    """Breaks and mends; `recoveries` are seconds by what was waited for."""

    def __init__(self, world, clients, rng):
        self.world, self.clients, self.rng = world, clients, rng
        self.recoveries = {"kill": [], "stop": [], "term": []}

    async def wait(self, least, most):
        await asyncio.sleep(self.rng.uniform(least, most))

    async def kill_program(self, round_):
        round_.kills.append(time.time())
        await self.world.signal("program", signal.SIGKILL)

    async def start_program(self, round_, kind=None):
        self.world.start_program()
        took = await self.world.until_ready()
        round_.recovered_s.append(took)
        if kind:
            self.recoveries[kind].append(took)

    async def until_ready_again(self):
        began = time.monotonic()
        while not await self.world.is_ready():
            if time.monotonic() > began + 60:
                raise SystemExit("the program is not ready again")
            await asyncio.sleep(0.01)
        return time.monotonic() - began

    async def play(self, round_):
        await getattr(self, round_.kind.replace("-", "_"))(round_)
