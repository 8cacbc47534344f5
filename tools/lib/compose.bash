# shellcheck shell=bash
# The two lines of compose that the tests need. Needs machine.bash.

# unpack_compose DIRECTORY: puts a compose 2 there if the distribution has only 1.29, as Debian
# 12 has. It is Debian 13's, from the mirror that apt uses; no package is installed.
unpack_compose() {
    local directory=$1 folder mirror
    [[ ! -x $directory/docker-compose ]] || return 0
    [[ $(docker-compose version --short 2>/dev/null) == 1.* ]] || return 0
    # shellcheck disable=SC2016  # apt's own words
    mirror=$(apt-get indextargets --format '$(REPO_URI)' \
        'Created-By: Packages' 'Origin: Debian' 'Component: main' | grep -v security | head -n 1)
    [[ -n $mirror ]] || return 0
    folder=$(mktemp -d)
    if _download_compose "$folder" "$mirror"; then
        mkdir -p "$directory"
        dpkg-deb --fsys-tarfile "$folder"/docker-compose_*.deb |
            tar -C "$directory" --transform 's,.*/,,' -xf - \
                ./usr/libexec/docker/cli-plugins/docker-compose
    else
        echo "no compose 2 at $mirror: tests that need it are skipped" >&2
    fi
    rm -rf "$folder"
}

_download_compose() {
    local folder=$1
    mkdir -p "$folder/lists/partial"
    printf '%s\n' 'Types: deb' "URIs: $2" 'Suites: trixie' 'Components: main' \
        'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg' >"$folder/trixie.sources"
    local options=(
        -q -o "Dir::Etc::sourcelist=$folder/trixie.sources" -o Dir::Etc::sourceparts=/dev/null
        -o "Dir::State::lists=$folder/lists" -o "Dir::Cache=$folder" -o APT::Sandbox::User=root
        -o Acquire::Retries=3
    )
    (cd "$folder" && apt-get "${options[@]}" update &&
        apt-get "${options[@]}" download docker-compose) >/dev/null
}
