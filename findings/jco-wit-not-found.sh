#!/usr/bin/env bash
# jco 1.35.0 (npm), `jco componentize` of a correct module and a correct WIT file:
#   with @bytecodealliance/preview2-shim 0.26.1, what npm installs beside it  ->  "failed to get path metadata: No such file or
#                                                                                 directory (os error 44)"
#   with @bytecodealliance/preview2-shim 0.26.0                               ->  the component
# 0.26.1 grants no folder of its own accord any more, and jco asks for none. jco 1.34.0, which has 0.25, works.
#
# Seen with Node.js 20.20.2 and 22.23.3. The script installs jco into a temporary folder. It fails when the behaviour is another one.
# Needs Node.js and npm.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

echo 'package asl:one; world one { export handle: func() -> string; }' >one.wit
echo 'export function handle() { return "1"; }' >one.js

for shim in 0.26.1 0.26.0; do
    echo '{"private": true, "overrides": {"@bytecodealliance/preview2-shim": "'$shim'"}}' >package.json
    rm -rf node_modules package-lock.json
    npm install --silent --no-audit --no-fund @bytecodealliance/jco@1.35.0
    node_modules/.bin/jco componentize one.js --wit one.wit -n one -o "$shim.wasm" >"$shim" 2>&1 || true
    echo "preview2-shim $shim: $(head -1 "$shim")"
done

[[ ! -e 0.26.1.wasm && -e 0.26.0.wasm ]] && grep -q 'failed to get path metadata' 0.26.1
