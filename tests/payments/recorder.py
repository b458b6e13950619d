"""Both payment providers on loopback, in one: notes every request as a line of JSON, and answers what our program and the
official SDKs need to go on. A checkout counts as paid once somebody asks for it by its id.

    recorder.py FOLDER      writes FOLDER/port, then FOLDER/requests.jsonl as requests come
"""
import http.server, json, pathlib, sys, urllib.parse

FOLDER = pathlib.Path(sys.argv[1])
STORE = "5BtfVkKQkEPq"


def session(form, number):
    return {
        "id": f"cs_test_{number}", "object": "checkout.session", "livemode": False, "mode": "payment", "status": "open",
        "payment_status": "unpaid", "url": f"https://checkout.stripe.com/c/pay/cs_test_{number}", "currency": "usd",
        "amount_total": int(form["line_items[0][price_data][unit_amount]"]), "expires_at": int(form["expires_at"]),
        "client_reference_id": form["client_reference_id"], "metadata": {"topup_id": form["metadata[topup_id]"]},
        "payment_intent": None,
    }


def invoice(wish, number):
    return {
        "id": f"inv_{number}", "storeId": STORE, "amount": wish["amount"], "paidAmount": "0", "currency": wish["currency"],
        "metadata": wish["metadata"], "checkoutLink": f"https://pay.shop.example/i/inv_{number}", "status": "New",
        "additionalStatus": "None", "createdTime": 1760000000, "expirationTime": 1760003600,
    }


class Recorder(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    made = {}

    def take(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        line = {"method": self.command, "path": self.path, "headers": headers, "body": body}
        with open(FOLDER / "requests.jsonl", "a") as file:
            file.write(json.dumps(line) + "\n")
        answer = json.dumps(self.answer(urllib.parse.urlsplit(self.path).path, body)).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def answer(self, path, body):
        number = len(self.made) + 1
        if self.command == "POST" and path == "/v1/checkout/sessions":
            made = session(dict(urllib.parse.parse_qsl(body)), number)
            self.made[made["id"]] = made
            return made
        if self.command == "POST":
            made = invoice(json.loads(body), number)
            self.made[made["id"]] = made
            return made
        known = self.made.get(path.rsplit("/", 1)[1])
        if known and known.get("object"):
            return {**known, "status": "complete", "payment_status": "paid",
                    "payment_intent": {"id": "pi_" + known["id"], "status": "succeeded"}}
        if known:
            return known
        return [] if path.startswith("/api/") else {"object": "list", "data": [], "has_more": False}

    do_GET = do_POST = take

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
(FOLDER / "port.new").write_text(str(server.server_port))
(FOLDER / "port.new").rename(FOLDER / "port")
server.serve_forever()
