#!/bin/sh
# Other people's scanners over a seeded site, as everybody: wapiti and sqlmap. Nothing above information may be found.
#
#   sh tests/security/dast.sh [minutes for each tool and role, default 2] [--wapiti-minutes 4] [--tried …] [name …]
#
# Wants sqlmap (Debian: apt-get install sqlmap) and wapiti (pip install wapiti3, in a virtualenv of its own: WAPITI=…).
# First both must find holes that are planted for them. It serves a site of its own, without the wall of requests, on
# PORT (8107) out of a scratch folder, which it removes; reports stay in test-results/.
set -eu
cd "$(dirname "$0")/../.."
PY=${PY:-.venv/bin/python}
WAPITI=${WAPITI:-wapiti}
PORT=${PORT:-8107}
for tool in "$WAPITI" sqlmap; do
    command -v "$tool" >/dev/null || { echo "$tool is not here; see the head of $0" >&2; exit 2; }
done
MINUTES=${1:-2}
if [ $# -gt 0 ]; then shift; fi  # what is left is for the program: options, and user names of the demo
OUT=test-results/dast
VAR=$(mktemp -d)
rm -rf "$OUT"
mkdir -p "$OUT"
SPIRAL_RATE=1000000 SPIRAL_VAR=$VAR PORT=$PORT "$PY" -m wiki.serve >"$OUT/server.log" 2>&1 &
SERVER=$!
trap 'kill $SERVER 2>/dev/null; wait $SERVER 2>/dev/null || true; rm -rf "$VAR"' EXIT INT TERM
"$PY" -m tests.security.dast --base "http://127.0.0.1:$PORT" --var "$VAR" --out "$OUT" --wapiti "$WAPITI" \
    --server-log "$OUT/server.log" --minutes "$MINUTES" "$@"
