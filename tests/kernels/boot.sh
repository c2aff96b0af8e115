#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# boot.sh WORK ARCH PAYLOAD OUT LIMIT THREADS INIT ARGUMENTS TREE…
#
# Boots the kernel in TREE…, unpacked packages of one Debian kernel, in QEMU and waits for its end, at most LIMIT seconds. The guest has
# WORK/root-ARCH, which it may write to without changing it, and PAYLOAD, a file system with init.sh in it (guest/init.sh lists the rest).
# THREADS is multi; or single: if CPUs are emulated, one thread emulates all; or instructions: as single, with a clock that counts one
# nanosecond per instruction. INIT is plain or systemd, ARGUMENTS is appended to the kernel's command line. OUT is made anew: OUT/console, and
# the guest's output files. Prints the kernel's version. Exit status: 0 the guest finished, whatever its results; 1 it did not.
set -euo pipefail
work=$1 arch=$2 payload=$3 out=$4 limit=$5 threads=$6 init=$7 arguments=$8
shift 8
trees=("$@")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

emulator=
temporary=$(mktemp -d)
clean_up() {
  # This is the pid of timeout, which passes the signal on.
  if [[ -n $emulator ]]; then
    kill "$emulator" || true
    wait "$emulator" || true
  fi
  rm -rf "$temporary"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

give_up() {
  echo "boot.sh: $1" >&2
  exit 1
}

# The modules of the kernel, with their index, as a tree of their own: packages put them into one of two places, and may split them.
# The tree and the disk made from it are kept.
prepare_modules() {
  local folder tree
  version=
  for tree in "${trees[@]}"; do
    for folder in "$tree"/{usr/,}lib/modules/*/; do
      if [[ -d $folder ]]; then version=$(basename "$folder"); fi
    done
  done
  [[ -n $version ]] || give_up "no kernel modules in ${trees[*]}"
  modules=$work/modules/$version
  if [[ -e $modules ]]; then return; fi
  local new=$temporary/modules
  mkdir -p "$new/tree/lib/modules/$version" "$work/modules"
  for tree in "${trees[@]}"; do
    for folder in "$tree"/{usr/,}lib/modules/"$version"/; do
      if [[ -d $folder ]]; then cp -a "$folder/." "$new/tree/lib/modules/$version/"; fi
    done
  done
  rm -f "$new/tree/lib/modules/$version/vmlinuz"
  depmod -b "$new/tree" "$version"
  "$here/disk.sh" "$new/tree/lib/modules" "$new/disk.ext4"
  # A folder that exists is complete.
  cp -a "$new" "$modules.new.$$"
  mv -T "$modules.new.$$" "$modules"
}

image() {
  local tree candidate
  for tree in "${trees[@]}"; do
    for candidate in "$tree/boot/vmlinuz-$version" "$tree"/{usr/,}lib/modules/"$version"/vmlinuz; do
      if [[ -f $candidate ]]; then
        echo "$candidate"
        return
      fi
    done
  done
  give_up "no image of $version in ${trees[*]}"
}

# The first root: loads the modules for the disks and switches to the real root.
make_initramfs() {
  local root=$temporary/initramfs module file name
  mkdir -p "$root"/{bin,dev,proc,sys,new,modules}
  cp "$work/root-$arch/busybox" "$root/bin/busybox"
  for module in virtio_pci virtio_blk ext4; do
    modprobe -d "$modules/tree" -S "$version" --show-depends "$module" | awk '$1 == "insmod" { print $2 }'
  done | awk '!seen[$0]++' > "$temporary/needed"
  while read -r file; do
    name=$(basename "$file")
    case $name in
      *.xz) xz -dc "$file" ;;
      *.zst) zstd -qdc "$file" ;;
      *.gz) gzip -dc "$file" ;;
      *) cat "$file" ;;
    esac > "$root/modules/${name%.ko*}.ko"
    echo "/modules/${name%.ko*}.ko" >> "$root/load"
  done < "$temporary/needed"
  cat > "$root/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t devtmpfs none /dev
mount -t proc none /proc
mount -t sysfs none /sys
while read -r module; do insmod "$module"; done < /load
for attempt in $(seq 300); do
  if [ -b /dev/vdd ]; then break; fi
  sleep 0.1
done
mount -t ext4 /dev/vda /new
mount -t tmpfs none /new/run
for folder in dev proc sys; do mount -o move /$folder /new/$folder; done
case $(cat /new/proc/cmdline) in
  *matrix.init=systemd*) exec switch_root /new /lib/systemd/systemd ;;
esac
exec switch_root /new /bin/bash /guest-init
INIT
  chmod +x "$root/init"
  (cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) > "$temporary/initrd"
}

rm -rf "$out"
mkdir -p "$out"
prepare_modules
echo "$version"
make_initramfs
# The guest writes its output files to this disk, as a tar.
truncate -s 256M "$temporary/result"

# Keeps systemd's prompt out of the guest's output.
arguments="matrix.init=$init matrix.limit=$limit systemd.getty_auto=no $arguments"
case $arch in
  amd64)
    # In an emulator, the check of the timer's interrupt can fail although nothing is wrong.
    qemu=(qemu-system-x86_64 -machine q35 -cpu max)
    arguments="console=ttyS0 no_timer_check $arguments"
    ;;
  arm64)
    # An emulator spends more time on the architecture's own pointer authentication than on everything else.
    qemu=(qemu-system-aarch64 -machine virt -cpu "max,pauth-impdef=on")
    arguments="console=ttyAMA0 $arguments"
    ;;
  *) give_up "guests of $arch cannot be booted" ;;
esac
# A virtual machine may have /dev/kvm without the support that it needs; QEMU detects this too late.
if [[ $threads == instructions ]]; then
  qemu+=(-accel "tcg,thread=single,tb-size=512" -icount shift=0,sleep=off)
elif [[ $arch == "$(dpkg --print-architecture)" && -w /dev/kvm ]] && grep -q -w -E 'vmx|svm' /proc/cpuinfo; then
  qemu+=(-accel kvm)
else
  qemu+=(-accel "tcg,thread=$threads,tb-size=512")
fi
qemu+=(-smp 2 -m 2048 -nic none -display none -monitor none -no-reboot
       -serial "file:$out/console"
       -kernel "$(image)" -initrd "$temporary/initrd" -append "quiet panic=-1 $arguments"
       -drive "file=$work/root-$arch/disk.ext4,if=virtio,format=raw,snapshot=on"
       -drive "file=$payload,if=virtio,format=raw,readonly=on"
       -drive "file=$modules/disk.ext4,if=virtio,format=raw,readonly=on"
       -drive "file=$temporary/result,if=virtio,format=raw")
timeout --kill-after=10 "$limit" "${qemu[@]}" < /dev/null 2> "$out/qemu" &
emulator=$!
wait "$emulator" || true
emulator=
grep -v 'terminating on signal 15' "$out/qemu" >&2 || true

tar -C "$out" -xf "$temporary/result" 2> /dev/null || true
[[ -e $out/status ]]
