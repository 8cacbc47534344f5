# shellcheck shell=bash
# What the machine itself must have: Debian packages, a Python and virtual environments.
# Used by tools/quickstart and tools/test; both define nothing but what is documented here.

# Daemons and mmdebstrap live in sbin, which a plain `su` does not have.
PATH=$PATH:/usr/sbin:/sbin

# as_root SCRIPT [ARGUMENTS...]: starts it again through sudo, if this is not root.
as_root() {
    [[ $(id -u) -ne 0 ]] || return 0
    command -v sudo >/dev/null || {
        echo "${1##*/}: this needs root, and there is no sudo: run it as root (su -)" >&2
        exit 1
    }
    # Not PIP_EXTRA_INDEX_URL: whoever has an index may put a package of any name there, and of
    # two indexes pip takes the highest version, which root would run.
    local kept=http_proxy,https_proxy,no_proxy,PIP_CERT,PIP_INDEX_URL
    exec sudo --preserve-env="$kept,SSL_CERT_FILE,REQUESTS_CA_BUNDLE,KOLLA_TEST_CACHE" -- "$@"
}

apt_is_fresh=

# apt_install PACKAGE...: fails if it cannot; prints what apt has to say.
apt_install() {
    command -v apt-get >/dev/null || {
        echo "no apt-get here; install these yourself: $*" >&2
        return 1
    }
    local options=(-y -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
    if [[ -z $apt_is_fresh ]]; then
        apt-get "${options[@]}" update || return 1
        apt_is_fresh=yes
    fi
    local package available=()
    for package; do
        # PACKAGE? is wanted only where the distribution has it.
        if [[ $package != *\? ]]; then
            available+=("$package")
        elif apt-cache show "${package%\?}" >/dev/null 2>&1; then
            available+=("${package%\?}")
        fi
    done
    DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" install \
        --no-install-recommends "${available[@]}"
}

# missing_packages COMMAND:PACKAGE...: prints the packages whose command is not there.
missing_packages() {
    local pair
    for pair; do
        command -v "${pair%%:*}" >/dev/null || echo "${pair#*:}"
    done
}

# The packages of a Docker engine and of a client that can do BuildKit: Debian 12 has all
# in one, Debian 13 in three, Ubuntu 24.04 in two.
# shellcheck disable=SC2034
engine_packages=(docker.io "docker-cli?" "docker-buildx?")

# buildkit_client: succeeds if some docker on PATH can do BuildKit (built in before 23).
buildkit_client() {
    local client version
    while read -r client; do
        version=$("$client" --version 2>/dev/null | grep -oE '[0-9]+' | head -1)
        if [[ ${version:-99} -lt 23 ]] || "$client" buildx version >/dev/null 2>&1; then
            return 0
        fi
    done < <(type -ap docker)
    return 1
}

# find_python: sets `python` to an interpreter of 3.11 or newer with venv; fails without.
find_python() {
    local candidate
    for candidate in /usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" - 2>/dev/null <<'PYTHON'
import ensurepip, sys, venv
sys.exit(sys.version_info < (3, 11))
PYTHON
        then
            python=$(command -v "$candidate")
            return 0
        fi
    done
    return 1
}

# make_venv DIRECTORY: makes it with `python`, unless it is there and works.
make_venv() {
    "$1/bin/python" -c 'import pip' 2>/dev/null || "$python" -m venv --clear "$1"
}

# forget_old_name VENV: the distribution was once called kolla; beside it, every plugin is there
# twice.
forget_old_name() {
    "$1/bin/pip" --disable-pip-version-check --quiet uninstall --yes kolla 2>/dev/null
}
