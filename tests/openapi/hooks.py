"""What schemathesis is told of our API: its two credentials, real ids and a real model now and then, and a count of calls.

Environment: FUZZ_CREDENTIALS, a JSON file with "account_key", "client_key" and "account"; it is written again when the
Account Key is replaced, which is one of the operations. FUZZ_TOLD takes one line a run: how many answers of which status.
"""
import atexit, collections, json, os, pathlib, random, uuid

import schemathesis

CREDENTIALS = pathlib.Path(os.environ["FUZZ_CREDENTIALS"])
KNOWN = json.loads(CREDENTIALS.read_text())
IDS = collections.deque(KNOWN["keys"], maxlen=50)
TOLD = collections.Counter()
BY_OPERATION = collections.defaultdict(collections.Counter)
CHANCE = random.Random(int(os.environ["FUZZ_SEED"]))


def is_uuid(text):
    try:
        return isinstance(text, str) and str(uuid.UUID(text)) == text
    except ValueError:
        return False


@schemathesis.auth(refresh_interval=None)
class Key:
    def get(self, case, context):
        wanted = case.operation.definition.raw.get("security", [])
        if not wanted:
            return None
        return KNOWN["client_key" if any("clientKey" in one for one in wanted) else "account_key"]

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def map_path_parameters(context, parameters):
    """Half of the sound ids are those of keys that are there."""
    key = (parameters or {}).get("id")
    if is_uuid(key) and IDS and CHANCE.random() < 0.5:
        parameters["id"] = CHANCE.choice(IDS)
    elif parameters and context.operation.path.startswith("/v1/models") and CHANCE.random() < 0.3:
        parameters["id"] = "claude-haiku-4-5"
    return parameters


@schemathesis.hook
def map_body(context, body):
    """Most of the model calls name a model that is there and stay cheap."""
    if isinstance(body, dict) and isinstance(body.get("model"), str) and CHANCE.random() < 0.8:
        body["model"] = "claude-haiku-4-5"
        if isinstance(body.get("max_tokens"), int):
            body["max_tokens"] = min(body["max_tokens"], 500)
    return body


@schemathesis.hook
def after_call(context, case, response):
    TOLD[response.status_code] += 1
    BY_OPERATION[case.operation.label][response.status_code] += 1
    if response.status_code != 201:
        return
    made = response.json()
    if "account_key" in made:
        KNOWN["account_key"] = made["account_key"]
        CREDENTIALS.write_text(json.dumps(KNOWN))
    elif "id" in made:
        IDS.append(made["id"])


@atexit.register
def tell():
    with open(os.environ["FUZZ_TOLD"], "a") as file:
        by = {name: dict(told) for name, told in BY_OPERATION.items()}
        file.write(json.dumps({"statuses": dict(TOLD), "operations": by}) + "\n")
