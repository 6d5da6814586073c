# Sourced by the scripts beside it: strict mode, the repository as working directory.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

require_swift() {
  command -v swift >/dev/null ||
    fail "swift is not on PATH; install Swift 6.3 from https://www.swift.org/install/linux and try again"
}
