-- What the application role may do with the job queue: everything that running jobs takes.

GRANT USAGE ON SCHEMA procrastinate TO :application;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA procrastinate TO :application;
REVOKE INSERT, UPDATE, DELETE ON procrastinate.schema_version FROM :application;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA procrastinate TO :application;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA procrastinate TO :application;
