#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Records the three services under their integration tests, plans how each is confined, and runs the tests again under all of that:
# sudo ./harden.sh
#
# What it made stays in recordings/ and profiles/. RUNS is how often the tests are run under it (1), SYSCARVE names the binary if it is
# not in PATH, IMAGE the services' image, COMPOSE_PROJECT_NAME the project.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. ./compose.sh

syscarve=${SYSCARVE:-syscarve}
override=profiles/docker-compose.override.yml
export COMPOSE_PROJECT_NAME=${COMPOSE_PROJECT_NAME:-shop}

# The project as it is written, and with what was generated for it. Named, so that an override of before is not taken in.
plain=(-f docker-compose.yml)
hardened=(-f docker-compose.yml -f "$override")

clean_up() { COMPOSE_FILE='' compose "${plain[@]}" down --timeout 10 --volumes > /dev/null 2>&1 || true; }
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

rm -rf recordings profiles

# The project comes up, is tested, and goes with its data: the next test begins with none.
tests='
  . ./compose.sh
  compose -f docker-compose.yml up -d
  COMPOSE_FILE=docker-compose.yml ./run-tests.sh
  compose -f docker-compose.yml down --timeout 10 --volumes'

echo "1. Recording: the containers come up and are tested while syscarve watches"
"$syscarve" record --docker --compose-project "$COMPOSE_PROJECT_NAME" --user root -o recordings -- bash -euc "$tests"

echo "2. Planning: profiles, capabilities, users, file systems and limits, and an override for Compose that says all that"
"$syscarve" harden recordings -o profiles --target compose --compose docker-compose.yml > /dev/null

echo "3. Verifying: the same tests, with each container under its whole line"
"$syscarve" verify --docker --compose-project "$COMPOSE_PROJECT_NAME" --user root --runs "${RUNS:-1}" profiles -- bash -euc "$tests"
"$syscarve" harden recordings -o profiles --target compose --compose docker-compose.yml | grep '^[a-z]*: '

echo "4. Testing again, with the override, as from now on"
compose "${hardened[@]}" up -d
COMPOSE_FILE="docker-compose.yml:$override" ./run-tests.sh
compose "${hardened[@]}" down --timeout 10 --volumes

cat <<END

Done. From now on: docker-compose -f docker-compose.yml -f $override up -d
What each service may still do, and why: profiles/SUMMARY.md; what confines it besides, and what is proven of it: profiles/hardening.json
END
