"""What stands for characters that a terminal lacks, as one with the locale C does."""

import codecs

#: The name of the error handler of codecs.
NAME = "kolla"
_ASCII = str.maketrans({"│": "|", "├": "|", "└": "`", "─": "-", "…": "~"})


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start:error.end].translate(_ASCII)
    return "".join(letter if letter.isascii() else "?" for letter in text), error.end


codecs.register_error(NAME, _replaced)
