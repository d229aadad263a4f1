#!/bin/sh
# Hands an applicant over to the assessment: sh hand-over.sh ABCDE-12345 (curl 7.86 or newer)
# Writes where the applicant's browser must go into the file "location": a credential, so it is not printed.
# Without API_KEY, calls are signed.
: "${SESSIONS_URL:?set it to the output SessionsUrl of the stack}"
[ "$API_KEY" ] || : "${AWS_REGION:?set it to sign the calls, or set API_KEY}" \
  "${AWS_ACCESS_KEY_ID:?set AWS credentials}" "${AWS_SECRET_ACCESS_KEY:?set AWS credentials}"
umask 077
body=$(mktemp)
trap 'rm -f "$body"' EXIT

credentials() { # By standard input: other users of a machine can see its command lines
  if [ "$API_KEY" ]; then
    echo "header = \"x-api-key: $API_KEY\""
  else
    echo "aws-sigv4 = \"aws:amz:$AWS_REGION:execute-api\""
    echo "user = \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\""
    if [ "$AWS_SESSION_TOKEN" ]; then echo "header = \"x-amz-security-token: $AWS_SESSION_TOKEN\""; fi
  fi
}

repeats=2
give_up_at=$(($(date +%s) + 30)) # The applicant waits
while :; do
  : >"$body"
  time_left=$((give_up_at - $(date +%s)))
  [ "$time_left" -lt 20 ] || time_left=20 # The service answers within 15 s
  # Without Accept, the answer is a 302, for a browser: a client that follows it takes the key along. curl does not.
  answer=$(credentials | curl --config - --silent --max-time "$time_left" --output "$body" \
    --write-out '%{http_code}|%header{retry-after}|%header{x-request-id}|%{redirect_url}' \
    --header 'Content-Type: application/json' --header 'Accept: application/json' \
    --data "{\"uid\":\"$1\"}" "$SESSIONS_URL") || answer='no_answer|||'
  IFS='|' read -r status wait request_id url <<END
$answer
END
  case $status in
    302) ;;
    201) url=$(sed -n 's/.*"url":"\([^"]*\)".*/\1/p' "$body") ;;
    *) url= ;;
  esac
  if [ "$url" ]; then printf '%s' "$url" >location && echo "$status: see the file location" && exit; fi
  cost=1
  case $status in
    429 | 503) ;;
    no_answer | 5??) wait=2 cost=2 ;; # There may be a session. The same uid leads to it.
    *) break ;;
  esac
  case $wait in [0-9] | 10) ;; *) break ;; esac # More than 10 s is too long to wait
  [ "$repeats" -gt 0 ] && [ $(($(date +%s) + wait)) -lt $((give_up_at - 5)) ] || break
  repeats=$((repeats - cost))
  sleep "$wait"
done
code=$(sed -n 's/.*"code":"\([^"]*\)".*/\1/p' "$body")
detail=$(sed -n 's/.*"detail":"\(.*\)"}.*/\1/p' "$body" | tr -d '\\')
echo "Hand-off failed: $status $code $request_id $detail" >&2
exit 1
