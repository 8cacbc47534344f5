# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # variables shared with tools/quickstart
# Steps that make the deployment: configuration, host, images, containers, credentials.

configure() {
    step "Configuration in $config_dir"
    local host
    host=$config_dir/hosts/$(uname -n).conf
    mkdir -p "$config_dir/hosts"
    local lines=()
    if [[ ! -e $config_dir/kolla.conf ]]; then
        change "kolla.conf, as it is shipped"
        install -m 0640 "$checkout/etc/kolla/kolla.conf" "$config_dir/kolla.conf"
        lines+=(api.tls=true database.tls=true database.require_tls=true)
        lines+=(messaging.tls=true messaging.durable_queues=true)
        [[ ! -r $ca_bundle ]] || lines+=("images.ca_bundle=$ca_bundle")
        [[ -z $pip_index ]] || lines+=("images.pip_index=$pip_index")
        [[ -z $proxy ]] || lines+=("images.proxy=$proxy")
    fi
    [[ ! -v given[ca-bundle] ]] || lines+=("images.ca_bundle=$ca_bundle")
    [[ ! -v given[pip-index] ]] || lines+=("images.pip_index=$pip_index")
    [[ ! -v given[proxy] ]] || lines+=("images.proxy=$proxy")
    [[ ! -v given[debian-mirror] ]] || lines+=("images.debian_mirror=${given[debian-mirror]}")
    [[ ! -v given[state-dir] ]] || lines+=("DEFAULT.state_dir=${given[state-dir]}")
    [[ ! -v given[docker-url] ]] || lines+=("docker.url=${given[docker-url]}")
    mapfile -t -O "${#lines[@]}" lines < <(options_of "${given[profile]-control}")
    if [[ ${#lines[@]} -gt 0 && $(printf '%s\n' "${lines[@]}" | helper options "$own_conf") == changed ]]
    then
        change "kolla.conf.d/quickstart.conf: the options of this script"
    fi
    if [[ ! -e $host ]]; then
        local address=${given[address]:-$(helper address)}
        change "hosts/${host##*/}: APIs listen on $address, what only they use on 127.0.0.1"
        host_file "$address" >"$host"
    fi
    address=$(setting host.address)
    [[ ${given[address]:-$address} == "$address" ]] ||
        die "$host says that services bind $address, not ${given[address]}" \
            "change it there, if that is meant"
    make_secrets
    kolla config validate || die "the configuration is not valid" "correct what is named above"
}

# host_file ADDRESS
host_file() {
    cat <<TEXT
# What is special about this host.
[host]
address = $1
# No other host uses MariaDB and RabbitMQ. Before one does: the guide "Quickstart".
internal_address = 127.0.0.1
TEXT
}

make_secrets() {
    local before what
    for what in passwords certificates; do
        before=$(fingerprint)
        kolla config "$what" >>"$log" 2>&1 ||
            die "kolla config $what: $(tail -n 2 "$log")" "correct what it names"
        [[ $before == "$(fingerprint)" ]] || change "$what"
    done
}

fingerprint() { find "$config_dir" -type f -exec sha256sum {} + | sort | sha256sum; }

prepare_engine() {
    step "Docker engine"
    local url
    url=$(setting docker.url)
    if ! engine_facts "$url"; then
        own_engine "$url" || die "no engine answers at $url" \
            "start it, or correct [docker] url; only the machine's own engine is started here"
        configure_engine live-restore=true
        ! with compute || configure_engine "${network_alone[@]}"
        run_engine "$url"
    fi
    if own_engine "$url"; then
        keep_containers_alive "$url"
        ! with compute || leave_network_alone "$url"
    fi
    say "engine $engine_version at $url, live-restore: $engine_live"
}

prepare_host() {
    step "Host"
    ! with storage || make_devices
    local found need
    found=$(kolla host prepare -f value -c need -c outcome) || true # the check tells what is missing
    while read -r need; do
        [[ $need != *' made' ]] || change "${need% made}"
    done <<<"$found"
    if standard && with_systemd; then
        install_unit kolla-prepare "kolla host prepare, before the engine at boot"
    fi
}

# The folders of storage_options, which belong to Swift's user.
make_devices() {
    local folder
    folder=$(remembered swift.folder)
    [[ -n $folder && ! -d $folder/d3 ]] || return 0
    change "$folder, where Swift keeps objects"
    install -d -o 42445 -g 42445 -m 0750 "$folder" "$folder"/d{1,2,3}
}

check_host() {
    step "Host check"
    kolla host check --fit-width || die "something is missing on this host" \
        "the last column of what is marked missing says how to get it"
}

build_images() {
    step "Images (the first build takes some minutes)"
    local before
    before=$(kolla image list -f csv --quote all | sha256sum)
    kolla image build || die "not all images could be built" "see the logs that are named above"
    [[ $before == "$(kolla image list -f csv --quote all | sha256sum)" ]] || change "images built"
}

start_containers() {
    step "Containers"
    local outcome
    outcome=$(kolla set start -f value -c container -c outcome) ||
        die "not all containers were started" "kolla container logs NAME tells more; see above"
    if grep -qv ' unchanged$' <<<"$outcome"; then
        change "$(grep -v ' unchanged$' <<<"$outcome" | awk '{print $1}' | paste -sd ' ') started"
    fi
    install_units
}

wait_for_checks() {
    step "Checks"
    local deadline=$((SECONDS + 180))
    until kolla --quiet set check >>"$log" 2>&1; do
        if [[ $SECONDS -ge $deadline ]]; then
            kolla set check || true
            die "not every check passes" "kolla container logs NAME tells more"
        fi
        sleep 2
    done
    kolla set check -c container -c generation -c health --fit-width
}

# What runs `kolla recover` after a boot, and `kolla monitor` from now on.
install_units() {
    standard && with_systemd || return 0
    install_unit kolla-recover "kolla recover after a boot"
    install_unit kolla-monitor "kolla monitor, always"
    if ! systemctl is-active --quiet kolla-monitor; then
        change "starting the monitor"
        systemctl start kolla-monitor
    fi
}

# install_unit NAME WHAT
install_unit() {
    local file=/etc/systemd/system/$1.service text
    text=$(sed "s|/opt/kolla/|$venv/|" "$checkout/etc/systemd/$1.service")
    if [[ $(cat "$file" 2>/dev/null) != "$text" ]]; then
        change "$file: $2"
        printf '%s\n' "$text" >"$file"
        systemctl daemon-reload
        systemctl enable --quiet "$1.service"
        systemctl try-restart "$1.service"
    fi
}

write_credentials() {
    step "Credentials in $openrc and $clouds"
    write_credential openrc "$openrc"
    write_credential clouds "$clouds"
}

# write_credential KIND FILE
write_credential() {
    local text
    text=$("$venv/bin/python" "$here/lib/quickstart.py" "$1" "$config_dir") ||
        die "the credentials cannot be read from the configuration" "kolla config passwords"
    if [[ $(cat "$2" 2>/dev/null) != "$text" || $(stat -c %a "$2") != 600 ]]; then
        change "writing $2, for its owner only"
        rm -f "$2"
        (umask 077 && printf '%s\n' "$text" >"$2")
    fi
}
