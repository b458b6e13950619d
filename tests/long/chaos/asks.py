"""What the provider says it was asked and what it sent, by call: its log, read as it grows."""
import json
from types import SimpleNamespace


class Asks:
    """The provider's log, read as it grows."""

    def __init__(self, path):
        self.file, self.rest, self.asks = open(path, "rb"), b"", {}

    def read(self):
        *lines, self.rest = (self.rest + self.file.read()).split(b"\n")
        for line in map(json.loads, lines):
            fresh = SimpleNamespace(asked=0, start=0, content=0, end=0, half=0, refused=0, gone=0, at=line["at"])
            ask = self.asks.setdefault(line["n"], fresh)
            setattr(ask, line["act"], getattr(ask, line["act"]) + 1)
            if line["act"] == "asked":
                ask.inp, ask.first, ask.out, ask.at = line["inp"], line["first"], line["out"], line["at"]
