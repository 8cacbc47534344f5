# shellcheck shell=bash disable=SC2034
# Sourced by kolla-start, kolla-join and kolla-drain.

RUN=/run/kolla
START_PID=$RUN/start.pid
ROUTER_PID=$RUN/router.pid
ROUTER_LOG=$RUN/router.log
ROUTER_FAILED=$RUN/router.failed
DRAINING=$RUN/draining
# Kept when the container restarts, unlike $RUN.
JOINED=/var/lib/kolla/generation/joined

running() {
    kill -0 "$1" 2> /dev/null
}
