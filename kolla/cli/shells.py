"""What has a shell complete commands of kolla, by the name of the shell."""

_BASH = """\
_kolla() {
    local IFS=$'\\n' candidates
    candidates=$(kolla complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    COMPREPLY=($(compgen -W "$candidates" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o nosort -o default -F _kolla kolla
"""

_ZSH = """\
#compdef kolla
_kolla() {
    local -a candidates
    candidates=(${(f)"$(kolla complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"})
    if (( $#candidates )); then
        compadd -V kolla -a candidates
    else
        _files
    fi
}
if [[ $funcstack[1] == _kolla ]]; then
    _kolla "$@"
else
    compdef _kolla kolla
fi
"""

_FISH = """\
function __kolla_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    set -l candidates (kolla complete -- $words[2..-1] "$last" 2>/dev/null)
    if test (count $candidates) -gt 0
        string join \\n -- $candidates
    else
        __fish_complete_path "$last"
    end
end
complete -c kolla -f -k -a '(__kolla_complete)'
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
