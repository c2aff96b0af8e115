#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Records the three services under their integration tests, generates a profile for each, and runs the tests again with the engine
# enforcing the profiles: sudo ./harden.sh
#
# What it made stays in recordings/, profiles/ and docker-compose.override.yml. SYSCARVE names the binary if it is not in PATH,
# IMAGE the services' image, COMPOSE_PROJECT_NAME the project.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. ./compose.sh

syscarve=${SYSCARVE:-syscarve}
override=profiles/docker-compose.override.yml
export COMPOSE_PROJECT_NAME=${COMPOSE_PROJECT_NAME:-shop}

# The project as it is written, and with what was generated for it. Named, so that an override of before is not taken in.
plain=(-f docker-compose.yml)
hardened=(-f docker-compose.yml -f "$override")

clean_up() { COMPOSE_FILE='' compose "${plain[@]}" down --timeout 10 > /dev/null 2>&1 || true; }
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

rm -rf recordings profiles

echo "1. Recording: the containers come up and are tested while syscarve watches"
"$syscarve" record --docker --compose-project "$COMPOSE_PROJECT_NAME" --user root -o recordings -- bash -euc '
  . ./compose.sh
  compose -f docker-compose.yml up -d
  COMPOSE_FILE=docker-compose.yml ./run-tests.sh
  compose -f docker-compose.yml down --timeout 10'

echo "2. Generating: a profile for each service, and an override for Compose"
"$syscarve" generate recordings -o profiles --compose docker-compose.yml

echo "3. Testing again, with the engine enforcing the profiles"
compose "${hardened[@]}" up -d
COMPOSE_FILE="docker-compose.yml:$override" ./run-tests.sh
compose "${hardened[@]}" down --timeout 10

cat <<END

Done. From now on: docker-compose -f docker-compose.yml -f $override up -d
What each service may still do, and why: profiles/SUMMARY.md
END
