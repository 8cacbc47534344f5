"""``kolla config export``: what one host needs of the configuration."""

import pathlib
from argparse import Namespace

from kolla.cli.base import Configuration, Lister, Table
from kolla.cli.parser import Parser


class Export(Lister):
    """Write the configuration that one host needs

    The host is that of --host, before the command. It gets the files of the configuration
    without comments, and of the secrets only those that its containers refer to. All of it
    is readable by its owner alone.
    """

    example = (
        "kolla config export --output /root/export\n"
        "kolla --host compute1 config export --output /root/compute1"
    )
    configuration = Configuration.TODAYS
    columns = ("kind", "name")

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--output", metavar="DIR", type=pathlib.Path, required=True,
            help="a folder that does not exist yet, or an empty one",
        )
        return parser

    def take_action(self, parsed_args: Namespace) -> Table:
        from kolla.settings import handout

        settings, output = self.app.deployment.settings, parsed_args.output
        made = handout.make(settings)
        handout.write(made, output)
        rows = [
            *(("file", str(output / path)) for path in sorted(made.files)),
            *(("left out", name) for name in made.left_out),
            *(("to bring", str(path)) for path in made.to_bring),
        ]
        self.text = "\n".join([
            f"wrote what {settings.host} needs below {output}",
            *(f"{kind}: {name}" for kind, name in rows if kind != "file"),
            f"next: {settings.host} gets it as its /etc/kolla",
        ])
        return self.columns, rows
