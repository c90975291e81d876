#!/bin/sh
# Write the lock files: one per group, hashed, for CPython 3.11-3.14 on Linux and macOS, naming no
# index host. `make lock` keeps the pins that still fit; `make lock ARGS=--upgrade` takes the newest.
set -eu
cd "$(dirname "$0")/.."

compile() {
  out=requirements/$1.txt
  shift
  uv pip compile "$@" --output-file "$out" \
    --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
    --no-emit-index-url --no-emit-find-links --override requirements/overrides.in \
    --constraint requirements/constraints.in
}

# Each file holds to the pins of the one before it, so that any two install side by side.
compile runtime pyproject.toml "$@"
compile demo pyproject.toml --extra demo --constraint requirements/runtime.txt "$@"
compile dev --group pyproject.toml:dev --constraint requirements/demo.txt "$@"
compile build --group pyproject.toml:build --constraint requirements/dev.txt "$@"
compile lock --group pyproject.toml:lock "$@"

if grep -nE '://|file:|--(extra-)?index-url|--find-links' requirements/*.txt; then
  echo "a lock file names a host or a path" >&2
  exit 1
fi
