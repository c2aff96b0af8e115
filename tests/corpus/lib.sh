# SPDX-License-Identifier: Apache-2.0
# What the clients of several services share. Read before the workload's file, in the service's namespaces.

# fetch PATH-OR-URL [curl's options]: the body; fails on an HTTP error. $port is the service's.
fetch() {
  case $1 in *://*) url=$1 ;; *) url=http://127.0.0.1:$port$1 ;; esac
  shift
  curl -sS --fail --max-time 20 "$@" "$url"
}

# status PATH-OR-URL [curl's options]: only the HTTP status.
status() {
  case $1 in *://*) url=$1 ;; *) url=http://127.0.0.1:$port$1 ;; esac
  shift
  curl -sS --max-time 20 -o /dev/null -w '%{http_code}' "$@" "$url"
}

# listens PORT: whether something accepts TCP connections there.
listens() { bash -c ': < /dev/tcp/127.0.0.1/'"$1" 2> /dev/null; }

# is TEXT EXPECTED: fails with both unless they are the same.
is() { [ "$1" = "$2" ] || { echo "got \"$1\", not \"$2\"" >&2; return 1; }; }

# has TEXT PART
has() { case $1 in *"$2"*) ;; *) echo "got \"$1\", without \"$2\"" >&2; return 1 ;; esac; }

# until_true COMMAND…: tries for ten seconds.
until_true() {
  for attempt in $(seq 100); do
    if "$@" > /dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  echo "not within ten seconds: $*" >&2
  return 1
}

# py SCRIPT: runs it with python3. talk(port, lines…) sends lines, each when something has come after the last, and returns all that came.
py() { python3 -c "
import re, socket, sys, time
def talk(port, *lines, end=b'\n', host='127.0.0.1'):
    got = b''
    with socket.create_connection((host, port), 10) as s:
        s.settimeout(10)
        for line in lines:
            s.sendall(line.encode() + end)
            got += s.recv(65536)
    return got.decode(errors='replace')
$1" ; }
