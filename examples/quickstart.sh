#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The whole of syscarve on a real server, on a fresh Debian or Ubuntu machine: sudo ./examples/quickstart.sh
#
# Installs what is missing, builds, records nginx under real requests, generates its profile, runs nginx under that profile with the
# same requests, and shows that a call outside it is refused. The nginx is one of its own, with its own configuration on a free
# port of the loopback interface: a web server that is already running is left alone. What it made stays in quickstart-out/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ $EUID != 0 ]]; then
  echo "quickstart: recording with BPF needs root. Run: sudo ./examples/quickstart.sh" >&2
  exit 1
fi

out=$PWD/quickstart-out
syscarve=$PWD/build/release/bin/syscarve
server=   # The pid of the syscarve that runs nginx, while one does.
site=     # The folder of nginx's configuration and pages.

step_number=0
step() {
  step_number=$((step_number + 1))
  printf '\n%d. %s\n' "$step_number" "$*"
}

fail() {
  echo "quickstart: $*" >&2
  exit 1
}

# Runs a command whose output matters only when it fails.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" > "$log" 2>&1 || status=$?
  if [[ $status != 0 ]]; then
    cat "$log" >&2
  fi
  rm -f "$log"
  [[ $status == 0 ]] || fail "failed: $*"
}

clean_up() {
  if [[ -n $server ]]; then
    # syscarve passes the signal on to nginx and ends with it.
    kill -TERM "$server" 2> /dev/null || true
    wait "$server" 2> /dev/null || true
  fi
  if [[ -n $site ]]; then rm -rf "$site"; fi
  # What sudo made in its caller's folder is the caller's.
  if [[ -n ${SUDO_UID-} ]]; then chown -R "$SUDO_UID:${SUDO_GID-$SUDO_UID}" build "$out" 2> /dev/null || true; fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# wait_until SECONDS WHAT COMMAND…: polls.
wait_until() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    if [[ -n $server ]] && ! kill -0 "$server" 2> /dev/null; then
      cat "$site/error.log" >&2 || true
      fail "nginx ended while waiting until $what"
    fi
    ((SECONDS < deadline)) || fail "gave up waiting until $what"
    sleep 0.05
  done
}

port_is_free() { ! (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }

free_port() {
  local port
  for _ in {1..100}; do
    port=$((20000 + RANDOM % 12000))
    if port_is_free "$port"; then
      echo "$port"
      return
    fi
  done
  fail "found no free port"
}

make_site() {
  site=$(mktemp -d)
  # The workers are another user.
  chmod 755 "$site"
  mkdir "$site/html" "$site/tmp"
  echo '<h1>carved</h1>' > "$site/html/index.html"
  head -c 300000 /dev/zero | tr '\0' x > "$site/html/large.txt"
  port=$(free_port)
  cat > "$site/nginx.conf" <<END
user www-data;
worker_processes 2;
pid $site/nginx.pid;
events { worker_connections 128; }
http {
  access_log $site/access.log;
  client_body_temp_path $site/tmp/body;
  proxy_temp_path $site/tmp/proxy;
  fastcgi_temp_path $site/tmp/fastcgi;
  uwsgi_temp_path $site/tmp/uwsgi;
  scgi_temp_path $site/tmp/scgi;
  sendfile on;
  gzip on;
  gzip_types text/plain;
  server {
    listen 127.0.0.1:$port;
    root $site/html;
  }
}
END
  nginx=(/usr/sbin/nginx -p "$site" -e "$site/error.log" -c "$site/nginx.conf" -g "daemon off;")
  url=http://127.0.0.1:$port
}

master() { cat "$site/nginx.pid"; }
workers() { tr ' ' '\n' < "/proc/$(master)/task/$(master)/children" | sed '/^$/d' | sort; }
answers() { [[ -s $site/nginx.pid ]] && ! port_is_free "$port"; }
has_new_workers() { [[ $(workers | wc -l) == 2 && -z $(comm -12 <(workers) <(echo "$old_workers")) ]]; }

request() {
  local wanted=$1 got
  shift
  got=$(curl --disable --silent --show-error --max-time 20 --output /dev/null --write-out '%{http_code}' "$@") || fail "curl $*"
  [[ $got == "$wanted" ]] || fail "curl $* gave status $got and not $wanted"
}

# All that is asked of nginx, the same each time: pages, errors, kept connections, compression, a reload, and a graceful end.
use_server() {
  wait_until 30 "nginx answers" answers
  request 200 "$url/"
  request 404 "$url/no-such-page"
  request 200 --head "$url/large.txt"
  request 200200200 "$url/" "$url/large.txt" "$url/" --output /dev/null --output /dev/null
  request 200 --compressed "$url/large.txt"
  for _ in {1..20}; do request 200 "$url/large.txt"; done
  old_workers=$(workers)
  kill -HUP "$(master)"
  wait_until 30 "nginx has new workers" has_new_workers
  request 200 "$url/"
  kill -QUIT "$(master)"
  local status=0
  wait "$server" || status=$?
  server=
  [[ $status == 0 ]] || fail "nginx ended with status $status"
  echo "   28 requests, a reload and a graceful end: all as they should be"
}

step "Installing what is missing"
tests/support/install-packages.sh quickstart

step "Building build/release/bin/syscarve (the first time: some ten minutes on two processors)"
quietly cmake --preset release
quietly cmake --build --preset release --target syscarve --parallel "$(nproc)"

step "What this host can do: syscarve doctor"
"$syscarve" doctor || fail "this host cannot record with BPF; the lines above say what is missing"

mkdir -p "$out"
make_site
[[ -x ${nginx[0]} ]] || fail "${nginx[0]} is not there"

step "Recording nginx under real requests: syscarve record"
"$syscarve" record --user root -o "$out/nginx.recording.json" --run quickstart -- "${nginx[@]}" &
server=$!
use_server

step "Generating its profile: syscarve generate"
"$syscarve" generate "$out/nginx.recording.json" -o "$out/nginx.json"
echo "   and why one of the calls is in it: syscarve explain"
"$syscarve" explain "$out/nginx.recording.json" accept4

step "The same nginx and the same requests under the profile: syscarve run"
"$syscarve" run --user root --profile "$out/nginx.json" --report "$out/refused.json" -- "${nginx[@]}" &
server=$!
use_server
grep -q '"refused": \[\]' "$out/refused.json" || fail "the profile refused nginx a call that it needs: see $out/refused.json"

step "A program that nginx's profile was not made for: it makes a namespace of its own"
status=0
"$syscarve" run --user root --profile "$out/nginx.json" --report "$out/forbidden.json" -- unshare --mount true || status=$?
[[ $status != 0 ]] || fail "unshare succeeded under nginx's profile"
grep -q '"name": "unshare"' "$out/forbidden.json" || fail "the report does not name unshare"
echo "   refused, as it should be"

cat <<END

Done. In $out:
  nginx.recording.json   what nginx did
  nginx.json             its profile, for syscarve run and verify; for a container, record the container (--docker)
  refused.json           what the profile refused nginx: nothing
  forbidden.json         what it refused unshare

Now record your own: sudo $syscarve record -o my.recording.json -- ./run-my-tests.sh
END
