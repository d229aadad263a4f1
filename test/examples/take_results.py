# Takes results from the queue into a database: python3 take_results.py (pip install boto3)
import json
import os
import sqlite3
import sys

import boto3

QUEUE_URL = os.environ.get("RESULTS_QUEUE_URL")  # The output ResultsQueueUrl of the stack
if not QUEUE_URL:
    sys.exit("Set RESULTS_QUEUE_URL to the output ResultsQueueUrl of the stack.")

sqs = boto3.client("sqs")  # Region and credentials from the environment, a profile, or the role of the machine
database = sqlite3.connect(os.environ.get("RESULTS_DATABASE", "results.db"), timeout=1)
# Keep the ids for rotationDays + previousKeyDays at least: until then, the same event can arrive again.
database.executescript("""
  CREATE TABLE IF NOT EXISTS result (
    id TEXT PRIMARY KEY, integration_id TEXT NOT NULL, uid TEXT NOT NULL, type TEXT NOT NULL,
    scored_at INTEGER, body TEXT NOT NULL, UNIQUE (integration_id, uid, type));
  CREATE TABLE IF NOT EXISTS to_decide (id TEXT PRIMARY KEY, first_id TEXT NOT NULL, body TEXT NOT NULL);""")


def keep(message):
    """Commits one result, however often it comes: its id is of its bytes, and no bytes need to be equal the next time."""
    body, attributes = message["Body"], message["MessageAttributes"]
    result_id, integration_id = (attributes[name]["StringValue"] for name in ("id", "integrationId"))
    result = json.loads(body)
    uid, event = result["uid"], result["event"]
    with database:  # Commits at its end, or rolls back
        row = (result_id, integration_id, uid, event["type"], event.get("details", {}).get("scored_at"), body)
        is_new = database.execute("INSERT INTO result VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row).rowcount
        if not is_new:
            where = "WHERE integration_id = ? AND uid = ? AND type = ?"
            first = database.execute(f"SELECT id, body FROM result {where}", (integration_id, uid, event["type"]))
            first_id, first_body = first.fetchone()
            if json.loads(first_body)["event"] != event:  # Neither the first nor the last is right by itself
                second = (result_id, first_id, body)
                database.execute("INSERT INTO to_decide VALUES (?, ?, ?) ON CONFLICT DO NOTHING", second)
    return is_new, event


while True:
    answer = sqs.receive_message(
        QueueUrl=QUEUE_URL, MessageAttributeNames=["All"], MaxNumberOfMessages=10, WaitTimeSeconds=20
    )
    for message in answer.get("Messages", []):
        try:
            is_new, event = keep(message)
            if is_new:  # Only on your machine: a deployed consumer logs neither the score nor the uid.
                print(event["type"], event.get("details", {}).get("calculated", {}).get("score", ""), flush=True)
            # After the commit: a consumer that dies before this gets the message again.
            sqs.delete_message(QueueUrl=QUEUE_URL, ReceiptHandle=message["ReceiptHandle"])
        except Exception as error:  # No text of the error, which can hold the body. It comes again
            print(f"Not taken: {type(error).__name__}", file=sys.stderr, flush=True)
