#!/usr/bin/env bash
# What tests need of the system: ss and ip (iproute2), unshare and nsenter (util-linux). Debian and its relatives.
set -euo pipefail

missing=()
command -v ss ip > /dev/null || missing+=(iproute2)
command -v unshare nsenter > /dev/null || missing+=(util-linux)
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
fi
