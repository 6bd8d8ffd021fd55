#!/usr/bin/env bash
# Fetches Debian's pgvector for the test server's Postgres 18, with the C library that it was built for, into /opt/perdure-pgvector.
# The test server loads it from there (src/testing/postgres-vector.ts); without it, suites on Postgres run without vectors and say so.
set -euo pipefail

target=/opt/perdure-pgvector
[ -e "$target/usr/share/postgresql/18/extension/vector.control" ] && exit 0

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir -p "$work/lists/partial" "$work/root"
# The stable releases have no package for Postgres 18, so it comes from sid of the mirror that this machine uses; a list of its own leaves the machine's untouched.
mirror="$(apt-get indextargets --format '$(REPO_URI)' | grep -m1 -E '/debian/?$')" || { echo "no Debian mirror is configured for apt" >&2; exit 1; }
echo "deb $mirror sid main" >"$work/sources.list"
options=(-qq -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists")
apt-get "${options[@]}" update
(cd "$work" && apt-get "${options[@]}" download postgresql-18-pgvector libc6)
for package in "$work"/*.deb; do dpkg-deb -x "$package" "$work/root"; done
rm -rf "$target" && mv "$work/root" "$target" && chmod 755 "$target"
