# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # variables shared with tools/quickstart
# Steps that install: packages, kolla, the OpenStack client.

install_packages() {
    step "Packages of the distribution"
    local wanted=(mmdebstrap:mmdebstrap)
    [[ ! -e $checkout/.git ]] || wanted+=(git:git)
    local packages
    mapfile -t packages < <(missing_packages "${wanted[@]}")
    find_python || packages+=(python3 python3-venv)
    [[ -r $machine_ca ]] || packages+=(ca-certificates)
    if [[ ! -e /usr/share/keyrings/debian-archive-keyring.gpg ]]; then
        packages+=("debian-archive-keyring?")
    fi
    if ! engine_here || ! buildkit_client; then
        packages+=("${engine_packages[@]}")
    fi
    if [[ ${#packages[@]} -gt 0 ]]; then
        change "installing ${packages[*]//\?/ (if there is one)}"
        logged "is a Debian or Ubuntu archive reachable? try: apt-get update" \
            apt_install "${packages[@]}"
    fi
    find_python || die "there is no Python of 3.11 or newer with venv" \
        "this needs Debian 12, Debian 13, Ubuntu 24.04 or newer"
}

# An engine that answers, or that can be started, or that somebody else looks after.
engine_here() {
    [[ -n ${given[docker-url]-} ]] || command -v dockerd >/dev/null ||
        { find_python && engine_facts unix:///var/run/docker.sock; }
}

install_kolla() {
    step "kolla into $venv"
    local stamp=$venv/kolla.installed wanted
    wanted=$(helper digest "$checkout")
    if [[ ! -x $venv/bin/pip ]]; then
        change "a virtual environment with $python"
        logged "is python3-venv installed?" make_venv "$venv"
    fi
    choose_certificates
    if [[ ! -x $venv/bin/kolla || $(cat "$stamp" 2>/dev/null) != "$wanted" ]]; then
        change "installing from $checkout"
        rm -f "$stamp"
        logged "is the Python package index reachable? --pip-index, --ca-bundle and --proxy help" \
            pip_install_checkout
        echo "$wanted" >"$stamp"
        # A monitor of before would load modules of today.
        if standard && with_systemd; then
            systemctl try-restart kolla-monitor.service 2>/dev/null || true
        fi
    fi
    if standard && [[ $(readlink /usr/local/bin/kolla || true) != "$venv/bin/kolla" ]]; then
        change "linking /usr/local/bin/kolla"
        ln -sfn "$venv/bin/kolla" /usr/local/bin/kolla
    fi
}

# What pip here was told to trust, or else what the machine trusts; that holds for the images too.
choose_certificates() {
    if [[ -z $ca_bundle && ! -v given[ca-bundle] ]]; then
        ca_bundle=$("$venv/bin/pip" config get global.cert 2>/dev/null || echo "$machine_ca")
    fi
    [[ ! -r $ca_bundle ]] || export PIP_CERT=$ca_bundle
}

# From a copy: a build leaves things behind, and later builds would take them in. What kolla
# needs has the pinned hashes; what builds kolla's own wheel is among it.
pip_install_checkout() {
    local copy code=0
    copy=$(mktemp -d)
    tar -C "$checkout" --exclude=./build --exclude=./.tox --exclude=./.venv -cf - . |
        tar -C "$copy" --no-same-owner -xf -
    [[ -e $copy/.git ]] || export PBR_VERSION=${PBR_VERSION:-0.0.0}
    make_venv "$venv" &&
        "$venv/bin/pip" install --require-hashes --requirement "$copy/tools/lib/kolla.lock" &&
        "$venv/bin/pip" wheel --no-deps --no-build-isolation --wheel-dir "$copy/wheel" "$copy" &&
        forget_old_name "$venv" &&
        "$venv/bin/pip" install --no-deps --force-reinstall "$copy"/wheel/*.whl || code=$?
    rm -rf "$copy"
    return $code
}

install_client() {
    step "OpenStack client in $client"
    local pins=$here/lib/openstackclient.lock
    if [[ ! -x $client/bin/openstack ]] || ! cmp -s "$pins" "$client/pins.txt"; then
        change "installing it"
        logged "is the Python package index reachable? --pip-index, --ca-bundle and --proxy help" \
            pip_install_client "$pins"
        cp "$pins" "$client/pins.txt"
    fi
}

pip_install_client() {
    make_venv "$client" && "$client/bin/pip" install --require-hashes --requirement "$1"
}
