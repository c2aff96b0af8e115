#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The integration tests of the three services, which must be up. Fails at the first wrong answer.
#
# Under `syscarve record` SYSCARVE_MARK is set, and each test is marked, so that the recording knows which test made which calls.
# SYSCARVE names the binary if it is not in PATH.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. ./compose.sh

begin() {
  printf '%s\n' "$1"
  if [[ -n ${SYSCARVE_MARK-} ]]; then "${SYSCARVE:-syscarve}" mark "$1"; fi
}

# expect WANTED COMMAND…: the command's output must be WANTED.
expect() {
  local wanted=$1 got
  shift
  got=$("$@") || { echo "failed with status $?: $*" >&2; exit 1; }
  [[ $got == "$wanted" ]] || { printf '%s\n  gave   %q\n  and not %q\n' "$*" "$got" "$wanted" >&2; exit 1; }
}

# expect_soon SECONDS WANTED COMMAND…: the same, but it may take a while until it is so.
expect_soon() {
  local deadline=$((SECONDS + $1)) wanted=$2
  shift 2
  until [[ $("$@" 2>&1) == "$wanted" ]]; do
    ((SECONDS < deadline)) || { echo "gave up waiting for: $*" >&2; expect "$wanted" "$@"; exit 1; }
    sleep 0.1
  done
}

# What `compose exec` does, without its start-up time.
cache=$(compose ps -q cache)
database=$(compose ps -q database)
redis() { docker exec "$cache" redis-cli "$@"; }
sql() { docker exec "$database" psql --host=/tmp --username=postgres --no-align --tuples-only --quiet --no-psqlrc --command="$1"; }
get() { curl --disable --silent --show-error --noproxy '*' --max-time 20 "$@"; }
status_of() { get --output /dev/null --write-out '%{http_code}' "$@"; }
size_of() { get --output /dev/null --write-out '%{size_download}' "$@"; }

url=http://$(compose port web 8080)

begin web-ready
expect_soon 30 ok get "$url/status"

begin web-pages
expect hello get "$url/"
expect 200 status_of "$url/large.txt"
expect 500000 size_of "$url/large.txt"
expect 404 status_of "$url/missing"
expect 410 status_of "$url/gone"
expect 200 status_of --head "$url/large.txt"
[[ $(size_of --header 'Accept-Encoding: gzip' "$url/large.txt") -lt 500000 ]] || { echo "no compression" >&2; exit 1; }

begin web-reload
compose kill -s SIGHUP web > /dev/null 2>&1
expect_soon 30 hello get "$url/"

begin cache-ready
expect_soon 30 PONG redis ping

begin cache-values
expect OK redis set key value
expect value redis get key
expect 1 redis incr counter
expect 3 redis rpush list a b c
expect value redis eval "return redis.call('get', 'key')" 0
expect 3 redis del key counter list

begin cache-save
expect "Background saving started" redis bgsave
saved() { redis info persistence | tr -d '\r' | grep -cE '^rdb_(bgsave_in_progress:0|last_bgsave_status:ok)$'; }
expect_soon 30 2 saved

begin database-ready
expect_soon 30 1 sql 'SELECT 1'

begin database-tables
expect "" sql 'CREATE TABLE fruit(id integer PRIMARY KEY, name text)'
expect "" sql "INSERT INTO fruit SELECT i, md5(i::text) FROM generate_series(1, 20000) AS i"
expect 20000 sql 'SELECT count(*) FROM (SELECT name FROM fruit ORDER BY name) AS sorted'
expect 10000 sql 'BEGIN; DELETE FROM fruit WHERE id % 2 = 0; COMMIT; SELECT count(*) FROM fruit'

begin database-upkeep
expect "" sql 'VACUUM ANALYZE fruit'
expect "" sql 'CHECKPOINT'
expect "" sql 'DROP TABLE fruit'

echo "all tests passed"
