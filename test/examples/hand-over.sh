#!/bin/sh
# Hands an applicant over to the assessment: sh hand-over.sh ABCDE-12345 (curl 7.86 or newer)
# Writes where the applicant's browser must go into the file "location": a credential, so it is not printed.
# SESSIONS_URL is the stack's output SessionsUrl. Without API_KEY, calls are signed.
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

for repeats in 2 1 0; do
  : >"$body"
  # curl follows no redirect by itself: a 302 is for the applicant's browser. The service answers within 15 s.
  answer=$(credentials | curl --config - --silent --max-time 20 --output "$body" \
    --write-out '%{http_code}|%header{retry-after}|%header{x-request-id}|%{redirect_url}' \
    --header 'Content-Type: application/json' --data "{\"uid\":\"$1\"}" "$SESSIONS_URL") || answer='no_answer|1||'
  IFS='|' read -r status wait request_id url <<END
$answer
END
  case $status in
    302) ;;
    201) url=$(sed -n 's/.*"url":"\([^"]*\)".*/\1/p' "$body") ;; # Where the call has the header Accept: application/json
    *) url= ;;
  esac
  if [ "$url" ]; then printf '%s' "$url" >location && echo "$status: see the file location" && exit; fi
  case $status in 429 | 503 | no_answer) ;; *) break ;; esac # Lost: a session may exist. The same uid leads to it.
  case $wait in [0-9] | 10) ;; *) break ;; esac # More than 10 s is too long to wait
  [ "$repeats" = 0 ] || sleep "$wait"
done
echo "Hand-off failed: $status $(sed -n 's/.*"code":"\([^"]*\)".*/\1/p' "$body") $request_id" >&2
exit 1
