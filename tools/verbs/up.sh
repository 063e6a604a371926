#!/bin/sh
# Install what is missing, build, and start every service.
#
# usage: ./grover up [--detach] [--data DIR] [--port-base N] [--tls] [--mongo URL]
#   --detach        return once all are ready; ./grover down stops them
#   --data DIR      where the data lives (default: $DATA_DIR, or ./data)
#   --port-base N   the gateway listens on N, the others on the ports after it (default: 8000)
#   --tls           the gateway speaks TLS and HTTP/2 as well, on GATEWAY_TLS_PORT (default: 443 above its port), with a
#                   certificate for localhost that is made once, under the data folder
#   --mongo URL     the data lives on this MongoDB (docs/mongodb.md) and not in files; as MONGO_URL does, or MONGO_URL_FILE,
#                   which keeps a password out of the list of processes
#
# In the foreground Ctrl-C stops all of them, gracefully. A service that dies is started again.
# Settings: GATEWAY_PORT, USER_PORT, POST_PORT ...; HOST, where the gateway listens (default: 127.0.0.1; the services
# behind it never leave the machine). All other variables reach the services as they are.
set -eu
. "$GROVER_ROOT/tools/lib.sh"

"$GROVER" setup runtime
export PYTHONPATH="$GROVER_ROOT/tools" PYTHONDONTWRITEBYTECODE=1
supervisor=$GROVER_ROOT/tools/supervisor.py

status=0
"$GROVER_PYTHON" "$supervisor" check "$@" || status=$?
case $status in
    0) ;;
    3) exit 0 ;;    # it runs already, and that was said
    *) exit "$status" ;;
esac
if [ -z "${GROVER_PROGRAMS:-}" ]; then
    "$GROVER" setup build
    if [ ! -d "$GROVER_ROOT/build/release" ]; then say "building; the first time takes some minutes"; fi
    "$GROVER" build release services
fi
exec "$GROVER_PYTHON" "$supervisor" up "$@"
