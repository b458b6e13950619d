"""Rounds in which the database, the way to it, a disk or Redis fails."""
import asyncio, os, signal, time


class StoreFaults:
    async def stop(self, round_):
        """`immediate`: what was not committed is gone, and no session is told goodbye."""
        await self.wait(0.1, 0.8)
        await self.world.signal("postgres", signal.SIGQUIT)
        is_killed = self.rng.random() < 0.15
        round_.how = "stop, and a kill" if is_killed else "stop"
        began = time.monotonic()
        await self.wait(0.05, 1.5)
        if is_killed:
            await self.kill_program(round_)
        self.world.start_postgres()
        await self.world.until_postgres()
        round_.store_away_s = time.monotonic() - began
        if is_killed:
            await self.start_program(round_)
        else:
            self.recoveries["stop"].append(await self.until_ready_again())

    async def cut(self, round_):
        """Connections end at drawn moments, some before their answer, some after it was sent."""
        for _ in range(self.rng.randint(1, 4)):
            await self.wait(0.05, 0.5)
            self.world.proxy.cut(self.rng, share=self.rng.choice((0.3, 1.0)))
        await self.until_ready_again()

    async def block(self, round_):
        """Nothing passes and nothing ends; then either all of it arrives late, or the connections are found dead."""
        await self.wait(0.1, 0.5)
        self.world.proxy.block()
        await self.wait(0.2, 2.5)
        if self.rng.random() < 0.5:
            self.world.proxy.cut()
        self.world.proxy.heal()
        await self.until_ready_again()

    async def slow(self, round_):
        self.world.proxy.delay_s = self.rng.choice((0.002, 0.02, 0.1, 0.4))
        round_.how = f"slow, {self.world.proxy.delay_s} s each way"
        await self.wait(1.0, 2.0)
        if self.rng.random() < 0.3:
            self.world.proxy.cut()
        self.world.proxy.heal()
        await self.until_ready_again()

    async def terminate(self, round_):
        """An operator of the database ends sessions; or one of its processes is killed, and it restarts by itself."""
        ours = "FROM pg_stat_activity WHERE datname = 'derouter' AND backend_type = 'client backend'"
        await self.wait(0.1, 0.8)
        if self.rng.random() < 0.5:
            round_.how = "terminate, in order"
            self.world.sql(f"SELECT count(pg_terminate_backend(pid)) {ours}")
        else:
            round_.how = "terminate, a process killed"
            pids = self.world.sql(f"SELECT pid {ours}").split()
            os.kill(int(self.rng.choice(pids)), signal.SIGKILL)
            await self.world.until_postgres()
        await self.wait(0.05, 0.4)
        await self.until_ready_again()

    async def stranger(self, round_):
        """Somebody else's session holds the row of an account; in half of the rounds the program is killed meanwhile."""
        account = self.rng.choice(round_.resellers).account
        await self.wait(0.1, 0.5)
        held = self.rng.uniform(0.5, 3.5)
        lock = f"BEGIN; SELECT 1 FROM ledger.account WHERE account_id = '{account}' FOR UPDATE; SELECT pg_sleep({held})"
        holding = asyncio.create_task(asyncio.to_thread(self.world.sql, lock, "derouter"))
        round_.store_away_s = held
        if self.rng.random() < 0.5:
            round_.how = "stranger, and a kill"
            await self.wait(0.2, held)
            await self.kill_program(round_)
            await self.start_program(round_)
        await holding
        await self.until_ready_again()

    async def spool_full(self, round_):
        """No room for settlements while the database is away: what ends then has no clean end, and is not billed."""
        is_killed = self.rng.random() < 0.3
        round_.how = "spool-full, and a kill" if is_killed else "spool-full"
        round_.disk_was_full = True
        await self.wait(0.1, 0.4)
        self.world.mounts.fill("spool", pages=self.rng.choice((0, 0, 1, 2)))
        self.world.proxy.block()
        self.world.proxy.cut()
        began = time.monotonic()
        await self.wait(0.3, 1.0)
        round_.store_away_s = time.monotonic() - began
        if is_killed:
            await self.kill_program(round_)
            self.world.mounts.free("spool")
            self.world.proxy.heal()
            return await self.start_program(round_)
        self.world.mounts.free("spool")
        await self.wait(0.0, 0.5)
        self.world.proxy.heal()
        await self.until_ready_again()

    async def disk_full(self, round_):
        """No room for one more page of any table."""
        is_killed = self.rng.random() < 0.3
        round_.how = "disk-full, and a kill" if is_killed else "disk-full"
        await self.wait(0.1, 0.4)
        self.world.mounts.fill("small")
        round_.store_away_s = self.rng.uniform(0.8, 2.0)
        await asyncio.sleep(round_.store_away_s)
        if is_killed:
            await self.kill_program(round_)
        self.world.mounts.free("small")
        if is_killed:
            await self.start_program(round_)
        await self.until_ready_again()

    async def redis(self, round_):
        round_.is_harmless = True
        await self.wait(0.1, 0.5)
        await self.world.signal("redis", signal.SIGKILL)
        await self.wait(0.5, 1.2)
        self.world.start_redis()
