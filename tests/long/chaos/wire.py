"""HTTP/1.1 by hand on asyncio: what the suite asks of the program, one connection a request."""
import asyncio, json, urllib.parse

HEAD_END = b"\r\n\r\n"


class Gone(Exception):
    """The connection could not be made, or ended before the answer did."""


class Answer:
    def __init__(self, status, headers, body=b""):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


def request_bytes(method, path, headers, body):
    lines = [f"{method} {path} HTTP/1.1", "host: chaos", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + HEAD_END + body


async def read_head(reader):
    try:
        text = (await reader.readuntil(HEAD_END)).decode("latin-1")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError) as error:
        raise Gone("no head") from error
    first, *lines = text.split("\r\n")
    headers = {}
    for line in filter(None, lines):
        name, value = line.split(":", 1)
        headers[name.strip().lower()] = value.strip()
    return int(first.split(" ", 2)[1]), headers


async def parts(reader, headers):
    """The body as it comes; ends normally only where the body does."""
    try:
        if headers.get("transfer-encoding") == "chunked":
            while size := int((await reader.readline()).split(b";")[0] or b"x", 16):
                yield (await reader.readexactly(size + 2))[:-2]
            await reader.readexactly(2)
        else:
            left = int(headers.get("content-length", "0"))
            while left:
                part = await reader.read(min(left, 65536))
                if not part:
                    raise Gone("the body is short")
                left -= len(part)
                yield part
    except (asyncio.IncompleteReadError, ValueError, OSError) as error:
        raise Gone("the body was cut") from error


async def connect(port):
    try:
        return await asyncio.open_connection("127.0.0.1", port, limit=1 << 18)
    except OSError as error:
        raise Gone("nobody listens") from error


async def ask(port, method, path, headers=None, body=None, within=20):
    """One whole answer.

    Raises Gone where there is none, also where it takes longer than `within` seconds: then nothing is known.
    """
    if isinstance(body, dict):
        headers, body = {"content-type": "application/json", **(headers or {})}, json.dumps(body).encode()

    async def talk():
        reader, writer = await connect(port)
        try:
            writer.write(request_bytes(method, path, {"connection": "close", **(headers or {})}, body or b""))
            status, found = await read_head(reader)
            whole = b"".join([part async for part in parts(reader, found)])
            return Answer(status, found, whole)
        finally:
            writer.transport.abort()

    try:
        return await asyncio.wait_for(talk(), within)
    except (asyncio.TimeoutError, OSError) as error:
        raise Gone(f"{path}: no answer within {within} s") from error


def form(fields):
    return {"content-type": "application/x-www-form-urlencoded"}, urllib.parse.urlencode(fields).encode()
