// What the official TypeScript SDK must see of us. Run by ../run.sh; the same cases as ../python/suite.py, which says
// what DIRECT=1 means.

import Anthropic from "@anthropic-ai/sdk";
import { VERSION } from "@anthropic-ai/sdk/version";

const env = process.env;
const DIRECT = env.DIRECT === "1";
const MODEL = env.DEROUTER_MODEL ?? "claude-sonnet-5-5";
const SLOTS = Number(env.DEROUTER_SLOTS ?? "5");
const SANDBOX = env.SANDBOX_URL;
const TOOL = {
  name: "weather",
  description: "Tells the weather of a city.",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const cases = [];

function add(sentence, run) {
  cases.push([sentence, run]);
}

function addProxied(sentence, run) {
  if (!DIRECT) add(sentence, run);
}

async function sandbox(method, path, body) {
  const answer = await fetch(SANDBOX + path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  if (!answer.ok) throw new Error(`the sandbox answers ${answer.status}: ${await answer.text()}`);
}

async function during(script, run) {
  if (script) await sandbox("PUT", "/_sandbox/scenario", script);
  try {
    return await run();
  } finally {
    if (script) await sandbox("DELETE", "/_sandbox/scenario");
  }
}

// A client that counts its attempts, retries of the SDK included.
function caller(key = env.DEROUTER_KEY, onAnswer = async () => {}) {
  const count = { attempts: 0 };
  const counting = async (...call) => {
    count.attempts += 1;
    const answer = await fetch(...call);
    await onAnswer(answer);
    return answer;
  };
  count.sdk = new Anthropic({ apiKey: key, baseURL: env.DEROUTER_BASE_URL, fetch: counting });
  return count;
}

function question(text, more = {}) {
  return { model: MODEL, max_tokens: 300, messages: [{ role: "user", content: text }], ...more };
}

const scripted = (text, script) => `${text} [[sandbox ${JSON.stringify(script)}]]`;
const whole = (client, text, more) => client.sdk.messages.create(question(text, more));
const streamed = (client, text, more) => client.sdk.messages.stream(question(text, more)).finalMessage();

async function raised(kind, run) {
  let result;
  try {
    result = await run();
  } catch (error) {
    if (error instanceof kind) return error;
    throw new Error(`not ${kind.name} but ${error.constructor.name}: ${error.message}`, { cause: error });
  }
  throw new Error(`no ${kind.name} was raised, but this returned: ${JSON.stringify(result)}`);
}

function equal(got, wanted) {
  const [left, right] = [JSON.stringify(got), JSON.stringify(wanted)];
  if (left !== right) throw new Error(`${left} is not ${right}`);
}

function holds(condition, what) {
  if (!condition) throw new Error(`does not hold: ${what}`);
}

add("a buffered call answers", async () => {
  const message = await whole(caller(), "Good morning.");
  equal(message.content[0].text, "The sandbox heard you say: Good morning.");
  equal([message.role, message.model, message.stop_reason], ["assistant", MODEL, "end_turn"]);
  holds(message.usage.input_tokens > 0 && message.usage.output_tokens > 0, "usage is reported");
});

add("a streamed call answers the same", async () => {
  const stream = caller().sdk.messages.stream(question("Good morning."));
  let text = "";
  stream.on("text", (piece) => (text += piece));
  const message = await stream.finalMessage();
  equal(text, "The sandbox heard you say: Good morning.");
  equal([message.content[0].text, message.stop_reason], [text, "end_turn"]);
});

add("a raw stream brings every event in order", async () => {
  const kinds = [];
  for await (const event of await whole(caller(), "x", { stream: true })) kinds.push(event.type);
  const told = kinds.filter((kind) => kind !== "ping");
  equal([told[0], told.at(-2), told.at(-1)], ["message_start", "message_delta", "message_stop"]);
});

add("thinking arrives with its signature", async () => {
  const message = await streamed(caller(), scripted("Think.", { scenario: "thinking" }));
  equal(message.content.map((block) => block.type), ["thinking", "text"]);
  holds(message.content[0].thinking && message.content[0].signature, "both parts are there");
});

add("cache usage arrives as the provider reported it", async () => {
  for (const call of [whole, streamed]) {
    const { usage } = await call(caller(), scripted("x", { scenario: "cached" }));
    equal([usage.input_tokens, usage.cache_read_input_tokens], [1000, 30011]);
    equal([usage.cache_creation_input_tokens, usage.output_tokens], [9016, 2003]);
  }
});

add("a tool is called, and its result ends the round", async () => {
  for (const call of [whole, streamed]) {
    const asked = { role: "user", content: "What is the weather in Paris?" };
    const called = await call(caller(), "", { messages: [asked], tools: [TOOL], tool_choice: { type: "any" } });
    equal(called.stop_reason, "tool_use");
    const { id, name, input, type } = called.content.at(-1);
    equal([type, name, input], ["tool_use", "weather", { city: "Paris" }]);
    const answered = { role: "assistant", content: [{ type, id, name, input }] };
    const result = { role: "user", content: [{ type: "tool_result", tool_use_id: id, content: "sunny" }] };
    equal((await call(caller(), "", { messages: [asked, answered, result], tools: [TOOL] })).stop_reason, "end_turn");
  }
});

add("tokens are counted", async () => {
  const { model, messages } = question("Good morning.");
  holds((await caller().sdk.messages.countTokens({ model, messages })).input_tokens > 0, "a count");
});

addProxied("models are listed and can be looked up", async () => {
  const { sdk } = caller();
  const ids = [];
  for await (const model of sdk.models.list({ limit: 5 })) ids.push(model.id);
  holds(ids.includes(MODEL) && ids.length > 5, "the pages add up");
  const found = await sdk.models.retrieve(MODEL);
  equal([found.id, found.type], [MODEL, "model"]);
  await raised(Anthropic.NotFoundError, () => sdk.models.retrieve("no-such-model"));
});

addProxied("the provider's limits do not reach the client, our own do", async () => {
  const leaky = question(scripted("x", { scenario: "leaky_headers" }));
  const { headers } = await caller().sdk.messages.create(leaky).asResponse();
  for (const name of ["anthropic-organization-id", "anthropic-ratelimit-tokens-limit", "set-cookie", "cf-ray", "via"]) {
    holds(!headers.has(name), `${name} is stripped`);
  }
  holds(headers.get("request-id").startsWith("req_"), "our own request id");
  holds(Number(headers.get("x-credit-cost")) > 0, "the price of the call");
});

// Each gives a client, its question's text and fields, and a script the sandbox is told beforehand.
const byScenario = (name, more = {}) => () => [caller(), scripted("x", { scenario: name, ...more }), {}];
const byOwnKey = (variable, name) => (DIRECT ? byScenario(name) : () => [caller(env[variable]), "x", {}]);
const byModel = DIRECT ? byScenario("404") : () => [caller(), "x", { model: "no-such-model" }];
// No script inside the body can be heeded before the body was read.
const bySize = () => [caller(), "x".repeat(33 << 20), {}, DIRECT ? { scenario: "413_early" } : undefined];

// Name, statuses, exception, attempts, and how the refusal comes about.
const REFUSALS = [
  ["400", [400], Anthropic.BadRequestError, 1, byScenario("status_400")],
  ["401", [401], Anthropic.AuthenticationError, 1, () => [caller("sk-ant-" + "0".repeat(64)), "x", {}]],
  ["402", [402], Anthropic.PaymentRequiredError, 1, byOwnKey("DEROUTER_POOR_KEY", "402")],
  ["403", [403], Anthropic.PermissionDeniedError, 1, byOwnKey("DEROUTER_PAUSED_KEY", "403")],
  ["404", [404], Anthropic.NotFoundError, 1, byModel],
  ["413 of the provider", [413], Anthropic.ContentTooLargeError, 1, byScenario("413")],
  ["413 of our own", [413], Anthropic.ContentTooLargeError, 1, bySize],
  ["422", [422], Anthropic.UnprocessableEntityError, 1, byScenario("422")],
];

// For troubles worth another try; last, because a provider in trouble is given a rest.
const PASSING_REFUSALS = [
  ["500", [500, 502, 503], Anthropic.InternalServerError, 3, byScenario("500", { headers: { "retry-after": "1" } })],
  ["503", [502, 503], Anthropic.InternalServerError, 3, byScenario("503", { headers: { "retry-after": "1" } })],
  ["529", [529], Anthropic.OverloadedError, 3, byScenario("529", { headers: { "retry-after": "1" } })],
];

function addRefusals(rows) {
  for (const [name, statuses, kind, attempts, prepare] of rows) {
    for (const [how, call] of [["buffered", whole], ["streamed", streamed]]) {
      add(`${name} raises ${kind.name} after ${attempts} attempts, ${how}`, async () => {
        const [client, text, more, script] = prepare();
        const error = await during(script, () => raised(kind, () => call(client, text, more)));
        holds(statuses.includes(error.status), `status ${error.status}`);
        holds(error.error?.error?.message && error.error?.error?.type, "the provider's envelope");
        equal(client.attempts, attempts);
      });
    }
  }
}

addRefusals(REFUSALS);

// Holds every slot of the key with a slow stream while `run` runs; `run` may give them back.
async function withFullSlots(run) {
  const streams = [];
  const free = async () => streams.splice(0).forEach((stream) => stream.controller.abort());
  const slow = scripted("Slowly.", { scenario: "long", tokens: 300, delay_ms: 1000 });
  try {
    for (let slot = 0; slot < SLOTS; slot += 1) {
      const stream = await whole(caller(), slow, { stream: true });
      streams.push(stream);
      await stream[Symbol.asyncIterator]().next();
    }
    return await run(free);
  } finally {
    await free();
  }
}

addProxied("429 is tried again while it lasts, and then raised", () =>
  withFullSlots(async () => {
    const client = caller();
    const error = await raised(Anthropic.RateLimitError, () => whole(client, "x"));
    equal(client.attempts, 3);
    holds(Number(error.headers.get("retry-after")) >= 1, "it says when to come back");
  }),
);

addProxied("429 is got over once a slot is free", () =>
  withFullSlots(async (free) => {
    const client = caller(undefined, async (answer) => answer.status === 429 && free());
    equal((await whole(client, "x")).stop_reason, "end_turn");
    holds(client.attempts > 1, "it was tried again");
  }),
);

if (DIRECT) {
  add("a refusal that passes is got over", async () => {
    const client = caller();
    const answer = () => whole(client, "x");
    equal((await during([{ scenario: "529" }, { scenario: "500" }], answer)).stop_reason, "end_turn");
    equal(client.attempts, 3);
  });
}

add("an error in the middle of a stream raises and is not tried again", async () => {
  const client = caller();
  await raised(Anthropic.APIError, () => streamed(client, scripted("x", { scenario: "error_after_n" })));
  equal(client.attempts, 1);
  await raised(Anthropic.APIError, () => streamed(caller(), scripted("x", { scenario: "error_before_content" })));
});

// A stream that ends cleanly without its last event is ours never to send; the SDK is not asked to notice it.
const CUTS = ["reset_after_n", "close_before_content"];
if (!DIRECT) CUTS.push("no_terminal", "cut_mid_event");

add("a truncated stream raises and never returns a message", async () => {
  for (const scenario of CUTS) {
    await raised(Error, () => streamed(caller(), scripted("x", { scenario })));
    await raised(Error, async () => {
      const events = [];
      for await (const event of await whole(caller(), scripted("x", { scenario }), { stream: true })) events.push(event);
      return events;
    });
  }
});

add("a truncated buffered answer is never returned as a message", async () => {
  for (const scenario of CUTS) {
    await raised(Error, () => whole(caller(), scripted("x", { scenario })));
  }
});

addRefusals(PASSING_REFUSALS);

let failed = 0;
for (const [sentence, run] of cases) {
  try {
    await run();
    console.log(`ok    ${sentence}`);
  } catch (error) {
    failed += 1;
    const where = [...error.stack.matchAll(/suite\.mjs:(\d+)/g)].map((found) => found[1]);
    console.log(`FAIL  ${sentence}: ${error.message}, lines ${where}`);
  }
}
console.log(`typescript @anthropic-ai/sdk ${VERSION}: ${cases.length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
