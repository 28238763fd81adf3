#!/usr/bin/env bash
# The simulator's encoder is its own: it includes nothing of the agent's wire, so that a shared mistake cannot hide. What it may share, base
# and xml, tests/simulator/CMakeLists.txt tells.
set -euo pipefail
cd "$(dirname "$0")/../.."
if grep -nE '#include "agent/(psrp|wsman|clixml|value|auth|gss|net|remote)/' tests/simulator/*.cpp tests/simulator/*.hpp; then
  echo "tests/simulator must not include these" >&2
  exit 1
fi
echo "simulator: ok"
