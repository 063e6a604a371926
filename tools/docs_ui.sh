#!/bin/sh
# docs_ui.sh OUT STAMP: makes the page behind /docs (web/docs/README.md) in the folder OUT. Called by the build.
# The packages are installed once for all presets, in build/npm/docs. The file STAMP is there when all worked; without
# npm, or when the registry cannot be reached, OUT holds a page that says so, and the next build tries again.
set -eu

out=$1
stamp=$2
source_folder=$(cd "$(dirname "$0")/../web/docs" && pwd)
packages=$source_folder/../../build/npm/docs
mkdir -p "$out" "$packages"

give_up() {
    cp "$source_folder/missing.html" "$out/index.html"
    rm -f "$stamp"
    echo "/docs will only say what to install: $*"
    exit 0
}

exec 9>"$packages/.lock"
flock 9
if ! cmp -s "$source_folder/package-lock.json" "$packages/installed-lock.json"; then
    command -v npm >/dev/null || give_up "npm is not here"
    cp "$source_folder/package.json" "$source_folder/package-lock.json" "$source_folder/.npmrc" "$packages/"
    npm ci --prefix "$packages" --prefer-offline --fetch-retries=1 --fetch-retry-mintimeout=1000 \
        --fetch-timeout=20000 --loglevel=error \
        >"$packages/npm.log" 2>&1 9>&- || give_up "npm could not install its packages ($packages/npm.log)"
    cp "$source_folder/package-lock.json" "$packages/installed-lock.json"
fi

ui=$packages/node_modules/swagger-ui-dist
cp "$source_folder/index.html" "$out/index.html"
# The note on a source map would make browsers ask for a file that is not there.
{ sed '/^\/\/# sourceMappingURL=/d' "$ui/swagger-ui-bundle.js"; echo; cat "$source_folder/docs.js"; } >"$out/docs.js"
{ sed 's/\/\*# sourceMappingURL=.*\*\///' "$ui/swagger-ui.css"; echo; cat "$source_folder/docs.css"; } >"$out/docs.css"
{ cat "$ui/NOTICE" "$ui/LICENSE"; echo; cat "$ui/swagger-ui-bundle.js.LICENSE.txt"; } >"$out/LICENSE.txt"
touch "$stamp"
