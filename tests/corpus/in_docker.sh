#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/corpus/in_docker.sh IMAGE SERVICE OPTION…: starts a service of services/ in a container of the engine that DOCKER_HOST names,
# and uses it as a project's own tests would. The files that prepare() makes must be in the image already.
#
#   load        the load, and leaves the container running, for `record --exercise`
#   once        the load, a stop
#   everything  the load, every other request, a shell, a reload, a stop, a start on the existing data, the load, a stop
#
# CORPUS_RUN contains further arguments for `docker run`.
set -eu
corpus=$(dirname "$(realpath "$0")")
image=$1 name=$2 work=$3

# The clients run in the container's namespaces, but neither in its cgroup nor under its filter. They have a mount namespace of their own, in
# which they can write everywhere, even if the root is read-only for the service.
as_client() {
  nsenter --target "$(docker inspect --format '{{.State.Pid}}' "$name")" --mount --uts --ipc --net --pid -- \
    unshare --mount --propagation private -- \
    /bin/sh -euc 'mount -o remount,bind,rw /; cd /; . /corpus/lib.sh; . "/corpus/services/$1"; "$2"' sh "$name" "$1"
}

has() { grep -q "^$1() {" "$corpus/services/$name"; }

until_ready() {
  for _ in $(seq 300); do
    if as_client ready > /dev/null 2>&1; then return; fi
    if [ "$(docker inspect --format '{{.State.Running}}' "$name")" != true ]; then break; fi
    sleep 0.1
  done
  echo "$name does not become ready:" >&2
  as_client ready >&2 || true
  docker logs "$name" >&2
  return 1
}

in_use() {
  if has beside; then
    as_client beside > /dev/null 2>&1 &
    beside=$!
  fi
  until_ready
  as_client load
}

stop() {
  docker stop "$name" > /dev/null
  if [ -n "$beside" ]; then wait "$beside" || true; fi
  beside=
}

beside=
user= stop_signal=TERM capabilities=
. "$corpus/services/$name"
eval "set -- $command"
added=
for capability in $capabilities; do added="$added --cap-add $capability"; done
# A service that ignores the signal is killed soon, also by `record --exercise`.
# shellcheck disable=SC2086  # Words.
docker run --detach --name "$name" --hostname "$name" --add-host "$name:127.0.0.1" --network none --user "$user" --stop-signal "SIG$stop_signal" --stop-timeout 3 --volume "$corpus:/corpus:ro" \
  $added ${CORPUS_RUN:-} "$image" "$@" > /dev/null
# A failed run, too, must leave nothing that disturbs the next.
trap 'docker rm --force --volumes "$name" > /dev/null' EXIT
in_use
if [ "$work" = load ]; then
  trap - EXIT
  # After a restart, `record --exercise` would wait for every listener in the container's network; this one is not the service's.
  # The program is below nsenter, which is below the shell.
  if [ -n "$beside" ]; then pkill -P "$(pgrep -d , -P "$beside")" || true; fi
  exit
fi
if [ "$work" = once ]; then
  stop
  exit
fi
for other in $(sed -n 's/^\(other_[a-z_]*\)() {.*/\1/p' "$corpus/services/$name"); do
  as_client "$other" || { echo "$name: $other failed" >&2; exit 1; }
done
docker exec "$name" sh -ec 'id -u && ls -l /etc > /dev/null && grep -c root /etc/passwd && cat /proc/1/comm && (sleep 0.1; echo over)' > /dev/null
if has reload; then
  as_client reload
  as_client load
fi
stop
docker start "$name" > /dev/null
in_use
stop
