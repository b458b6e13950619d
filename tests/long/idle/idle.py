#!/usr/bin/env python3
"""Key holders beside idle strangers: idle.py API_URL CLIENT_KEY SERVER_PID CONNECTIONS

Calls are made one after another, each on a connection of its own and on one that stays, first alone and then while the
strangers hold their connections. It fails if a call is not answered, if the slowest takes longer than SLOWEST_S, if the
stream that began before the strangers came does not end whole, or if idle connections cost more than BUSY of a core.
"""
import http.client, json, os, pathlib, subprocess, sys, threading, time, urllib.parse

CALLS = 200
SLOWEST_S = 1.0
BUSY = 0.5
WATCHED_S = 10

HERE = pathlib.Path(__file__).resolve().parent
STREAM = {"tokens": 400, "chunks": 400, "delay_ms": 200}


class Caller:
    def __init__(self, url, key):
        self.address = urllib.parse.urlsplit(url)
        self.headers = {"x-api-key": key, "anthropic-version": "2023-06-01", "content-type": "application/json"}
        self.kept = self.connect()

    def connect(self):
        return http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=120)

    def ask(self, connection, script, streamed=False):
        body = {"model": "claude-haiku-4-5", "max_tokens": 500, "stream": streamed,
                "messages": [{"role": "user", "content": f"Good morning. [[sandbox {json.dumps(script)}]]"}]}
        connection.request("POST", "/v1/messages", json.dumps(body), self.headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            raise SystemExit(f"FAIL  a key holder's call was answered {answer.status}: {text}")
        return text

    def times(self, fresh):
        """Seconds of each of CALLS calls, in order of length."""
        took = []
        for _ in range(CALLS):
            began = time.monotonic()
            connection = self.connect() if fresh else self.kept
            self.ask(connection, {})
            if fresh:
                connection.close()
            took.append(time.monotonic() - began)
        return sorted(took)

    def told(self, when):
        slowest = 0
        for fresh, how in ((True, "each on a new connection"), (False, "on one that stays")):
            took = self.times(fresh)
            slowest = max(slowest, took[-1])
            print(f"{when}, {how}: p50 {1e3 * took[len(took) // 2]:.1f} ms, p99 {1e3 * took[len(took) * 99 // 100]:.1f} ms, "
                  f"most {1e3 * took[-1]:.1f} ms", flush=True)
        return slowest


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def holders(address, count):
    """Two processes: the hard limit of open files may be below the number of connections."""
    share = [(count + 1) // 2, count // 2]
    return [subprocess.Popen([sys.executable, HERE / "holder.py", address.hostname, str(address.port), f"127.0.1.{n}", str(c)],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for n, c in enumerate(share, 1)]


def main(url, key, pid, count):
    caller, streamed = Caller(url, key), []
    caller.told("alone")
    stream = threading.Thread(target=lambda: streamed.append(caller.ask(caller.connect(), STREAM, streamed=True)))
    began = time.monotonic()
    stream.start()
    held = holders(caller.address, int(count))
    for holder in held:
        if holder.stdout.readline() != "open\n":
            raise SystemExit("FAIL  the strangers' connections could not be opened")
    print(f"{count} connections were opened in {time.monotonic() - began:.1f} s, the program has {memory_mb(pid):.0f} MB", flush=True)
    used = cpu_seconds(pid)
    time.sleep(WATCHED_S)
    busy = (cpu_seconds(pid) - used) / WATCHED_S
    slowest = caller.told("beside them")
    running = not streamed
    seen = []
    for holder in held:
        holder.stdin.close()
        seen.append(json.loads(holder.stdout.read()))
        holder.wait()
    stream.join()
    print("the strangers saw " + ", ".join(f"{name}: {sum(one[name] for one in seen)}" for name in seen[0]))
    print(f"idle connections cost {busy:.2f} of a core")
    wrong = [words for words, holds in (
        (f"a call took {slowest:.2f} s", slowest <= SLOWEST_S),
        (f"{busy:.2f} of a core went to idle connections", busy <= BUSY),
        ("the stream ended before the calls: nothing was shown of it", running),
        ("the stream was not whole", len(streamed) == 1 and "message_stop" in streamed[0]),
    ) if not holds]
    if wrong:
        raise SystemExit("FAIL  " + "; ".join(wrong))
    print("Key holders were served as if nobody else was there.")


if __name__ == "__main__":
    main(*sys.argv[1:])
