#!/usr/bin/env python3
"""The model provider of the suite: answers by the plan inside each request, and keeps its own log of what it did.

upstream.py PORT LOG    one JSON line an act: who was asked, what was sent, how the connection ended. Append-only.

"Sent" means given to the kernel, so it is the most the program can have seen of an answer; clients log the least.
"""
import asyncio, json, os, sys, time

sys.path.insert(0, os.path.dirname(__file__))
from wire import HEAD_END, Gone, read_head
from plan import Plan

JSON_HEAD = "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
SSE_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class Upstream:
    def __init__(self, log):
        self.log = open(log, "ab", buffering=0)

    def note(self, nonce, act, **more):
        self.log.write(json.dumps({"n": nonce, "act": act, "at": time.time(), **more}).encode() + b"\n")

    async def serve(self, reader, writer):
        try:
            while await self.answer_one(reader, writer):
                pass
        except (Gone, ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def answer_one(self, reader, writer):
        """False where the connection is not to be used again."""
        _, headers = await read_request_head(reader)
        request = json.loads(await reader.readexactly(int(headers["content-length"])))
        plan = Plan.of_request(request)
        self.note(plan.nonce, "asked", inp=plan.inp, first=plan.first, out=plan.out)
        try:
            await asyncio.sleep(plan.delay_s)
            await (self.stream if request.get("stream") else self.whole)(plan, writer)
            return plan.end == "whole" or plan.status != 200
        except ConnectionError:
            self.note(plan.nonce, "gone")
            raise

    async def send(self, plan, writer, data, act=None):
        if writer.is_closing():
            raise ConnectionResetError
        # Written before it is sent: the log may say too much, never too little.
        if act:
            self.note(plan.nonce, act)
        writer.write(data)
        await writer.drain()

    async def refuse(self, plan, writer):
        body = json.dumps({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}).encode()
        await self.send(plan, writer, JSON_HEAD.format(status=plan.status, length=len(body)).encode() + body, "refused")

    async def whole(self, plan, writer):
        if plan.status != 200:
            return await self.refuse(plan, writer)
        if plan.end == "silent":
            return None
        body = json.dumps(plan.message(done=True)).encode()
        head = JSON_HEAD.format(status=200, length=len(body)).encode()
        await asyncio.sleep(plan.delay_s * plan.chunks)
        if plan.end != "whole":
            return await self.send(plan, writer, head + body[:len(body) // 2], "half")
        await self.send(plan, writer, head + body, "end")

    async def stream(self, plan, writer):
        if plan.status != 200:
            return await self.refuse(plan, writer)
        if plan.end == "silent":
            return None
        await self.send(plan, writer, SSE_HEAD)
        for act, event in plan.events():
            await self.send(plan, writer, chunk(event), act)
            if act == "content":
                await asyncio.sleep(plan.delay_s)
        if plan.end == "reset":
            writer.transport.abort()
            raise Gone("reset on purpose")
        await self.send(plan, writer, b"0\r\n\r\n")


async def read_request_head(reader):
    text = await reader.readuntil(HEAD_END)
    lines = text.decode("latin-1").split("\r\n")
    return lines[0], {n.strip().lower(): v.strip() for n, v in (line.split(":", 1) for line in lines[1:] if line)}


def chunk(event):
    return b"%x\r\n%s\r\n" % (len(event), event)


async def main(port, log):
    server = await asyncio.start_server(Upstream(log).serve, "127.0.0.1", port, backlog=1024)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
