#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The checks in a guest. Each check is a function check_NAME, which reports one line, or several of one kind:
#   CHECK<TAB>name<TAB>pass|fail|skip<TAB>figures
# A check passes if the kernel behaves as the table below expects. Its files are in $OUT, which the host keeps.
set -uo pipefail
# CHECKS, FILTER and ROUNDS.
source /run/matrix/settings
kernel=$(sed -E 's/.*matrix.kernel=([^ ]+).*/\1/' /proc/cmdline)
here=/run/matrix/guest
cd "$OUT" || exit

# The expectations for a kernel: the backend of `record`, where its programs are attached, and how it observes capability checks.
case $kernel in
  5.10*) backend=notify attach='' capabilities=none missing='kernel' ;;
  # BPF programs may not read the kernel's memory.
  *-lockdown) backend=notify attach='' capabilities=none missing='BPF programs .*locked down' ;;
  # Trampolines came to aarch64 with 6.4.
  arm64-6.1) backend=bpf attach=tp_btf capabilities=none ;;
  7 | 7-*) backend=bpf attach=kprobe.multi capabilities=tracepoint ;;
  *) backend=bpf attach=tp_btf capabilities=fexit ;;
esac
# The numbers of two calls that no other program makes.
case $(uname -m) in
  x86_64) sched_get_priority_max=146 sched_getparam=143 ;;
  aarch64) sched_get_priority_max=125 sched_getparam=121 ;;
esac

# report NAME pass|fail|skip FIGURES: prints the line, with the seconds since the last one.
reported=$SECONDS
report() {
  printf 'CHECK\t%s\t%s\t%s\n' "$1" "$2" "$(tr '\n\t' '; ' <<< "$3" | sed 's/[; ]*$//')${3:+, }$((SECONDS - reported)) s"
  reported=$SECONDS
}

# verdict NAME FIGURES WHAT-IS-WRONG: reports pass if nothing is wrong, otherwise fail.
verdict() {
  if [[ -z $3 ]]; then report "$1" pass "$2"; else report "$1" fail "$3${2:+ ($2)}"; fi
}

query() {
  python3 -B "$here/query.py" "$@"
}

# names RECORDING: prints the names of its calls, sorted, one per line.
names() {
  query "$1" '"\n".join(count)' | sort
}

# witness FILE COMMAND…: writes the names of the calls that strace records.
witness() {
  local output=$1
  shift
  strace -f -qq -e signal=none -o "$output.strace" "$@" > /dev/null 2>&1
  sed -nE 's/^[0-9]+ +(<\.\.\. )?([a-z0-9_]+)[( ].*/\2/p' "$output.strace" | sort -u > "$output"
}

# differ RECORDING WITNESS: describes how its names differ from those of strace.
differ() {
  local only
  only=$(comm -13 <(names "$1") "$2" | tr '\n' ' ')
  if [[ -n $only ]]; then echo "not recorded: $only"; fi
  only=$(comm -23 <(names "$1") "$2" | tr '\n' ' ')
  if [[ -n $only ]]; then echo "recorded and not seen by strace: $only"; fi
}

# try WRONG STATUS COMMAND…: adds to the variable WRONG if the command's exit status is not STATUS. Its output is in $OUT/last.
try() {
  local -n wrong_words=$1
  local expected=$2 status=0
  shift 2
  "$@" > last 2>&1 < /dev/null || status=$?
  if [[ $status != "$expected" ]]; then wrong_words+="exit status $status of $*: $(tail -n 2 last); "; fi
}

check_doctor() {
  local status=0 wrong=
  # If the kernel is not configured as its name says, no later check would detect it.
  case $kernel in
    *-nohz) [[ $(< /sys/devices/system/cpu/nohz_full) == 1 ]] || wrong+="no CPU is without a tick; " ;;
    *-lockdown) grep -q '\[confidentiality\]' /sys/kernel/security/lockdown || wrong+="not locked down; " ;;
  esac
  syscarve doctor > doctor 2>&1 || status=$?
  case $backend in
    bpf)
      if [[ $status != 0 ]] || grep -q '^MISSING' doctor; then wrong+="exit status $status: $(grep '^MISSING' doctor)"; fi
      grep -q "^ok *BPF programs .*($attach," doctor || wrong+="programs are not attached by $attach; "
      if [[ $capabilities == none ]]; then
        grep -q '^note *capability checks *cannot be seen' doctor || wrong+="does not say that capability checks cannot be seen"
      else
        grep -q "^ok *capability checks *seen by $capabilities" doctor || wrong+="capability checks are not seen by $capabilities"
      fi
      ;;
    notify)
      [[ $status == 3 ]] || wrong+="exit status $status and not 3; "
      grep -q "^MISSING *$missing" doctor || wrong+="does not say what is missing: $missing; "
      [[ $(grep -c '^MISSING' doctor) == 1 ]] || wrong+="more than one thing is missing; "
      grep -q '^ok *user notification' doctor || wrong+="no user notification"
      ;;
  esac
  verdict doctor "exit status $status, $(grep -c '^ok' doctor) ok, $(grep -c '^MISSING' doctor) missing" "$wrong"
}

# A command is recorded, and run under the generated profile, which allows its calls and no more.
check_round() {
  local wrong=
  try wrong 0 syscarve record -o round.json -- sh -c 'ls /'
  if [[ $(query round.json 'recording["method"]["backend"]') != "$backend" ]]; then wrong+="not recorded by $backend; "; fi
  if [[ $backend == notify ]] && ! grep -q 'recording by user notification' last; then wrong+="the fallback is not told; "; fi
  try wrong 0 syscarve generate round.json -o round.profile.json
  try wrong 0 syscarve run --profile round.profile.json -- sh -c 'ls /'
  try wrong 1 syscarve run --profile round.profile.json -- sh -c 'ls / && ln -s / /tmp/refused'
  if [[ -L /tmp/refused ]]; then wrong+="symlink was not refused; "; fi
  verdict round "$(names round.json | wc -l) names, by $(query round.json 'recording["method"]["backend"]')" "$wrong"
}

# Serves some requests and ends.
serve() {
  cat <<'SCRIPT'
rm -f /tmp/redis.socket /tmp/dump.rdb
redis-server --port 0 --unixsocket /tmp/redis.socket --dir /tmp --save '' > /dev/null &
server=$!
ask() { redis-cli -s /tmp/redis.socket "$@"; }
for attempt in $(seq 100); do
  if [ "$(ask ping 2> /dev/null)" = PONG ]; then break; fi
  sleep 0.1
done
for n in $(seq 5); do ask set "key$n" "$n" > /dev/null && ask incr total > /dev/null; done
ask save
ask get total
ask shutdown nosave
wait $server
SCRIPT
}

# A server is recorded while it handles requests, and handles the same ones under its profile.
check_service() {
  local wrong=
  serve > serve.sh
  try wrong 0 syscarve record --backend "$backend" -o service.json -- sh serve.sh
  grep -qx 5 last || wrong+="not served: $(tail -n 2 last); "
  try wrong 0 syscarve generate service.json -o service.profile.json
  try wrong 0 syscarve run --profile service.profile.json -- sh serve.sh
  grep -qx 5 last || wrong+="not served under its profile: $(tail -n 2 last); "
  verdict service "$(names service.json | wc -l) names, $(query service.json '"accept4" in count, complete')" "$wrong"
}

check_strace() {
  local wrong=
  try wrong 0 syscarve record --backend "$backend" -o strace.json -- sh -c 'ls / | cat'
  witness strace.names sh -c 'ls / | cat'
  wrong+=$(differ strace.json strace.names)
  verdict strace "$(wc -l < strace.names) names" "$wrong"
}

# Programs of 32-bit Arm, whose C library makes calls from a separate range of numbers: set_tls.
check_arm32() {
  [[ $(uname -m) == aarch64 ]] || return 0
  local wrong='' busybox=/opt/armhf/bin/busybox
  try wrong 0 "$busybox" true
  try wrong 0 syscarve record --backend "$backend" -o arm32.json -- "$busybox" ls /
  witness arm32.names "$busybox" ls /
  wrong+=$(differ arm32.json arm32.names)
  [[ $(query arm32.json '"set_tls" in count') == True ]] || wrong+="no set_tls; "
  try wrong 0 syscarve generate arm32.json -o arm32.profile.json
  try wrong 0 syscarve run --profile arm32.profile.json -- "$busybox" ls /
  try wrong 1 syscarve run --profile arm32.profile.json -- "$busybox" ln -s / /tmp/arm32
  verdict arm32 "$(names arm32.json | wc -l) names" "$wrong"
}

# One check that is granted, one that is denied.
check_capabilities() {
  local wrong='' source granted denied
  touch /tmp/owned
  try wrong 0 syscarve record -o granted.json --user root -- chown 1:1 /tmp/owned
  try wrong 1 syscarve record -o denied.json --user nobody -- sh -c 'touch /tmp/mine && chown 0 /tmp/mine'
  source=$(query granted.json 'recording["method"]["capabilities"]')
  granted=$(query granted.json 'answers("CAP_CHOWN")')
  denied=$(query denied.json 'answers("CAP_CHOWN")')
  if [[ $source != "$capabilities" ]]; then wrong+="seen by $source and not by $capabilities; "; fi
  if [[ $capabilities != none ]]; then
    [[ $granted =~ ^\([1-9][0-9]*,\ 0\)$ ]] || wrong+="root's CAP_CHOWN was not granted; "
    [[ $denied =~ ^\(0,\ [1-9][0-9]*\)$ ]] || wrong+="nobody's CAP_CHOWN was not denied; "
  fi
  verdict capabilities "$source; CAP_CHOWN (granted, denied): root $granted, nobody $denied" "$wrong"
}

# A filter that the command itself installs refuses the very first call of a child.
check_denials() {
  local wrong='' found
  python3 - "$sched_getparam" > refusing.filter <<'PYTHON'
import struct, sys
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
SCHED_GETPARAM, EPERM, REFUSE, ALLOW = int(sys.argv[1]), 1, 0x00050000, 0x7fff0000
for instruction in ((LOAD, 0, 0, 0), (EQUAL, 0, 1, SCHED_GETPARAM), (RETURN, 0, 0, REFUSE | EPERM), (RETURN, 0, 0, ALLOW)):
    sys.stdout.buffer.write(struct.pack("HBBI", *instruction))
PYTHON
  if [[ $backend == notify ]]; then
    report denials skip "needs BPF"
    return
  fi
  try wrong 0 syscarve record --denials -o denials.json -- "$BUILD/workloads/under_filter" refusing.filter "$BUILD/workloads/first_refused"
  found=$(query denials.json '[(entry["name"], entry["errno"], entry["count"]) for entry in trace["denials"]]')
  [[ $found == "[('sched_getparam', 1, 1)]" ]] || wrong+="the denials are not sched_getparam once; "
  [[ $(query denials.json '"sched_getparam" in count') == False ]] || wrong+="a refused call is among the calls; "
  [[ $(query denials.json lost) == '[]' ]] || wrong+="losses: $(query denials.json lost); "
  verdict denials "$found" "$wrong"
}

check_pid() {
  local wrong='' process recorder status=0 count=-
  mkfifo go
  sh -c "read line < go; exec $BUILD/workloads/calls $sched_get_priority_max:11" &
  process=$!
  syscarve record --pid "$process" -o pid.json 2> pid.words &
  recorder=$!
  for _ in $(seq 300); do
    if grep -q . pid.words || ! kill -0 "$recorder" 2> /dev/null; then break; fi
    sleep 0.1
  done
  echo > go
  wait "$process"
  wait "$recorder" || status=$?
  if [[ $backend == bpf ]]; then
    [[ $status == 0 ]] || wrong="exit status $status: $(tail -n 1 pid.words)"
    count=$(query pid.json 'count.get("sched_get_priority_max", 0)')
    [[ $count == 11 ]] || wrong+=" not counted 11 times"
    [[ $(query pid.json lost) == "[('started_before', 1)]" ]] || wrong+=" losses: $(query pid.json lost)"
  else
    # Only BPF can do this, and the message must report it.
    [[ $status != 0 && -s pid.words && ! -e pid.json ]] || wrong="exit status $status: $(tail -n 1 pid.words)"
  fi
  verdict pid "exit status $status, counted $count" "$wrong"
}

check_notify() {
  local wrong=
  try wrong 0 syscarve record --backend notify -o notify.json -- sh -c 'ls / | cat'
  witness notify.names sh -c 'ls / | cat'
  [[ $(query notify.json 'recording["method"]["backend"]') == notify ]] || wrong+="not recorded by notification; "
  wrong+=$(differ notify.json notify.names)
  verdict notify "$(wc -l < notify.names) names" "$wrong"
}

# No recording contains the recorder's own calls, even if it is interrupted all the time.
check_own() {
  local rounds=${ROUNDS:-20} wrong='' bad=0 busy=() programs difference
  witness own.names /bin/true
  for _ in 1 2; do
    while :; do :; done &
    busy+=($!)
  done
  for ((round = 1; round <= rounds; ++round)); do
    try wrong 0 syscarve record -q --backend "$backend" -o own.json -- /bin/true
    programs=$(query own.json '[program["path"] for program in recording["programs"]]')
    difference=$(differ own.json own.names)
    if [[ $programs != "['/usr/bin/true']" && $programs != "['/bin/true']" || -n $difference ]]; then
      bad=$((bad + 1))
      wrong+="$round: $programs $difference; "
      cp own.json "own-$round.json"
    fi
  done
  kill "${busy[@]}"
  wait "${busy[@]}" 2> /dev/null
  verdict own "$((rounds - bad)) of $rounds have one program and strace's $(wc -l < own.names) names" "$wrong"
}

# A recording contains all calls of a program, from its first instruction to its last, and no others.
check_ends() {
  local rounds=${ROUNDS:-20} wrong='' exact=0 found
  for ((round = 1; round <= rounds; ++round)); do
    try wrong 0 syscarve record -q --backend "$backend" -o ends.json -- "$BUILD/workloads/first_last"
    found=$(names ends.json | tr '\n' ' ')
    if [[ $found == "execve exit sched_get_priority_max sched_get_priority_min " ]]; then
      exact=$((exact + 1))
    else
      wrong+="$round: $found; "
    fi
  done
  verdict ends "$exact of $rounds exact" "$wrong"
}

# storm NAME EXPECTED ROUNDS OPTION… -- PROCESSES CALLS: CALLS calls of getpid in each of PROCESSES processes at
# once, counted exactly in each round.
storm() {
  local name=$1 expected=$2 rounds=$3 wrong='' exact=0 found
  shift 3
  local options=()
  while [[ $1 != -- ]]; do
    options+=("$1")
    shift
  done
  shift
  for ((round = 1; round <= rounds; ++round)); do
    try wrong 0 syscarve record -q "${options[@]}" -o "$name.json" -- "$BUILD/workloads/storm" "$@"
    found=$(query "$name.json" '(count.get("getpid", 0), complete, lost)')
    if [[ $found == "($expected, True, [])" ]]; then
      exact=$((exact + 1))
    else
      wrong+="$round: $found; "
    fi
  done
  verdict "$name" "$exact of $rounds exact" "$wrong"
}

check_storm() {
  local rounds=3
  # On these kernels calls could be lost.
  if [[ $kernel == 7 || $kernel == 7-full ]]; then rounds=10; fi
  rounds=${ROUNDS:-$rounds}
  if [[ $backend == bpf ]]; then
    storm storm-first 1000000 $rounds --events first -- 16 62500
    storm storm-all 1000000 $rounds --events all -- 16 62500
  else
    # Each call waits for the recorder: fewer of them.
    storm storm-notify 16000 2 -- 16 1000
  fi
}

# The live tests. If recording with BPF works, none may be skipped.
check_bpf() {
  local test log passed broken skipped unexpected status wrong
  # Tests of events that this kernel cannot report, as expected above.
  local excused='^$'
  if [[ $capabilities == none ]]; then excused='\.SeesCapabilityChecks|^ResultsTest\.'; fi
  for test in recorder program_barrier container membership life arguments hardening results; do
    chosen "bpf-$test" || continue
    log=$test.log status=0 wrong=
    timeout --kill-after=5 1500 "$BUILD/bin/${test}_bpf_test" --gtest_color=no --gtest_filter="$FILTER" > "$log" 2>&1 || status=$?
    passed=$(grep -c '^\[       OK \]' "$log")
    skipped=$(grep -c '^\[  SKIPPED \] .*(.* ms)$' "$log")
    broken=$(sed -nE 's/^\[  FAILED  \] ([^ ,]+).* \([0-9]+ ms\)$/\1/p' "$log" | tr '\n' ' ')
    if [[ -n $broken || $status != 0 ]]; then wrong="failed: ${broken:-exit status $status, $(tail -n 1 "$log")}"; fi
    unexpected=$(sed -nE 's/^\[  SKIPPED \] (.*) \(.*/\1/p' "$log" | grep -vE "$excused" | tr '\n' ' ')
    if [[ $backend == bpf && -n $unexpected ]]; then wrong+=" skipped: $unexpected"; fi
    if [[ $passed == 0 && -z $wrong ]]; then
      report "bpf-$test" skip "$skipped skipped"
    else
      verdict "bpf-$test" "$passed passed, $(wc -w <<< "$broken") failed, $skipped skipped" "$wrong"
    fi
  done
}

# A container is recorded from its first call, and runs under the generated profile.
check_docker() {
  local wrong='' engine profile refused
  # One kernel is enough: the one with systemd, which is like a usual host.
  if [[ -z $CHECKS && $kernel != *-systemd ]]; then return; fi
  dockerd --iptables=false --ip-forward=false --bridge=none > dockerd.log 2>&1 &
  engine=$!
  for _ in $(seq 120); do
    if docker version > docker.version 2>&1; then break; fi
    sleep 1
  done
  mkdir -p box/bin
  cp /bin/busybox box/bin/busybox
  for name in sh ls mkdir chmod; do ln -sf busybox "box/bin/$name"; done
  tar -C box -cf box.tar .
  try wrong 0 docker import --change 'ENTRYPOINT ["/bin/sh", "-c"]' box.tar box
  try wrong 0 syscarve record --docker -o containers -- docker run --rm --network none --name web box 'ls / && mkdir /made'
  try wrong 0 query containers/web.recording.json '(complete, lost)'
  [[ $(< last) == "(True, [])" ]] || wrong+="incomplete: $(< last); "
  try wrong 0 syscarve generate containers -o profiles
  profile=$(find profiles -name '*.json' | head -n 1)
  try wrong 0 docker run --rm --network none --security-opt "seccomp=$profile" box 'ls / && mkdir /made'
  try wrong 1 docker run --rm --network none --security-opt "seccomp=$profile" box 'chmod 700 /bin'
  refused=$(tail -n 1 last)
  kill "$engine"
  wait "$engine"
  verdict docker "$(names containers/web.recording.json | wc -l) names; $refused" "$wrong"
}

# form_of COMMAND…: prints the form of attachment in form.json, the recording that the command makes.
form_of() {
  rm -f form.json
  "$@" > last 2>&1
  if [[ -e form.json ]]; then query form.json 'recording["method"]["attach"]'; else tail -n 1 last; fi
}

# If the best form is not available, the next one is used.
check_forms() {
  [[ $attach == kprobe.multi ]] || return 0
  local wrong='' addresses perf record=(syscarve record -q --backend bpf -o form.json -- true)
  addresses=$(form_of unshare --mount sh -c 'mount --bind /dev/null /proc/kallsyms && exec "$@"' sh "${record[@]}")
  echo '{"defaultAction": "SCMP_ACT_ALLOW",
         "syscalls": [{"names": ["perf_event_open"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}' > form.profile.json
  perf=$(form_of syscarve run -q --profile form.profile.json -- "${record[@]}")
  [[ $addresses == tracepoint ]] || wrong+="without addresses: $addresses; "
  [[ $perf == tp_btf ]] || wrong+="without perf events: $perf; "
  verdict forms "without addresses $addresses, without perf events $perf" "$wrong"
}

# records KIND FILE COMMAND…: runs the command, with its output in $OUT/last, and writes the log lines with KIND that the security module
# writes meanwhile to FILE. The kernel's own buffer is too small for all of them. Returns the command's exit status.
records() {
  local kind=$1 file=$2 reader status=0
  shift 2
  dmesg --follow-new > records 2> /dev/null &
  reader=$!
  sleep 1
  "$@" > last 2>&1 < /dev/null || status=$?
  sleep 1
  kill "$reader"
  wait "$reader" 2> /dev/null
  grep -a "$kind" records > "$file"
  return "$status"
}

# A service under a profile that is generated from AppArmor's own log of its work.
check_apparmor() {
  local wrong='' round
  if [[ -z $CHECKS && $kernel != 6.1 ]]; then return; fi
  [[ $(cat /sys/module/apparmor/parameters/enabled 2> /dev/null) == Y ]] || wrong+="AppArmor is off; "
  # Audit writes to the kernel's log, which drops lines if there are many.
  echo 0 > /proc/sys/kernel/printk_ratelimit
  serve > serve.sh
  printf 'abi <abi/3.0>,\ninclude <tunables/global>\nprofile learning flags=(complain,attach_disconnected) {}\n' > learning.apparmor
  try wrong 0 apparmor_parser -r -K learning.apparmor
  records 'apparmor="ALLOWED"' learned.log aa-exec -p learning -- sh serve.sh || wrong+="not served while learning: $(tail -n 2 last); "
  try wrong 0 syscarve generate --allow-incomplete --format apparmor --name web learned.log -o web.apparmor
  try wrong 0 apparmor_parser -r -K web.apparmor
  for round in 1 2 3; do
    records 'apparmor="DENIED"' "unexpected-$round.log" aa-exec -p web -- sh serve.sh || wrong+="round $round: exit status $?; "
    grep -qx 5 last || wrong+="not served in round $round: $(tail -n 2 last); "
    [[ ! -s unexpected-$round.log ]] || wrong+="refused: $(head -n 2 "unexpected-$round.log"); "
  done
  # Without the file that the service saves to, the access is refused and logged.
  grep -v '/tmp/dump\.rdb' learned.log > narrow.log
  try wrong 0 syscarve generate --allow-incomplete --format apparmor --name web narrow.log -o narrow.apparmor
  try wrong 0 apparmor_parser -r -K narrow.apparmor
  records 'apparmor="DENIED"' refused.log aa-exec -p web -- sh serve.sh
  grep -q 'name="/tmp/dump.rdb"' refused.log || wrong+="the file that was left out is not refused: $(head -n 2 refused.log); "
  # With the logged refusal added, the profile is sufficient again.
  try wrong 0 syscarve generate --allow-incomplete --format apparmor --name web narrow.log refused.log -o whole.apparmor
  try wrong 0 apparmor_parser -r -K whole.apparmor
  records 'apparmor="DENIED"' still.log aa-exec -p web -- sh serve.sh || wrong+="not served with it: $(tail -n 2 last); "
  [[ ! -s still.log ]] || wrong+="still refused: $(head -n 2 still.log); "
  # A profile from syscarve's own recording is sufficient, too.
  try wrong 0 syscarve record --hardening -o recorded.json -- sh serve.sh
  try wrong 0 syscarve generate --allow-incomplete --format apparmor --name web recorded.json -o recorded.apparmor
  try wrong 0 apparmor_parser -r -K recorded.apparmor
  records 'apparmor="DENIED"' recorded.log aa-exec -p web -- sh serve.sh || wrong+="not served as recorded: $(tail -n 2 last); "
  # Opportunistic capability checks are denied, and the denials logged.
  if grep -v 'operation="capable"' recorded.log > recorded.refused; then wrong+="refused as recorded: $(head -n 2 recorded.refused); "; fi
  hostile_names
  verdict apparmor "$(grep -c , web.apparmor) rules of $(wc -l < learned.log) records; $(wc -l < refused.log) refused" "$wrong"
}

# File names with all characters that have a meaning in a profile: each is allowed, and the names that it would match as a pattern are not.
hostile_names() {
  local folder=/tmp/hostile name other
  local names=('a?c' 'd*' '[xyz]' '{p,q}' 'back\slash' 'quo"te' 'two words' $'new\nline' $'tab\t' '@{PROC}' 'caret^' $'\xff\xfe' '#x' 'comma,')
  local others=(abc def x p backslash quote twowords newline tab procfs caret z '#' comma)
  rm -rf "$folder"
  mkdir -p "$folder"
  for name in "${names[@]}" "${others[@]}"; do echo > "$folder/$name"; done
  records 'apparmor="ALLOWED"' hostile.log aa-exec -p learning -- cat "${names[@]/#/$folder/}" || wrong+="hostile names: $(tail -n 2 last); "
  try wrong 0 syscarve generate --allow-incomplete --format apparmor --name hostile hostile.log -o hostile.apparmor
  try wrong 0 apparmor_parser -r -K hostile.apparmor
  for name in "${names[@]}"; do try wrong 0 aa-exec -p hostile -- cat "$folder/$name"; done
  for other in "${others[@]}"; do try wrong 1 aa-exec -p hostile -- cat "$folder/$other"; done
}

# confined CONTEXT COMMAND…: runs the command in /srv/web as its root, under this context of SELinux, or none if it is "". Its
# output goes through a pipe, because it may not write to the guest's own files.
confined() {
  python3 -c '
import os, sys
context, *command = sys.argv[1:]
if context:
    with open("/proc/self/attr/exec", "w") as attribute:
        attribute.write(context)
os.chroot("/srv/web")
os.chdir("/")
os.execv(command[0], command)' "$@" 2>&1 < /dev/null | cat
  return "${PIPESTATUS[0]}"
}

# A root of its own for the service, with files of one type, as a container's are.
make_service_root() {
  local program
  mkdir -p /srv/web/{bin,dev,proc,tmp,usr}
  for program in /bin/{sh,rm,seq,sleep,cat} /usr/bin/{redis-server,redis-cli}; do
    cp -L "$program" /srv/web/bin
    ldd "$program" | grep -o '/[^ ]*' | xargs cp --parents -n -L -t /srv/web 2> /dev/null
  done
  mknod /srv/web/dev/null c 1 3
  mknod /srv/web/dev/urandom c 1 9
  mount -t proc proc /srv/web/proc
  serve > /srv/web/serve.sh
  echo secret > /srv/web/secret
}

# A service under a module that is generated from its recording.
check_selinux() {
  local wrong='' round entry context=system_u:system_r:web.process:s0
  mount -t selinuxfs selinuxfs /sys/fs/selinux 2> /dev/null
  make_service_root
  try wrong 0 syscarve record --hardening -o selinux.json -- bash -c "$(declare -f confined); confined '' /bin/sh /serve.sh"
  grep -qx 5 last || wrong+="not served while recording: $(tail -n 2 last); "
  try wrong 0 syscarve generate --allow-incomplete --format selinux --name web selinux.json -o web.cil
  try wrong 0 load_policy -i
  try wrong 0 semodule -i web.cil
  for entry in bin dev tmp usr lib lib64 serve.sh; do chcon -R -h -t web.file "/srv/web/$entry"; done
  chcon -t web.file /srv/web
  chcon -t shadow_t /srv/web/secret
  echo 0 > /proc/sys/kernel/printk_ratelimit
  setenforce 1
  [[ $(getenforce) == Enforcing ]] || wrong+="not enforcing; "
  for round in 1 2; do
    records 'avc:  denied' "unexpected-$round.log" confined "$context" /bin/sh /serve.sh || wrong+="round $round: exit status $?; "
    grep -qx 5 last || wrong+="not served in round $round: $(tail -n 2 last); "
    # The guest's /dev was created before the types were loaded.
    if grep 'scontext=[^ ]*web\.process' "unexpected-$round.log" | grep -v 'path="/dev/null"' > unexpected; then
      wrong+="refused: $(head -n 2 unexpected); "
    fi
  done
  records 'avc:  denied' refused.log confined "$context" /bin/cat /secret && wrong+="another type's file was read; "
  grep -q 'name="secret".*scontext=system_u:system_r:web.process:s0.*tcontext=[^ ]*shadow_t' refused.log ||
    wrong+="the file of another type is not named: $(head -n 2 refused.log); "
  setenforce 0
  records 'avc:  denied' permissive.log confined "$context" /bin/cat /secret || wrong+="not read when permissive: $(tail -n 1 last); "
  try wrong 0 syscarve merge permissive.log -o permissive.json
  [[ $(query permissive.json '[file["path"] for file in recording["subjects"][0]["hardening"]["files"]]') == *secret* ]] ||
    wrong+="the record is not read as a use of it: $(head -n 3 permissive.log); "
  verdict selinux "$(grep -c '(allow' web.cil) rules; $(grep -c 'name="secret"' refused.log) refused" "$wrong"
}

# Errors that the kernel itself reported.
check_log() {
  dmesg > dmesg
  local complaints
  complaints=$(grep -E 'BUG|WARNING|Oops|stall|hung task|lockup' dmesg | head -n 3)
  verdict log "" "$complaints"
}

# chosen NAME: whether CHECKS selects this check, or some of its kind.
chosen() {
  local wanted list
  [[ -n $CHECKS ]] || return 0
  IFS=, read -ra list <<< "$CHECKS"
  for wanted in "${list[@]}"; do
    if [[ $1 == "$wanted" || $1 == "$wanted"-* || $wanted == "$1"-* ]]; then return 0; fi
  done
  return 1
}

all=(doctor forms round service strace arm32 capabilities denials pid notify own ends storm bpf docker apparmor log)
case $kernel in
  *-selinux) all=(selinux log) ;;
esac
for check in "${all[@]}"; do
  if chosen "$check"; then "check_$check"; fi
done
