"""An SMTP server with STARTTLS and AUTH PLAIN, for tests: python3 smtp_server.py CERT KEY USER PASSWORD [plain].

Prints its port. With `plain` it offers no STARTTLS. A recipient named later@ is put off, never@ is refused for good. Each
mail that was taken is a line of JSON on the standard output: who signed in, over what, to whom, and the whole text.
"""
import base64, json, socketserver, ssl, sys

CERT, KEY, USER, PASSWORD = sys.argv[1:5]
PLAIN = "plain" in sys.argv[5:]


class Talk(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")
        self.wfile.flush()

    def encrypt(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERT, KEY)
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")

    def handle(self):
        tls, user, to = False, None, []
        self.say("220 localhost ESMTP")
        while line := self.rfile.readline():
            line = line.decode().strip()
            word = line.split(" ")[0].upper()
            if word == "EHLO":
                offers = ["localhost", "8BITMIME", "SMTPUTF8"]
                offers += [] if tls or PLAIN else ["STARTTLS"]
                offers += ["AUTH PLAIN"] if tls else []
                for offer in offers[:-1]:
                    self.say("250-" + offer)
                self.say("250 " + offers[-1])
            elif word == "STARTTLS" and not PLAIN:
                self.say("220 go on")
                try:
                    self.encrypt()
                except (ssl.SSLError, OSError):
                    return
                tls, user = True, None
            elif word == "AUTH" and tls:
                _, name, secret = base64.b64decode(line.split(" ")[2]).decode().split("\0")
                right = (name, secret) == (USER, PASSWORD)
                user = name if right else None
                self.say("235 welcome" if right else "535 wrong user or password")
            elif word == "MAIL":
                to = []
                self.say("250 fine" if user else "530 sign in first")
            elif word == "RCPT" and user:
                if "<later@" in line:
                    self.say("451 try again later")
                elif "<never@" in line:
                    self.say("550 no such person")
                else:
                    to.append(line.split("<")[1].split(">")[0])
                    self.say("250 fine")
            elif word == "DATA" and to:
                self.say("354 go on")
                text = b""
                while (part := self.rfile.readline()) not in (b".\r\n", b""):
                    text += part[1:] if part.startswith(b"..") else part
                print(json.dumps({"user": user, "tls": tls, "to": to, "text": text.decode()}), flush=True)
                self.say("250 taken")
            elif word == "QUIT":
                self.say("221 bye")
                return
            elif word in ("RSET", "NOOP"):
                self.say("250 fine")
            else:
                self.say("503 not now")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads, allow_reuse_address = True, True


with Server(("127.0.0.1", 0), Talk) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
