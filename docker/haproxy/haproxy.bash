# shellcheck shell=bash disable=SC2034
# Sourced by the scripts of the image.

RUN=/run/kolla
START_PID=$RUN/start.pid
PID=$RUN/haproxy.pid
LOG=$RUN/haproxy.log
FAILED=$RUN/failed
DRAINING=$RUN/draining
# Where it is asked once it takes requests, and before that, while it only asks the hosts.
PUBLIC=$RUN/admin.sock
PRIVATE=$RUN/waiting.sock
# Kept when the container restarts, unlike $RUN.
JOINED=/var/lib/kolla/generation/joined
# Where HAProxy says who its client is, and the ports beside those. Exists only if it does so.
TOLD=/etc/kolla/haproxy/told
CONFIGURATION=(-f /etc/kolla/haproxy/haproxy.cfg -f /etc/kolla/haproxy/services.cfg)

running() {
    kill -0 "$1" 2> /dev/null
}

# ask SOCKET COMMAND: prints what HAProxy answers; fails if it does not within five seconds.
ask() {
    timeout 5 socat -t 5 - "UNIX-CONNECT:$1" <<< "$2" 2> /dev/null
}
