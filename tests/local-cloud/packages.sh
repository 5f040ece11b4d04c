#!/bin/bash
# Installs the Debian packages that are missing. Nothing that is installed is changed, started or stopped.
set -eu

missing=()
needs() { # a program, and the package that brings it
    command -v "$1" >/dev/null || missing+=("$2")
}
needs redis-server redis-server
needs redis-cli redis-tools
needs cc build-essential
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)

if ! command -v cargo >/dev/null; then
    echo "Rust is missing. Install it from https://rustup.rs and run this again." >&2
    exit 1
fi
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi

root=()
[ "$(id -u)" -eq 0 ] || root=(sudo)
echo "Debian packages: ${missing[*]}"
"${root[@]}" apt-get update -qq
# RUNLEVEL=1 keeps the package of redis-server from starting a server of the machine: the local cloud starts its own.
"${root[@]}" env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
