# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # variables shared with tools/quickstart
# The steps that prove it, as an ordinary user of the cloud.

# Uploads an image, and downloads it again.
prove() {
    step "Proof, with the OpenStack client"
    # shellcheck source=/dev/null
    source "$openrc"
    unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy
    local folder name image
    folder=$(mktemp -d)
    name=quickstart-$(date +%s)-$$
    head -c 1048576 /dev/urandom >"$folder/sent"
    openstack token issue -f value -c id >/dev/null
    say "Keystone issues a token"
    image=$(openstack image create --disk-format raw --container-format bare \
        --file "$folder/sent" -f value -c id "$name")
    # shellcheck disable=SC2064
    trap "'$client/bin/openstack' image delete '$image' 2>/dev/null; rm -rf '$folder'" EXIT
    say "Glance takes an image of 1 MiB"
    openstack image list -f value -c Name | grep -qxF "$name" ||
        die "the image is not in the list" "kolla container logs glance-api"
    openstack image save --file "$folder/received" "$image"
    cmp -s "$folder/sent" "$folder/received" ||
        die "the image came back with other content" "kolla container logs glance-api"
    say "it is listed, and comes back with the same checksum: $(checksum "$folder/received")"
    openstack image delete "$image"
    say "the image is deleted again"
    trap - EXIT
    rm -rf "$folder"
}

# Boots a virtual machine, which stays.
prove_compute() {
    step "A first virtual machine"
    local folder=$config_dir/first
    "$here/lib/guest-image" "$folder" "${given[debian-mirror]-http://deb.debian.org/debian}" >>"$log" 2>&1 ||
        die "its kernel cannot be fetched: $(tail -n 1 "$log")" "see --debian-mirror and --proxy"
    told "nova-compute, or l3-agent" virtual_machine.py prove "$folder"
}

prove_storage() {
    step "An object"
    told "swift-proxy-server" proofs.py storage
}

prove_telemetry() {
    step "Measures and alarms"
    told "gnocchi-api, or aodh-api" proofs.py telemetry
}

prove_orchestration() {
    step "A stack"
    told "heat-engine" proofs.py orchestration
}

prove_dashboard() {
    step "A login in the browser"
    told "horizon" proofs.py dashboard "$(setting horizon.public_url)"
}

# told CONTAINERS PROGRAM ARGUMENTS...: says what it proves, line by line; they log why it does not.
told() {
    local containers=$1 program=$2 line errors
    shift 2
    errors=$(mktemp)
    "$client/bin/python" "$here/lib/$program" "$@" \
        > >(while read -r line; do say "$line"; done) 2>"$errors" ||
        die "$(tail -n 1 "$errors")" "kolla container logs $containers"
    rm -f "$errors"
}

openstack() {
    local code=0
    "$client/bin/openstack" "$@" 2>"$folder/errors" || code=$?
    cat "$folder/errors" >>"$log"
    [[ $code -eq 0 ]] || die "openstack $1 $2: $(tail -n 3 "$folder/errors")" \
        "kolla container logs keystone, or glance-api"
}

checksum() { sha256sum "$1" | cut -c 1-16; }
