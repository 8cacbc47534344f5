"""``kolla complete``: bash completion that knows commands, options, sets and containers."""


from kolla.cli.base import Command

SCRIPT = """\
_kolla() {
    local IFS=$'\\n' word=${COMP_WORDS[COMP_CWORD]}
    COMPREPLY=($(compgen -W "$(kolla complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" \\
        -- "$word"))
}
complete -o default -F _kolla kolla
"""


class Complete(Command):
    """Print the bash completion script, or what may come next on a command line

    With the words of an unfinished command line, the last of which may be empty, it prints
    what may stand in the place of the last one, one candidate a line.
    """

    example = "source <(kolla complete)\nkolla complete -- container show ''"

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument("words", metavar="WORD", nargs="*", help="an unfinished command line")
        return parser

    def take_action(self, parsed_args):
        if not parsed_args.words:
            self.app.stdout.write(SCRIPT)
            return
        for candidate in candidates(self.app, parsed_args.words):
            self.app.stdout.write(f"{candidate}\n")


def candidates(app, words: list[str]) -> list[str]:
    """What may stand where the last word is."""
    *before, _ = words
    _, typed = app.parser.parse_known_args(before)
    names = app.command_manager.commands
    following = {
        name.split()[len(typed)] for name in names
        if len(name.split()) > len(typed) and name.split()[: len(typed)] == typed
    }
    if following:
        return sorted(following) + (app.parser.options() if words[-1].startswith("-") else [])
    return []
