// The official Node SDK of Stripe and the Greenfield client of BTCPay against ours: they make the same requests of the same
// orders, and our program believes the SDK's signatures and no others.

import fs from "node:fs";
import Stripe from "stripe";
import btcpay from "btcpay-greenfield-node-client";

const { RECORDER_URL, API_URL, STRIPE_TEST_KEY, NOTICE_SECRET, BRAND, STORE, BTCPAY_TEST_KEY } = process.env;
const folder = process.argv[2];
const recorder = new URL(RECORDER_URL);
// What says who the caller is, and what the connection needs.
const OWN = ["user-agent", "x-stripe-client-user-agent", "x-stripe-client-telemetry", "accept", "accept-encoding",
  "connection", "host", "content-length", "date"];
let failed = 0;

function check(sentence, isSo, why) {
  if (!isSo) failed += 1;
  console.log(isSo ? `PASS  ${sentence}` : `FAIL  ${sentence}: ${why ?? ""}`);
}

function recorded(path, isIt) {
  const lines = fs.readFileSync(`${folder}/requests.jsonl`, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  const found = lines.filter((l) => l.method === "POST" && l.path === path && isIt(l.headers["user-agent"]));
  if (found.length !== 1) throw new Error(`${found.length} requests to ${path}`);
  const headers = Object.entries(found[0].headers).filter(([name]) => !OWN.includes(name)).sort();
  return { body: found[0].body, headers: JSON.stringify(headers) };
}

const ours = (agent) => agent === "derouter";
const pairs = (body) => JSON.stringify([...new URLSearchParams(body)].sort());

function sorted(value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])]));
}

async function notify(body, signature) {
  const answer = await fetch(`${API_URL}/webhooks/stripe`, { method: "POST", body, headers: { "stripe-signature": signature } });
  return answer.status;
}

const orders = JSON.parse(fs.readFileSync(`${folder}/orders.json`, "utf8"));
const { card, crypto, email, dashboard } = orders;
const version = Stripe.PACKAGE_VERSION;
const stripe = new Stripe(STRIPE_TEST_KEY, {
  host: recorder.hostname, port: recorder.port, protocol: "http", maxNetworkRetries: 0, telemetry: false,
});
await stripe.checkout.sessions.create(
  {
    mode: "payment",
    client_reference_id: card.id,
    metadata: { topup_id: card.id },
    payment_intent_data: { metadata: { topup_id: card.id } },
    customer_email: email,
    success_url: `${dashboard}/billing?topup=${card.id}&session={CHECKOUT_SESSION_ID}`,
    cancel_url: `${dashboard}/billing?topup=${card.id}&cancelled=1`,
    expires_at: Math.floor(Date.parse(card.expires_at) / 1000),
    line_items: [
      { quantity: 1, price_data: { currency: "usd", unit_amount: 12345, product_data: { name: `${BRAND} balance` } } },
    ],
    adaptive_pricing: { enabled: false },
  },
  { idempotencyKey: `topup-${card.id}` },
);
const [mine, theirs] = [recorded("/v1/checkout/sessions", ours), recorded("/v1/checkout/sessions", (a) => a.includes("NodeBindings"))];
check(`node ${version}: the form is the SDK's, pair by pair`, pairs(mine.body) === pairs(theirs.body), `${pairs(mine.body)} / ${pairs(theirs.body)}`);
check(`node ${version}: the headers are the SDK's`, mine.headers === theirs.headers, `${mine.headers} / ${theirs.headers}`);

btcpay.OpenAPI.BASE = RECORDER_URL;
btcpay.OpenAPI.TOKEN = BTCPAY_TEST_KEY;
await btcpay.InvoicesService.invoicesCreateInvoice({
  storeId: STORE,
  requestBody: {
    amount: "123.45",
    currency: "USD",
    metadata: { orderId: crypto.id },
    checkout: {
      speedPolicy: "MediumSpeed",
      expirationMinutes: 60,
      redirectURL: `${dashboard}/billing?topup=${crypto.id}`,
      redirectAutomatically: true,
    },
  },
});
const path = `/api/v1/stores/${STORE}/invoices`;
const [invoice, clients] = [recorded(path, ours), recorded(path, (agent) => !ours(agent))];
const shape = (body) => JSON.stringify(sorted(JSON.parse(body)));
check("greenfield client 1.7.0: the body is its own, field by field", shape(invoice.body) === shape(clients.body), `${invoice.body} / ${clients.body}`);
check("greenfield client 1.7.0: the headers are its own", invoice.headers === clients.headers, `${invoice.headers} / ${clients.headers}`);

// The words for states of the table in our source are the client's, all of them.
const table = fs.readFileSync("src/payments/btcpay/invoice.rs", "utf8").split("\n#[cfg(test)]")[0];
// "New" and everything unknown leave an order as it is; an additional "Invalid" stands beside a status that says it all.
const words = [...Object.values(btcpay.InvoiceStatus), ...Object.values(btcpay.InvoiceAdditionalStatus)];
const missed = words.filter((word) => word !== "Marked" && !table.includes(`"${word}"`));
check(`greenfield client 1.7.0: every word for a state is known (${words.length})`, words.length >= 11 && missed.length === 0, missed);

const payment = card.checkout_url.split("/").at(-1);
const event = {
  id: "evt_node", object: "event", type: "checkout.session.async_payment_succeeded", livemode: false,
  data: { object: { id: payment, object: "checkout.session" } },
};
const payload = JSON.stringify(event);
const sign = (secret, more) => stripe.webhooks.generateTestHeaderString({ payload, secret, ...more });
check("node: a body written anew is refused", (await notify(JSON.stringify(event, null, 1), sign(NOTICE_SECRET))) === 400);
check("node: another secret is refused", (await notify(payload, sign("whsec_other"))) === 400);
const old = Math.floor(Date.now() / 1000) - 301;
check("node: a stamp of 301 s ago is refused", (await notify(payload, sign(NOTICE_SECRET, { timestamp: old }))) === 400);
check("node: what the SDK signed is taken", (await notify(payload, sign(NOTICE_SECRET))) === 200);
process.exit(failed > 0 ? 1 : 0);
