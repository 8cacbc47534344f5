"""Runs a command of the service whose changes of the schema were interrupted the last time.

MariaDB's changes of a schema are no transaction: what an interrupted one has done stays,
and its repetition would fail there. Here it goes on instead.
"""

import runpy
import shutil
import sys

import pymysql
from pymysql.constants import ER

DONE_BEFORE = {
    ER.TABLE_EXISTS_ERROR, ER.BAD_TABLE_ERROR, ER.DUP_FIELDNAME, ER.DUP_KEYNAME, ER.DUP_ENTRY,
    ER.CANT_DROP_FIELD_OR_KEY, ER.MULTIPLE_PRI_KEY, ER.TRG_ALREADY_EXISTS,
    ER.TRG_DOES_NOT_EXIST,
}
#: A foreign key of that name exists: CANT_CREATE_TABLE with InnoDB's own number.
SAME_NAME = "errno: 121"

_execute = pymysql.cursors.Cursor.execute


def execute(cursor, query, args=None):
    try:
        return _execute(cursor, query, args)
    except pymysql.MySQLError as error:
        if error.args[0] not in DONE_BEFORE and SAME_NAME not in str(error.args[-1]):
            raise
        print(f"done before the interruption: {' '.join(str(query).split())}", file=sys.stderr)
        return 0


if __name__ == "__main__":
    pymysql.cursors.Cursor.execute = execute
    sys.argv = sys.argv[1:]
    runpy.run_path(shutil.which(sys.argv[0]), run_name="__main__")
