# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by the scripts here. compose: Docker Compose of either generation, on the project in this folder.
if command -v docker-compose > /dev/null; then
  compose() { docker-compose "$@"; }
elif docker compose version > /dev/null 2>&1; then
  compose() { docker compose "$@"; }
else
  echo "$0: neither docker-compose nor docker compose is installed" >&2
  exit 1
fi
