import hashlib
import hmac
import json
import os
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# From your secret store. The previous key stays until its last repetitions have arrived.
API_KEYS = [key for key in (os.environ.get("BEGINI_API_KEY"), os.environ.get("BEGINI_PREVIOUS_API_KEY")) if key]
OF_OUR_OWN_TESTS = re.compile("ROTCHK[0-9a-f]{32}|DOCTOR[0-9a-f]{20}")
seen = set()  # Deployed: a table with a unique key, which all your receivers share


def is_signed(raw_body, signature):
    expected = (hmac.new(key.encode(), raw_body, hashlib.sha512).hexdigest().encode() for key in API_KEYS)
    return any(hmac.compare_digest(each, signature) for each in expected)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        # The bytes as received: parsed and written again, they may differ.
        raw_body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not is_signed(raw_body, self.headers.get("X-Signature", "").encode()):
            return self.reply(401, b"")
        body = json.loads(raw_body)
        digest = hashlib.sha256(raw_body).hexdigest()  # Begini documents no id of an event
        if digest not in seen and not OF_OUR_OWN_TESTS.fullmatch(body["uid"]):
            print(body["event"]["type"], flush=True)  # Deployed: store uid and event. Never log the uid
            seen.add(digest)
        self.reply(200, b"{}")  # exactly 200, and JSON

    def reply(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8081"))), Receiver).serve_forever()
