#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# record_services.sh BUILD-FOLDER [OUTPUT-FOLDER]: records the services of profiles/services/ anew, from the distribution's packages, and
# writes a profile and its provenance for each (default: profiles/services). As root, on a host where the container tests run;
# BUILD-FOLDER is one with syscarve, the workloads and, if they have been made, the tests' images.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(realpath "${1:?usage: record_services.sh BUILD-FOLDER [OUTPUT-FOLDER]}")
export SYSCARVE_BINARY="${SYSCARVE_BINARY:-$build/bin/syscarve}" SYSCARVE_WORKLOADS="$build/workloads" SYSCARVE_IMAGES="$build/images"
SYSCARVE_SERVICES_OUTPUT=$(realpath -m "${2:-profiles/services}")
export SYSCARVE_SERVICES_OUTPUT
exec python3 -B tests/e2e/record_services.py
