"""The way from the program to its database, which a round may slow down, cut, or block."""
import asyncio


class Proxy:
    """Carries bytes between a port and PostgreSQL's socket.

    `delay_s` is added to every part in both directions; while `is_open` is not set nothing passes and nothing is closed.
    """

    def __init__(self, port, socket_path):
        self.port, self.socket_path = port, socket_path
        self.delay_s, self.writers, self.tasks = 0.0, set(), set()
        self.is_open = asyncio.Event()
        self.is_open.set()

    async def start(self):
        self.server = await asyncio.start_server(self.accept, "127.0.0.1", self.port)

    def accept(self, reader, writer):
        self.writers.add(writer)
        task = asyncio.create_task(self.join(reader, writer))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def join(self, reader, writer):
        try:
            await self.is_open.wait()
            up_reader, up_writer = await asyncio.open_unix_connection(self.socket_path)
        except OSError:
            return self.close(writer)
        self.writers.add(up_writer)
        await asyncio.gather(self.carry(reader, up_writer), self.carry(up_reader, writer))
        self.close(up_writer)
        self.close(writer)

    async def carry(self, reader, writer):
        try:
            while part := await reader.read(65536):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                await self.is_open.wait()
                writer.write(part)
                await writer.drain()
        except OSError:
            pass
        writer.close()

    def close(self, writer):
        self.writers.discard(writer)
        writer.transport.abort()

    def cut(self, rng=None, share=1.0):
        """Ends connections on both sides at once, what was under way in them too; only a share of them, if one is given."""
        for writer in list(self.writers):
            if rng is None or rng.random() < share:
                self.close(writer)

    def block(self):
        self.is_open.clear()

    def heal(self):
        self.delay_s = 0.0
        self.is_open.set()
