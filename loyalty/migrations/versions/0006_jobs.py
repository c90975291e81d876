"""The schema of the job queue, in a schema of its own.

What: procrastinate's own tables and functions, read from the installed package, and the version
they came from. Why: jobs are enqueued in the caller's transaction. A later release of procrastinate
brings a revision that applies its migrations younger than the version noted here. Its functions are
given a search path, so that they work whatever the caller's is. Locks: none that others hold.
"""

from importlib.metadata import version
from importlib.resources import files

from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels = None
depends_on = None

PIN_SEARCH_PATH = """
DO $$
DECLARE
    routine record;
BEGIN
    FOR routine IN
        SELECT p.oid::regprocedure AS name, p.prokind
        FROM pg_catalog.pg_proc AS p
        WHERE p.pronamespace = 'procrastinate'::regnamespace
    LOOP
        EXECUTE format(
            'ALTER ROUTINE %s SET search_path = procrastinate, pg_catalog, pg_temp', routine.name
        );
    END LOOP;
END;
$$
"""


def upgrade() -> None:
    op.execute("CREATE SCHEMA procrastinate")
    op.execute("SET LOCAL search_path = procrastinate")
    schema = (files("procrastinate") / "sql" / "schema.sql").read_text(encoding="utf-8")
    cursor = op.get_bind().connection.cursor()
    cursor.execute(schema)
    cursor.close()
    op.execute("SET LOCAL search_path = DEFAULT")
    op.execute(PIN_SEARCH_PATH)
    op.execute("CREATE TABLE procrastinate.schema_version (version text NOT NULL)")
    op.get_bind().exec_driver_sql(
        "INSERT INTO procrastinate.schema_version VALUES (%(version)s)",
        {"version": version("procrastinate")},
    )


def downgrade() -> None:
    op.execute("DROP SCHEMA procrastinate CASCADE")
