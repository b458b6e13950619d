"""What the official Python SDK must see of us, for its old and its new major version.

Run by ../run.sh. With DIRECT=1 the SDK speaks to the sandbox provider itself, which checks the suite; then the cases
that are about our own refusals ask the sandbox to refuse.
"""

import json
import os
import sys
import traceback
import urllib.request
from contextlib import ExitStack, contextmanager
from decimal import Decimal

import anthropic

DIRECT = os.environ.get("DIRECT") == "1"
BASE_URL = os.environ["DEROUTER_BASE_URL"]
KEY = os.environ["DEROUTER_KEY"]
SANDBOX_URL = os.environ["SANDBOX_URL"]
MODEL = os.environ.get("DEROUTER_MODEL", "claude-sonnet-5-5")
SLOTS = int(os.environ.get("DEROUTER_SLOTS", "5"))
NEW = int(anthropic.__version__.split(".")[0]) >= 2

CASES = []
TOOL = {
    "name": "weather",
    "description": "Tells the weather of a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def case(sentence, proxied_only=False):
    def register(run):
        if not (DIRECT and proxied_only):
            CASES.append((sentence, run))
        return run

    return register


def sandbox(method, path, body=None):
    payload = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(SANDBOX_URL + path, data=payload, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


@contextmanager
def scenario(script):
    sandbox("PUT", "/_sandbox/scenario", script)
    try:
        yield
    finally:
        sandbox("DELETE", "/_sandbox/scenario")


class Caller:
    """A client that counts its attempts, retries of the SDK included."""

    def __init__(self, key=KEY, on_answer=None):
        self.attempts = 0
        hooks = {"request": [self._count]}
        if on_answer:
            hooks["response"] = [on_answer]
        http_client = anthropic.DefaultHttpxClient(event_hooks=hooks, timeout=60)
        self.sdk = anthropic.Anthropic(api_key=key, base_url=BASE_URL, http_client=http_client)

    def _count(self, _request):
        self.attempts += 1

    def ask(self, text="Good morning.", **more):
        return self.sdk.messages.create(**question(text, **more))

    def stream(self, text="Good morning.", **more):
        return self.sdk.messages.stream(**question(text, **more))


def question(text, **more):
    return {"model": MODEL, "max_tokens": 300, "messages": [{"role": "user", "content": text}]} | more


def scripted(text, **script):
    return f"{text} [[sandbox {json.dumps(script)}]]"


def raised(kind, run):
    """The exception `run` raises; anything else, a returned message above all, fails the case."""
    try:
        result = run()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__} was raised, but {result!r} returned")


def final_message(caller, text, **more):
    with caller.stream(text, **more) as stream:
        return stream.get_final_message()


def equal(got, wanted):
    assert got == wanted, f"{got!r} is not {wanted!r}"


@case("a buffered call answers")
def buffered():
    message = Caller().ask("Good morning.")
    equal(message.content[0].text, "The sandbox heard you say: Good morning.")
    equal((message.role, message.model, message.stop_reason), ("assistant", MODEL, "end_turn"))
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0


@case("a streamed call answers the same")
def streamed():
    with Caller().stream("Good morning.") as stream:
        text = "".join(stream.text_stream)
        message = stream.get_final_message()
    equal(text, "The sandbox heard you say: Good morning.")
    equal((message.content[0].text, message.stop_reason), (text, "end_turn"))
    assert message.usage.output_tokens > 1


@case("a raw stream brings every event in order")
def raw_stream():
    events = Caller().ask(stream=True)
    kinds = [event.type for event in events if event.type != "ping"]
    equal((kinds[0], kinds[-2], kinds[-1]), ("message_start", "message_delta", "message_stop"))


@case("an asynchronous client streams")
def asynchronous():
    import asyncio

    async def run():
        async with anthropic.AsyncAnthropic(api_key=KEY, base_url=BASE_URL) as sdk:
            async with sdk.messages.stream(**question("Good morning.")) as stream:
                return await stream.get_final_message()

    equal(asyncio.run(run()).content[0].text, "The sandbox heard you say: Good morning.")


@case("thinking arrives with its signature")
def thinking():
    message = final_message(Caller(), scripted("Think.", scenario="thinking"))
    equal([block.type for block in message.content], ["thinking", "text"])
    # The old SDK passes the block on without knowing how to put it together.
    assert not NEW or (message.content[0].thinking and message.content[0].signature)


@case("cache usage arrives as the provider reported it")
def cache_usage():
    for message in (Caller().ask(scripted("x", scenario="cached")), final_message(Caller(), scripted("x", scenario="cached"))):
        usage = message.usage
        equal((usage.input_tokens, usage.cache_read_input_tokens), (1000, 30011))
        equal((usage.cache_creation_input_tokens, usage.output_tokens), (9016, 2003))


@case("a tool is called, and its result ends the round")
def tools():
    for call in (lambda **more: Caller().ask(**more), lambda **more: final_message(Caller(), **more)):
        asked = {"role": "user", "content": "What is the weather in Paris?"}
        called = call(text="", messages=[asked], tools=[TOOL], tool_choice={"type": "any"})
        equal(called.stop_reason, "tool_use")
        block = called.content[-1]
        equal((block.type, block.name, block.input), ("tool_use", "weather", {"city": "Paris"}))
        answered = {"role": "assistant", "content": [{"type": "tool_use", "id": block.id, "name": block.name, "input": block.input}]}
        result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": block.id, "content": "sunny"}]}
        equal(call(text="", messages=[asked, answered, result], tools=[TOOL]).stop_reason, "end_turn")


@case("tokens are counted")
def count_tokens():
    sdk = Caller().sdk
    messages = sdk.messages if hasattr(sdk.messages, "count_tokens") else sdk.beta.messages
    counted = messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": "Good morning."}])
    assert counted.input_tokens > 0


@case("models are listed and can be looked up", proxied_only=True)
def models():
    sdk = Caller().sdk
    if not hasattr(sdk, "models"):
        listed = sdk.get("/v1/models?limit=1000", cast_to=object)["data"]
        equal(sdk.get(f"/v1/models/{MODEL}", cast_to=object)["id"], MODEL)
        assert MODEL in [model["id"] for model in listed]
        return
    listed = list(sdk.models.list(limit=5))
    assert MODEL in [model.id for model in listed] and len(listed) > 5, "the pages do not add up"
    found = sdk.models.retrieve(MODEL)
    equal((found.id, found.type), (MODEL, "model"))
    raised(anthropic.NotFoundError, lambda: sdk.models.retrieve("no-such-model"))


@case("the provider's limits do not reach the client, our own do", proxied_only=True)
def headers():
    answer = Caller().sdk.messages.with_raw_response.create(**question(scripted("x", scenario="leaky_headers")))
    for name in ("anthropic-organization-id", "anthropic-ratelimit-tokens-limit", "set-cookie", "cf-ray", "server", "via"):
        assert name not in answer.headers, name
    assert answer.headers["request-id"].startswith("req_")
    assert Decimal(answer.headers["x-credit-cost"]) > 0
    assert int(answer.headers["anthropic-ratelimit-requests-limit"]) > 0


def refusals():
    """Status, exception of the new SDK, of the old one, attempts, and how the refusal comes about."""
    sdk = anthropic
    of = lambda name: getattr(sdk, name, None)
    status = sdk.APIStatusError
    return [
        ("400", {400}, sdk.BadRequestError, sdk.BadRequestError, 1, by_scenario("status_400")),
        ("401", {401}, sdk.AuthenticationError, sdk.AuthenticationError, 1, by_key("sk-ant-" + "0" * 64)),
        ("402", {402}, of("PaymentRequiredError"), status, 1, by_own_key("DEROUTER_POOR_KEY", "402")),
        ("403", {403}, sdk.PermissionDeniedError, sdk.PermissionDeniedError, 1, by_own_key("DEROUTER_PAUSED_KEY", "403")),
        ("404", {404}, sdk.NotFoundError, sdk.NotFoundError, 1, by_model()),
        ("413 of the provider", {413}, of("ContentTooLargeError"), status, 1, by_scenario("413")),
        ("413 of our own", {413}, of("ContentTooLargeError"), status, 1, by_size()),
        ("422", {422}, sdk.UnprocessableEntityError, sdk.UnprocessableEntityError, 1, by_scenario("422")),
    ]


def passing_refusals():
    """As [refusals], for troubles worth another try; last, because a provider in trouble is given a rest."""
    internal = anthropic.InternalServerError
    overloaded = getattr(anthropic, "OverloadedError", internal)
    return [
        ("500", {500, 502, 503}, internal, internal, 3, by_scenario("500", headers={"retry-after": "1"})),
        ("503", {502, 503}, internal, internal, 3, by_scenario("503", headers={"retry-after": "1"})),
        ("529", {529}, overloaded, internal, 3, by_scenario("529", headers={"retry-after": "1"})),
    ]


def by_scenario(name, **more):
    return lambda: (Caller(), {"text": scripted("x", scenario=name, **more)}, None)


def by_key(key):
    return lambda: (Caller(key=key), {}, None)


def by_own_key(variable, name):
    return by_scenario(name) if DIRECT else by_key(os.environ[variable])


def by_model():
    return by_scenario("404") if DIRECT else lambda: (Caller(), {"model": "no-such-model"}, None)


def by_size():
    # No script inside the body can be heeded before the body was read.
    large = {"text": "x" * (33 << 20)}
    return lambda: (Caller(), large, {"scenario": "413_early"} if DIRECT else None)


def check_refusal(statuses, kind, attempts, prepare, streamed):
    caller, more, script = prepare()
    with ExitStack() as stack:
        if script is not None:
            stack.enter_context(scenario(script))
        run = (lambda: final_message(caller, **({"text": "x"} | more))) if streamed else (lambda: caller.ask(**more))
        error = raised(kind, run)
    assert error.status_code in statuses, error.status_code
    assert error.body["error"]["message"] and error.body["error"]["type"], error.body
    equal(caller.attempts, attempts)


def register(rows):
    for name, statuses, new, old, attempts, prepare in rows:
        kind = new if NEW else old
        for streamed in (False, True):
            how = "streamed" if streamed else "buffered"
            run = lambda s=statuses, k=kind, a=attempts, p=prepare, st=streamed: check_refusal(s, k, a, p, st)
            CASES.append((f"{name} raises {kind.__name__} after {attempts} attempts, {how}", run))


register(refusals())


@case("too long a prompt says so in the provider's words")
def prompt_too_long():
    error = raised(anthropic.BadRequestError, lambda: Caller().ask(scripted("x", scenario="prompt_too_long")))
    assert "prompt is too long: 1000123 tokens > 1000000 maximum" in str(error), error


@contextmanager
def full_slots():
    """Holds every slot of the key with a slow stream; yields what gives them back."""
    with ExitStack() as streams:
        for _ in range(SLOTS):
            slow = scripted("Slowly.", scenario="long", tokens=300, delay_ms=1000)
            stream = streams.enter_context(Caller().stream(slow))
            next(iter(stream))
        yield streams.close


@case("429 is tried again while it lasts, and then raised", proxied_only=True)
def limited():
    with full_slots():
        caller = Caller()
        error = raised(anthropic.RateLimitError, lambda: caller.ask())
    equal(caller.attempts, 3)
    assert int(error.response.headers["retry-after"]) >= 1


@case("429 is got over once a slot is free", proxied_only=True)
def limited_once():
    with full_slots() as free:
        caller = Caller(on_answer=lambda answer: free() if answer.status_code == 429 else None)
        equal(caller.ask().stop_reason, "end_turn")
    assert caller.attempts in (2, 3), caller.attempts


if DIRECT:

    @case("429 is tried again while it lasts, and then raised")
    def limited_directly():
        caller = Caller()
        limit = scripted("x", scenario="429_retry_after", headers={"retry-after": "1"})
        raised(anthropic.RateLimitError, lambda: caller.ask(limit))
        equal(caller.attempts, 3)

    @case("a refusal that passes is got over")
    def passing():
        caller = Caller()
        with scenario([{"scenario": "529"}, {"scenario": "500"}]):
            equal(caller.ask().stop_reason, "end_turn")
        equal(caller.attempts, 3)


@case("an error in the middle of a stream raises and is not tried again")
def error_in_stream():
    caller = Caller()
    raised(anthropic.APIStatusError, lambda: final_message(caller, scripted("x", scenario="error_after_n")))
    equal(caller.attempts, 1)
    # Before any content it may also be refused before its head, and then tried again.
    raised(anthropic.APIStatusError, lambda: final_message(Caller(), scripted("x", scenario="error_before_content")))


# The SDK takes a stream that ends cleanly without its last event for a whole one, so we must never end it cleanly.
CUTS = ["reset_after_n", "close_before_content"] + ([] if DIRECT else ["no_terminal", "cut_mid_event"])


@case("a truncated stream raises and never returns a message")
def truncated():
    for name in CUTS:
        raised(Exception, lambda: final_message(Caller(), scripted("x", scenario=name)))
        raised(Exception, lambda: list(Caller().ask(scripted("x", scenario=name), stream=True)))


@case("a truncated buffered answer is never returned as a message")
def truncated_whole():
    for name in CUTS:
        raised(anthropic.APIError, lambda: Caller().ask(scripted("x", scenario=name)))


register(passing_refusals())


def main():
    failed = 0
    for sentence, run in CASES:
        try:
            run()
            print(f"ok    {sentence}", flush=True)
        except Exception as error:
            failed += 1
            where = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == __file__]
            print(f"FAIL  {sentence}: {error!r}, lines {where}", flush=True)
    print(f"python anthropic {anthropic.__version__}: {len(CASES) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
