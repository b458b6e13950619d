"""Looks for every secret in everything that came out, and fails on the first that stands where it may not.

    search.py FOLDER FILE …     FOLDER as run.py left it; each FILE is a log, a dump, or what a command said

Each secret is also planted in a copy of each kind of text: a search that does not find it there finds nothing at all.
"""
import json, pathlib, re, sys

FOLDER, FILES = pathlib.Path(sys.argv[1]), [pathlib.Path(name) for name in sys.argv[2:]]
# Anything shorter stands in other numbers by chance, unless it stands alone.
SHORT = 12


def pattern(value):
    """A secret as it is, or in the spellings of JSON, HTML and addresses; all of ours are letters, digits, `-` and `_`."""
    plain = re.escape(value)
    return re.compile(plain if len(value) >= SHORT else rf"(?<![\w.:-]){plain}(?![\w.:-])")


def found(secrets, texts):
    """Names of secrets with where they stand though they may not."""
    for name, secret in secrets.items():
        look_for = pattern(secret["value"])
        for whence, text, index, mail in texts:
            is_owners = index is not None and index == secret.get("answer") or mail is not None and mail == secret.get("mail")
            if not is_owners and look_for.search(text):
                yield f"{name} in {whence}"


def main():
    secrets = json.loads((FOLDER / "secrets.json").read_text())
    answers = json.loads((FOLDER / "answers.json").read_text())
    mails = json.loads((FOLDER / "mails.json").read_text())
    texts = [(a["whence"], f"{a['status']} {json.dumps(a['headers'])}\n{a['text']}", i, None) for i, a in enumerate(answers)]
    for mail in mails:
        code_for = mail["to"] if mail["subject"].endswith(" code") else ""
        texts.append((f"a mail to {mail['to']}: {mail['subject']}", json.dumps(mail), None, code_for))
    for file in FILES:
        text = file.read_text(errors="replace")
        assert len(text) > 20, f"{file} is empty"
        texts.append((str(file), text, None, None))
    for name, secret in secrets.items():
        planted = [("a plant", f"x {secret['value']} y", None, None), ("a plant", json.dumps({"a": secret["value"]}), -1, "")]
        assert len(list(found({name: secret}, planted))) == 2, f"{name} would not be found"
    leaks = list(found(secrets, texts))
    print("\n".join(leaks) or f"ok    {len(secrets)} secrets in {len(texts)} texts: each only where it was handed out")
    sys.exit(bool(leaks))


main()
