#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the mirror of Debian's main archive that the host's apt is configured with, or else Debian's own address.
set -euo pipefail
# apt-get prints the source of each list that it is configured with.
apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2> /dev/null | grep -E -m1 '/debian/?$' || echo http://deb.debian.org/debian
