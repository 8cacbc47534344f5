# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # variables shared with tools/quickstart
# The profiles: which parts of a cloud each of them adds, what runs for a part, and with which
# options. prove_PART, in proof.bash, proves that a part works; the cache has no users of its own.

declare -A profiles=(
    [control]=''
    [compute]='compute'
    [storage]='storage'
    [telemetry]='telemetry'
    [orchestration]='orchestration'
    [dashboard]='dashboard'
    [all]='compute storage telemetry orchestration cache dashboard'
)

# Sets and containers of each part, of which no other part has the first one.
declare -A enabled=(
    [compute]='openstack-compute-operation nova-api placement-api openstack-control
        openstack-network-operation'
    [storage]='swift'
    [telemetry]='ceilometer-controller gnocchi-api aodh-api'
    [orchestration]='heat-controller heat-api heat-api-cfn'
    [cache]='cache-control'
    [dashboard]='horizon'
)

# PART_options: what a part needs beside that, as GROUP.OPTION=VALUE.

# A cloud on one host, which is the gateway of the network outside.
compute_options() {
    cat <<'TEXT'
neutron.physical_networks=public:br-ex
neutron.bridge_addresses=br-ex:172.24.4.1/24
nova/DEFAULT.allow_resize_to_same_host=true
TEXT
    modprobe openvswitch 2>>"$log" || echo openvswitch.datapath=netdev
}

# Folders instead of disks, for a trial; prepare_host makes them.
storage_options() {
    local state
    state=${given[state-dir]-$(remembered DEFAULT.state_dir)}
    printf '%s\n' "swift.folder=${state:-/var/lib/kolla}/devices" 'swift.devices=d1, d2, d3' \
        swift.mounted=false
}

telemetry_options() { echo messaging.notifications=true; }

cache_options() { echo memcached.use=true; }

# enabled_by PROFILE: what runs with it, and by an earlier run; nothing if it adds nothing.
enabled_by() {
    local part words
    [[ -n ${profiles[$1]} ]] || return 0
    words="all, $(remembered host.enabled)"
    for part in ${profiles[$1]}; do words+=" ${enabled[$part]}"; done
    # A hypervisor measures its virtual machines.
    [[ $(parts_of "$words") != *compute*telemetry* ]] || words+=' ceilometer-compute'
    tr -s ', \n' '\n' <<<"$words" | awk 'NF && !seen[$0]++' | paste -sd, | sed 's/,/, /g'
}

# options_of PROFILE: all of them.
options_of() {
    local part
    [[ -n ${profiles[$1]} ]] || return 0
    echo "host.enabled=$(enabled_by "$1")"
    for part in ${profiles[$1]}; do
        ! declare -F "${part}_options" >/dev/null || "${part}_options"
    done
}

# parts_of ENABLED: those of which a host runs something.
parts_of() {
    local part word
    for part in ${profiles[all]}; do
        read -r word _ <<<"${enabled[$part]}"
        [[ ! $1 =~ (^|[^a-z-])$word($|[^a-z-]) ]] || echo "$part"
    done
}

# proofs_of ENABLED: the parts of these that are proved to work, each by a step of its own.
proofs_of() {
    local part
    for part in $(parts_of "$1"); do
        ! declare -F "prove_$part" >/dev/null || echo "$part"
    done
}

# with PART: whether this host runs it, by this or an earlier run.
with() { parts_of "$(setting host.enabled)" | grep -qx "$1"; }

# is_profile NAME
is_profile() { printf '%s\n' "${!profiles[@]}" | grep -qxF -- "$1"; }

profile_names() { printf '%s\n' "${!profiles[@]}" | sort | paste -sd, | sed 's/,/, /g'; }
