"""Rounds in which the program itself dies, stops in order, or stands still."""
import asyncio, signal, time

# Answers of so many quarters of a second run when a stop in order begins; its limit is 5 s in the dev profile.
SLOW = (4, 30)


class ProgramFaults:
    async def kill(self, round_):
        how = self.rng.choices(("once", "in recovery", "twice", "store away"), (60, 15, 10, 15))[0]
        round_.how = f"kill, {how}"
        await self.wait(0.02, 1.2)
        await {"once": self.kill_once, "in recovery": self.kill_in_recovery, "twice": self.kill_twice,
               "store away": self.kill_with_store_away}[how](round_)

    async def kill_once(self, round_):
        await self.kill_program(round_)
        await self.start_program(round_, "kill")

    async def kill_in_recovery(self, round_):
        await self.kill_program(round_)
        for _ in range(self.rng.randint(1, 3)):
            self.world.start_program()
            await self.wait(0, 0.3)
            await self.kill_program(round_)
        await self.start_program(round_, "kill")

    async def kill_twice(self, round_):
        await self.kill_once(round_)
        await self.wait(0, 0.15)
        await self.kill_once(round_)

    async def kill_with_store_away(self, round_):
        """Settlements wait in the spool then, and notes nowhere; what is on its way to the database arrives after the death."""
        if self.rng.random() < 0.7:
            self.world.proxy.block()
        else:
            self.world.proxy.delay_s = self.rng.choice((0.05, 0.3))
        away = self.rng.uniform(0.1, 2.5)
        await asyncio.sleep(away)
        round_.store_away_s = away
        await self.kill_program(round_)
        self.world.proxy.heal()
        await self.start_program(round_, "kill")

    async def term(self, round_):
        """A stop in order: what can end within its limit ends, what cannot is cut, and nothing is lost; the store may be away."""
        how = self.rng.choices(("", ", store away", ", and a kill"), (6, 2, 2))[0]
        round_.how, round_.is_stop = "term" + how, True
        slow = [asyncio.create_task(self.clients.call_once(slow=n)) for n in SLOW for _ in range(5)]
        await self.wait(0.4, 1.0)
        if how == ", store away":
            self.world.proxy.block()
            self.world.proxy.cut()
        if how == ", and a kill":
            self.world.processes["program"].send_signal(signal.SIGTERM)
            await self.wait(0, 2)
            await self.kill_program(round_)
        elif code := await self.world.signal("program", signal.SIGTERM):
            raise SystemExit(f"a stop in order ended with {code}")
        self.world.proxy.heal()
        await asyncio.gather(*slow)
        await self.start_program(round_, "term")

    async def second(self, round_):
        """Another program on the same database must be refused, and nobody may notice that it tried."""
        round_.is_harmless = True
        await self.wait(0.1, 0.5)
        code = await self.world.second_program()
        if code == 0:
            raise SystemExit("a second program on the same database was not refused")

    async def pause(self, round_):
        """The program stands still for a while, as on a machine that is out of breath; nothing is lost by it."""
        await self.wait(0.1, 0.8)
        self.world.processes["program"].send_signal(signal.SIGSTOP)
        await self.wait(0.3, 2.0)
        self.world.processes["program"].send_signal(signal.SIGCONT)
        await self.until_ready_again()

    async def provider(self, round_):
        """The provider dies in all its answers at once, and comes back."""
        round_.provider_died = True
        await self.wait(0.2, 0.8)
        await self.world.signal("upstream", signal.SIGKILL)
        await self.wait(0.1, 0.8)
        self.world.start_upstream()
