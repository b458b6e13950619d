#!/usr/bin/env python3
"""Chaos on real processes: rounds of load during which something dies, and an audit of every call after each.

The seed draws kinds, faults and the moments they are meant for; the machine's scheduling is its own.
"""
import asyncio, random, signal, sys, time, traceback

from audit import Audit
from client import Clients
from findings import Findings
from ledger import Ledger
from money import Reseller
from report import Report
from rounds import Faults, Round, schedule
from settings import CLIENTS, KINDS, ROUNDS, SEED
from world import World

RESELLERS = 4
# Files the program may have open once nobody calls: sockets of listeners, the provider and the database, and a few logs.
FILES_AT_REST = 400
# Seconds of load after something was mended.
AFTERWARDS_S = (0.2, 0.7)
# Seconds within which everything must be settled once nobody calls any more.
QUIET_WITHIN_S = 30
# Seconds for which notes of a dead boot may be found late: the program looks every minute.
NOTES_WITHIN_S = 75


class Chaos:
    def __init__(self):
        self.rng, self.world, self.findings = random.Random(SEED), World(), Findings()
        self.clients = Clients(self.world, random.Random(SEED + 1), CLIENTS)
        self.faults = Faults(self.world, self.clients, random.Random(SEED + 2))
        self.ledger = Ledger(self.world, self.findings)
        self.audit = Audit(self.world, self.ledger, self.findings)
        self.resellers = [Reseller(self.world, random.Random(SEED + 3 + i), f"shop{i}", self.findings) for i in range(RESELLERS)]
        self.report, self.heaviest = Report(self), (0, 0)

    async def set_up(self):
        await self.world.set_up()
        for reseller in self.resellers:
            # In a thread, since the way to the database is carried on this one.
            await asyncio.to_thread(reseller.sign_in)
            await reseller.set_up()
            self.ledger.watch(reseller.account)
        self.ends = [asyncio.create_task(reseller.go_on()) for reseller in self.resellers]
        self.clients.start()

    async def run(self):
        await self.set_up()
        kinds = schedule(self.rng, ROUNDS, KINDS, self.world.mounts.is_possible)
        self.report.begins(kinds)
        for number, kind in enumerate(kinds, 1):
            round_ = Round(number, kind, self.resellers)
            began = time.monotonic()
            await self.play(round_)
            self.report.round(round_, time.monotonic() - began)
            if self.findings.lines:
                return 1
        self.audit.close()
        return self.report.verdict()

    async def play(self, round_):
        self.clients.round = round_.number
        self.clients.keys = [key for reseller in self.resellers for key in reseller.usable_keys()]
        self.open()
        await self.faults.play(round_)
        await asyncio.sleep(self.rng.uniform(*AFTERWARDS_S))
        await self.rest()
        await self.until_quiet()
        self.weigh()
        self.audit.compare(self.clients.take(), round_)
        await self.check(round_)

    def open(self):
        self.clients.is_open.set()
        for reseller in self.resellers:
            reseller.is_open.set()

    async def rest(self):
        await asyncio.gather(self.clients.rest(), *(reseller.rest() for reseller in self.resellers))

    async def until_quiet(self):
        """Nothing is open, under way, or only in the spool."""
        patience, figures = time.monotonic() + QUIET_WITHIN_S, {}
        while time.monotonic() < patience:
            figures = await self.world.figures()
            if not any(figures[name] for name in ("open_calls", "settlements_under_way", "spooled")):
                return
            await asyncio.sleep(0.02)
        self.findings.add(f"not settled within {QUIET_WITHIN_S} s after the last call: {figures}")

    def weigh(self):
        """At rest nothing may pile up in the program."""
        self.heaviest = tuple(map(max, self.heaviest, self.world.weight()))
        self.findings.unless(self.heaviest[1] <= FILES_AT_REST, lambda: f"the program at rest has {self.heaviest[1]} open files")

    async def check(self, round_):
        patience = time.monotonic() + NOTES_WITHIN_S
        while broken := await self.world.check():
            only_late_notes = all("BROKEN" not in line or line[:3] in ("C4 ", "C7 ") for line in broken) and round_.kills
            if not only_late_notes or time.monotonic() > patience:
                self.findings.add("derouter check:\n" + "\n".join(broken))
                return
            await asyncio.sleep(2)
        if not round_.kills:
            self.findings.unless(self.ledger.notes() == 0, lambda: f"{self.ledger.notes()} notes of calls that ended are open")


async def main():
    chaos, code = Chaos(), 1
    for told in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(told, asyncio.current_task().cancel)
    try:
        code = await chaos.run()
    except SystemExit as error:
        chaos.findings.add(f"the suite could not go on: {error}")
    except asyncio.CancelledError:
        chaos.findings.add("the suite was stopped")
    except Exception:
        chaos.findings.add(f"the suite broke: {traceback.format_exc()}")
    finally:
        code = code or bool(chaos.findings.lines)
        chaos.report.ends(code)
        await chaos.world.take_down(is_evidence=bool(code))
    return int(code)


sys.exit(asyncio.run(main()))
