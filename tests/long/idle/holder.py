#!/usr/bin/env python3
"""Holds idle connections until its input ends: holder.py HOST PORT SOURCE COUNT

A third says nothing, a third half of a head, a third asks for what needs no key and stays. What the server closes is opened
again, at most REOPENED a second. It prints "open" once each was open, and at the end what it saw, as JSON.
"""
import errno, heapq, json, selectors, socket, sys, time

REOPENED = 500

WHOLE = b"GET /healthz HTTP/1.1\r\nhost: api\r\n\r\n"
SAID = [b"", WHOLE[:20], WHOLE]


class Holder:
    def __init__(self, server, source, count):
        self.server, self.source, self.selector = server, source, selectors.DefaultSelector()
        self.seen = {"opened": 0, "closed": 0, "refused": 0}
        self.due = [(0.0, number) for number in range(count)]
        self.next_free = time.monotonic()

    def open_one(self, number):
        one = socket.socket()
        one.setblocking(False)
        one.bind((self.source, 0))
        if one.connect_ex(self.server) not in (0, errno.EINPROGRESS):
            self.lost(one, number, "refused")
            return
        self.selector.register(one, selectors.EVENT_WRITE, number)

    def lost(self, one, number, why):
        self.seen[why] += 1
        one.close()
        self.next_free = max(self.next_free + 1 / REOPENED, time.monotonic())
        heapq.heappush(self.due, (self.next_free, number))

    def opened(self, one, number):
        if one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.selector.unregister(one)
            self.lost(one, number, "refused")
            return
        self.seen["opened"] += 1
        one.send(SAID[number % len(SAID)])
        self.selector.modify(one, selectors.EVENT_READ, number)

    def read(self, one, number):
        try:
            came = one.recv(4096)
        except ConnectionError:
            came = b""
        if not came:
            self.selector.unregister(one)
            self.lost(one, number, "closed")

    def turn(self):
        for _ in range(200):
            if not self.due or self.due[0][0] > time.monotonic():
                break
            self.open_one(heapq.heappop(self.due)[1])
        for key, _ in self.selector.select(0 if self.due else 0.1):
            if key.data is None:
                return False
            (self.opened if key.events == selectors.EVENT_WRITE else self.read)(key.fileobj, key.data)
        return True


def main(host, port, source, count):
    holder, told = Holder((host, int(port)), source, int(count)), False
    holder.selector.register(sys.stdin, selectors.EVENT_READ, None)
    while holder.turn():
        if not told and holder.seen["opened"] >= int(count):
            told = True
            print("open", flush=True)
    print(json.dumps(holder.seen), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
