#!/bin/sh
# Install Debian packages that are missing: as root at once; otherwise name the one command and, in CI, fail.
set -eu
missing=""
for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing$missing"
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    exit 0
fi
echo "Missing:$missing. Please run: sudo apt-get install -y$missing" >&2
[ -z "${CI:-}" ] || exit 1
case " $missing " in *" python3-venv "*) exit 1 ;; esac
