#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs in a guest, as its first process or as a service of systemd. /run/matrix contains, read-only:
#   script    the script to run, as root      guest/    this folder      share/    the content of /share, if any
#   build/    bin/ and workloads/ of a build, and `place`, the path that they must have: the tests have it compiled in
# The next disk has the kernel's modules. The one after it gets the content of $OUT at the end, with `output` and `status` of the script
# and `boot`, the seconds since the kernel's start.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 OUT=/run/out

if [[ $$ == 1 ]]; then
  mkdir -p /dev/pts /dev/shm
  mount -t devpts none /dev/pts
  mount -t tmpfs none /dev/shm
  mount -t tmpfs none /tmp
  for name in fd:fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do ln -sfn "/proc/self/${name#*:}" "/dev/${name%:*}"; done
  mount -t cgroup2 none /sys/fs/cgroup
  # A cgroup that contains processes cannot enable controllers for its children.
  mkdir /sys/fs/cgroup/init
  echo 1 > /sys/fs/cgroup/init/cgroup.procs
  for controller in $(< /sys/fs/cgroup/cgroup.controllers); do echo "+$controller" > /sys/fs/cgroup/cgroup.subtree_control; done
  mount -t tracefs none /sys/kernel/tracing
  mount -t bpf none /sys/fs/bpf
  mount -t securityfs none /sys/kernel/security
fi
exec < /dev/null > /dev/console 2>&1
mkdir -p "$OUT" /lib/modules
mount -t ext4 -o ro /dev/vdc /lib/modules
ip link set lo up

if [[ -d /run/matrix/build ]]; then
  BUILD=$(< /run/matrix/build/place)
  mkdir -p "$BUILD"
  mount --bind /run/matrix/build "$BUILD"
  ln -sfn "$BUILD/bin/syscarve" /usr/local/bin/syscarve
  # For the user nobody, too.
  folder=$BUILD
  while [[ $folder != / ]]; do
    folder=$(dirname "$folder")
    chmod a+x "$folder"
  done
  export BUILD
fi
if [[ -d /run/matrix/share ]]; then
  mkdir -p /share
  mount --bind /run/matrix/share /share
fi

cut -d' ' -f1 /proc/uptime > "$OUT/boot"
cd /root || exit
# It must end early enough to write its results out.
limit=$(sed -E 's/.*matrix.limit=([0-9]+).*/\1/' /proc/cmdline)
timeout --kill-after=5 $((limit - $(cut -d. -f1 /proc/uptime) - 30)) bash /run/matrix/script 2>&1 | tee "$OUT/output"
echo "${PIPESTATUS[0]}" > "$OUT/status"
tar -C "$OUT" -cf /dev/vdd .
sync
if [[ $$ == 1 ]]; then
  echo o > /proc/sysrq-trigger
  sleep 60
else
  systemctl poweroff -ff
fi
