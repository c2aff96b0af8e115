#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# release-diff.sh [FOLDER]: builds two releases of notes.c, records the tests of each, makes a profile of each, and tells what changed
# and which test brought it in. Everything is left in FOLDER (a new one unless given); the comment for the pull request is diff.md.
#
# SYSCARVE names the binary, BACKEND how to record (docs/record.md): without root it is by notification. The exit status is the diff's:
# 1 when the new release needs something of at least medium risk.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
syscarve=${SYSCARVE:-syscarve}
folder=${1:-$(mktemp -d)}

# Both releases are run from one path: the evidence knows programs by theirs.
notes=$folder/notes

# one_test RECORDINGS NAME ARGUMENT…: records one test under its name.
one_test() {
  recordings=$1
  name=$2
  shift 2
  "$syscarve" record --backend "${BACKEND:-auto}" --quiet --run "$name" -o "$recordings/$name.recording.json" -- \
    "$notes" "$folder/notes.txt" "$@"
}

# record_release NUMBER
record_release() {
  recordings=$folder/release-$1
  mkdir -p "$recordings"
  "${CC:-cc}" -O1 -DRELEASE="$1" -o "$notes" "$here/notes.c"
  rm -f "$folder/notes.txt"
  one_test "$recordings" add add milk
  one_test "$recordings" list list >/dev/null
  if [ "$1" -ge 2 ]; then one_test "$recordings" share share 9; fi
  "$syscarve" generate "$recordings"/*.recording.json -o "$folder/release-$1.json" --quiet
}

record_release 1
record_release 2

status=0
cd "$folder"
"$syscarve" diff release-1.json release-2.json --evidence release-1 release-2 --fail-on risk:medium --format markdown -o diff.md ||
  status=$?
cat diff.md
exit "$status"
