# Hands an applicant over to the assessment: python3 hand_over.py, then open http://127.0.0.1:8080/
# Without API_KEY, calls are signed: pip install botocore
import http.client
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

SESSIONS_URL, API_KEY, AWS_REGION = map(os.environ.get, ("SESSIONS_URL", "API_KEY", "AWS_REGION"))
if not SESSIONS_URL:
    sys.exit("Set SESSIONS_URL to the output SessionsUrl of the stack.")
if not API_KEY and not AWS_REGION:
    sys.exit("Set API_KEY, or AWS_REGION and AWS credentials to sign the calls.")

if not API_KEY:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.session import Session

    credentials = Session().get_credentials()  # Environment, profile, or the role of the machine
    if not credentials:
        sys.exit("No AWS credentials: set them in the environment or in a profile.")
    signer = SigV4Auth(credentials, "execute-api", AWS_REGION)


def authenticate(body):
    # Without Accept, the answer is a 302: a client that follows it takes the key along
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if API_KEY:
        return {**headers, "x-api-key": API_KEY}
    request = AWSRequest("POST", SESSIONS_URL, headers, body)
    signer.add_auth(request)
    return dict(request.headers)


def call_service(headers, body, timeout):
    url = urlsplit(SESSIONS_URL)
    connect = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = connect(url.netloc, timeout=timeout)
    try:
        connection.request("POST", url.path, body, headers)
        response = connection.getresponse()  # http.client follows no redirect: a 302 is for the applicant's browser
        content = response.read()
    finally:
        connection.close()
    if response.status == 302:
        return {"url": response.headers["Location"]}
    if response.status == 201:
        return json.loads(content)
    return {
        **problem_of(content),
        "status": response.status,
        "request_id": response.headers.get("x-request-id"),
        "retry_after": response.headers.get("Retry-After", ""),
    }


def problem_of(content):
    try:
        problem = json.loads(content)
        return {"code": problem["code"], "detail": problem.get("detail")}
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}  # A proxy may answer with a page


def is_busy(status):
    return status in (429, 503)


def seconds_to_wait(answer):
    """How long to wait before the same call can succeed; None if it cannot."""
    status = answer.get("status")
    if is_busy(status):
        return int(answer["retry_after"]) if answer["retry_after"].isdecimal() else None
    # Without an answer or after another 5xx, there may be a session. The same uid leads to it.
    return 2 if status is None or status >= 500 else None


def hand_over(uid):
    """Returns where the browser must go, as "url": a credential, so keep it out of logs. Else what went wrong."""
    body = json.dumps({"uid": uid}).encode()
    give_up_at = time.monotonic() + 30  # The applicant waits
    repeats = 2
    while True:
        headers = authenticate(body)  # For each call: a signature is good for 5 minutes
        timeout = min(20, give_up_at - time.monotonic())  # The service answers within 15 s
        try:
            answer = call_service(headers, body, timeout)
        except (OSError, http.client.HTTPException, ValueError):
            answer = {"code": "no_answer"}
        wait = seconds_to_wait(answer)
        has_time = wait is not None and wait <= 10 and time.monotonic() + wait < give_up_at - 5
        if answer.get("url") or repeats <= 0 or not has_time:
            return answer
        repeats -= 1 if is_busy(answer.get("status")) else 2
        time.sleep(wait)


class LoanApp(BaseHTTPRequestHandler):
    def do_GET(self):
        page = "<title>Loan app</title><form method=post><button>Start the assessment</button></form>"
        self.reply(200, {"Content-Type": "text/html"}, page)

    def do_POST(self):
        uid = sys.argv[1] if len(sys.argv) > 1 else "ABCDE-12345"  # Yours: of the applicant who is signed in
        try:
            answer = hand_over(uid)
        except Exception as error:  # Such as credentials that have expired
            answer = {"code": type(error).__name__}
        if answer.get("url"):
            return self.reply(302, {"Location": answer["url"], "Cache-Control": "no-store"})
        status = answer.get("status")
        known = (status, answer.get("code"), answer.get("request_id"), answer.get("detail"))
        print("Hand-off failed:", *filter(None, known), file=sys.stderr)
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
