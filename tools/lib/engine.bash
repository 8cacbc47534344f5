# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # variables shared with tools/quickstart
# The machine's own Docker engine: installed, started, with live-restore. An engine that runs
# containers is never restarted. Needs machine.bash, steps.bash and `helper` (quickstart.py).

# Without a bridge and rules of its own.
network_alone=(bridge='"none"' iptables=false ip6tables=false)
daemon_json=/etc/docker/daemon.json
dockerd_log=/var/log/dockerd.log

with_systemd() { [[ -d /run/systemd/system ]]; }

# engine_facts URL: sets engine_version, engine_live and engine_running; fails if none answers.
engine_facts() {
    local facts
    facts=$(helper engine "$1" 2>/dev/null) || return 1
    read -r engine_version engine_live engine_running <<<"$facts"
}

# own_engine URL: whether it is the one that this machine's packages start.
own_engine() {
    [[ $1 == unix:///var/run/docker.sock || $1 == unix:///run/docker.sock ]]
}

# configure_engine KEY=JSON...: into daemon.json, in addition to what is there.
configure_engine() {
    local outcome
    outcome=$(helper merge "$daemon_json" "$@" 2>&1) ||
        die "$outcome" "correct or remove $daemon_json"
    [[ $outcome == unchanged ]] || change "$daemon_json: $*"
}

# start_engine URL: starts it and waits; fails if it does not answer within a minute.
start_engine() {
    if with_systemd; then
        systemctl enable --quiet docker >>"$log" 2>&1 || true
        systemctl reset-failed docker >>"$log" 2>&1 || true
        systemctl start docker >>"$log" 2>&1 || return 1
    else
        mount_cgroups
        # The id of a containerd that died with its engine would be waited for in vain.
        local pidfile=/var/run/docker/containerd/containerd.pid
        [[ ! -e $pidfile ]] || grep -qs containerd "/proc/$(<"$pidfile")/cmdline" || rm -f "$pidfile"
        setsid dockerd >>"$dockerd_log" 2>&1 </dev/null &
    fi
    wait_for_engine "$1" "${!:-}"
}

wait_for_engine() {
    local deadline=$((SECONDS + 60))
    until engine_facts "$1"; do
        [[ $SECONDS -lt $deadline ]] || return 1
        with_systemd || kill -0 "$2" 2>/dev/null || return 1
        sleep 0.5
    done
}

# Where no init system has done it.
mount_cgroups() {
    [[ -e /sys/fs/cgroup/cgroup.controllers || -d /sys/fs/cgroup/memory ]] ||
        mount -t cgroup2 cgroup2 /sys/fs/cgroup >>"$log" 2>&1 || true
}

engine_complaints() {
    if with_systemd; then
        journalctl -u docker -n 40 --no-pager -o cat 2>/dev/null
    else
        tail -n 40 "$dockerd_log" 2>/dev/null
    fi
}

# run_engine URL: starts it; without bridge and iptables where the kernel has neither.
run_engine() {
    change "starting the Docker engine"
    start_engine "$1" && return
    if engine_complaints | grep -qiE 'bridge|iptables|nftables'; then
        say "this kernel has no bridge or packet filter for it; kolla's containers need neither"
        configure_engine "${network_alone[@]}"
        start_engine "$1" && return
    fi
    engine_complaints | tail -n 10 | sed 's/^/        | /' >&2
    die "the Docker engine does not start" \
        "the lines above are its own; start it (systemctl start docker, or dockerd)"
}

# keep_containers_alive URL: live-restore, which a reload applies.
keep_containers_alive() {
    [[ $engine_live == false ]] || return 0
    configure_engine live-restore=true
    reload_engine
    engine_facts "$1"
    if [[ $engine_live == false && $engine_running -eq 0 ]] && with_systemd; then
        change "restarting the engine, on which nothing runs"
        systemctl restart docker >>"$log" 2>&1
        wait_for_engine "$1" ""
    fi
    [[ $engine_live == true ]] ||
        say "note: live-restore is on only after the engine's next restart, which is left to you"
}

reload_engine() {
    if with_systemd; then
        systemctl reload docker >>"$log" 2>&1 || true
    elif [[ -s /var/run/docker.pid ]]; then
        kill -HUP "$(</var/run/docker.pid)"
    fi
    sleep 1
}

# leave_network_alone URL: without the engine's own rules, which drop what virtual machines send.
leave_network_alone() {
    local before=$changes
    configure_engine "${network_alone[@]}"
    [[ $changes != "$before" ]] || return 0
    if [[ $engine_running -gt 0 && $engine_live == false ]] || ! with_systemd; then
        die "the engine makes rules of its own for the network until it is started again" \
            "start it again (what runs there stops), then run this once more"
    fi
    change "restarting the engine, which leaves the network alone from now on"
    systemctl restart docker >>"$log" 2>&1
    wait_for_engine "$1" ""
    # What it has made before stays.
    if command -v iptables >/dev/null; then
        iptables -P FORWARD ACCEPT
    fi
}
