# Hands an applicant over to the assessment: python3 hand_over.py, then open http://127.0.0.1:8080/
# Without API_KEY, calls are signed: pip install botocore
import http.client
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

SESSIONS_URL = os.environ["SESSIONS_URL"]  # The stack's output SessionsUrl
API_KEY = os.environ.get("API_KEY")
UID = sys.argv[1] if len(sys.argv) > 1 else "ABCDE-12345"  # Yours: of the applicant who is signed in

if not API_KEY:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.session import Session

    credentials = Session().get_credentials()  # Environment, profile, or the role of the machine
    signer = SigV4Auth(credentials, "execute-api", os.environ["AWS_REGION"])


def authenticate(body):
    headers = {"Content-Type": "application/json"}
    if API_KEY:
        return {**headers, "x-api-key": API_KEY}
    request = AWSRequest("POST", SESSIONS_URL, headers, body)
    signer.add_auth(request)
    return dict(request.headers)


def call_service(headers, body):
    url = urlsplit(SESSIONS_URL)
    connect = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = connect(url.netloc, timeout=20)  # The service answers within 15 s
    try:
        connection.request("POST", url.path, body, headers)
        response = connection.getresponse()  # http.client follows no redirect: a 302 is for the applicant's browser
        content = response.read()
    finally:
        connection.close()
    if response.status == 302:
        return {"url": response.headers["Location"]}
    if response.status == 201:  # Where the call has the header Accept: application/json
        return json.loads(content)
    retry_after = response.headers.get("Retry-After", "") if response.status in (429, 503) else ""
    return {
        "status": response.status,
        "code": code_of(content),
        "request_id": response.headers.get("x-request-id"),
        "wait": int(retry_after) if retry_after.isdecimal() else None,
    }


def code_of(content):
    try:
        return json.loads(content)["code"]
    except (ValueError, LookupError, TypeError):
        return None  # API Gateway may answer with a page


def hand_over():
    """Returns where the browser must go, as "url": a credential, so keep it out of logs. Else what went wrong."""
    body = json.dumps({"uid": UID}).encode()
    for repeats_left in (2, 1, 0):
        headers = authenticate(body)  # For each call: a signature is good for 5 minutes
        try:
            answer = call_service(headers, body)
        except (OSError, http.client.HTTPException, ValueError):
            answer = {"code": "no_answer", "wait": 1}  # A session may exist. The same uid leads to it
        wait = answer.get("wait")
        if repeats_left == 0 or wait is None or wait > 10:
            return answer
        time.sleep(wait)


class LoanApp(BaseHTTPRequestHandler):
    def do_GET(self):
        page = "<title>Loan app</title><form method=post><button>Start the assessment</button></form>"
        self.reply(200, {"Content-Type": "text/html"}, page)

    def do_POST(self):
        try:
            answer = hand_over()
        except Exception as error:  # Such as NoCredentialsError
            answer = {"code": type(error).__name__}
        if answer.get("url"):
            return self.reply(302, {"Location": answer["url"], "Cache-Control": "no-store"})
        status = answer.get("status")
        print("Hand-off failed:", status, answer.get("code"), answer.get("request_id"), file=sys.stderr)
        can_help = status is None or status == 429 or status >= 500
        self.reply(503, {}, "Please try again in a moment." if can_help else "Please contact us.")

    def reply(self, status, headers, text=""):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", 8080))), LoanApp)
print(f"Open http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()
