"""What one call asks of the provider: drawn by a client, sent inside the request, read by the upstream and the audit."""
import json

MODEL = "claude-haiku-4-5"
# Nano-dollars a token, from config/prices.toml: $1 and $5 per million.
INPUT, OUTPUT = 1_000, 5_000
# Output tokens a stream holds at the start, whatever it may become.
SLICE = 4_096
ID = "msg_chaos_"
# How an answer ends: whole, or broken in each way a provider breaks.
BROKEN = ("reset", "error", "no_terminal")


class Plan:
    """Tokens, pace and end of one answer.

    `first` output tokens are reported at the start, `out` at the end: a cut answer costs something between.
    """

    FIELDS = ("nonce", "inp", "out", "first", "chunks", "delay_ms", "end", "status")

    def __init__(self, **fields):
        self.__dict__.update(fields)

    @classmethod
    def draw(cls, rng, nonce, is_long=False):
        end = rng.choices(("whole", *BROKEN, "silent"), (92, 2, 2, 2, 0.3))[0]
        status = 529 if rng.random() < 0.01 else 200
        out = rng.randint(6_000, 9_000) if is_long else rng.randint(4, 150)
        first = out if rng.random() < 0.5 else 1
        pace = rng.randint(1, 60) if rng.random() < 0.9 else rng.randint(60, 150)
        return cls(nonce=nonce, inp=rng.randint(1, 90), out=out, first=first, chunks=rng.randint(1, 12), delay_ms=pace,
                   end=end, status=status)

    @classmethod
    def of_request(cls, request):
        plan = cls(**dict(zip(cls.FIELDS, json.loads(request["messages"][0]["content"]))))
        # The program may have lowered the limit to what the key affords.
        plan.out = min(plan.out, request["max_tokens"])
        plan.first = min(plan.first, plan.out)
        return plan

    def request(self, is_streamed, padding):
        """The body, and the limit of output tokens it states."""
        limit = 20_000 if self.out > 200 else 200
        text = json.dumps([getattr(self, name) for name in self.FIELDS])
        text += " " * padding
        body = {"model": MODEL, "max_tokens": limit, "stream": is_streamed, "messages": [{"role": "user", "content": text}]}
        return json.dumps(body).encode(), limit

    @property
    def delay_s(self):
        return self.delay_ms / 1000

    def usage(self, done):
        return {"input_tokens": self.inp, "output_tokens": self.out if done else self.first}

    def message(self, done):
        content = [{"type": "text", "text": "chaos " * 4}] if done else []
        return {"id": f"{ID}{self.nonce}", "type": "message", "role": "assistant", "model": MODEL, "content": content,
                "stop_reason": "end_turn" if done else None, "stop_sequence": None, "usage": self.usage(done)}

    def events(self):
        """Each event with what the log says of it; its text is so short that its estimate is at most `out`."""
        yield "start", sse("message_start", message=self.message(done=False))
        yield None, sse("content_block_start", index=0, content_block={"type": "text", "text": ""})
        for _ in range(self.chunks if self.end == "whole" else max(1, self.chunks // 2)):
            yield "content", sse("content_block_delta", index=0, delta={"type": "text_delta", "text": "."})
        if self.end == "error":
            yield None, sse("error", error={"type": "overloaded_error", "message": "Overloaded"})
        if self.end == "whole":
            yield None, sse("content_block_stop", index=0)
            yield None, sse("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage=self.usage(True))
            yield "end", sse("message_stop")


def cost(inp, out):
    """Nano-dollars."""
    return inp * INPUT + out * OUTPUT


def sse(kind, **fields):
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def nonce_of(upstream_id):
    return int(upstream_id.removeprefix(ID)) if upstream_id and upstream_id.startswith(ID) else None
