"""PostgreSQL URLs as hosting services, drivers and PostgreSQL document them.

`{login}` is a user with password, `{user}` and `{password}` are its parts, `{address}` is host and port, `{host}` and
`{port}` are its parts, `{name}` is the database, and `{ca}` is a file of certificates.
"""

WORKING = {
    "libpq, URI": "postgresql://{login}@{address}/{name}",
    "libpq, URI with parameters": "postgresql://{address}/{name}?user={user}&password={password}",
    "libpq, URI with timeouts": "postgresql://{login}@{address}/{name}?connect_timeout=10&keepalives_idle=30&"
    "keepalives_interval=10&keepalives_count=3&tcp_user_timeout=30000",
    "libpq, URI with options": "postgresql://{login}@{address}/{name}?options=-c%20statement_timeout%3D5000%20-c%20geqo%3Doff",
    "libpq, key=value": "host={host} port={port} dbname={name} user='{user}' password={password} connect_timeout=10",
    "libpq, application name": "postgresql://{login}@{address}/{name}?application_name=fans%20of%20games",
    "libpq, several hosts": "postgresql://{login}@127.0.0.1:1,{address}/{name}?target_session_attrs=read-write",
    "libpq, several hosts in parameters": "postgresql://{login}@/{name}?host=127.0.0.1,{host}&port=1,{port}",
    "libpq, primary": "postgresql://{login}@{address}/{name}?target_session_attrs=primary",
    "libpq, no TLS": "postgresql://{login}@{address}/{name}?sslmode=disable&gssencmode=disable",
    "libpq, allow TLS": "postgresql://{login}@{address}/{name}?sslmode=allow&sslcompression=0&sslsni=1",
    "Heroku": "postgres://{login}@{address}/{name}",
    "Heroku, Rails": "postgres://{login}@{address}/{name}?sslmode=prefer&pool=5&prepared_statements=false",
    "Supabase, pooler with Prisma": "postgresql://{login}@{address}/{name}?pgbouncer=true&connection_limit=1",
    "Supabase, Vercel": "postgres://{login}@{address}/{name}?sslmode=prefer&supa=base-pooler.x",
    "Prisma": "postgresql://{login}@{address}/{name}?schema=public&pool_timeout=10&socket_timeout=5&statement_cache_size=0",
    "SQLAlchemy, asyncpg": "postgresql+asyncpg://{login}@{address}/{name}?ssl=prefer&prepared_statement_cache_size=0",
    "SQLAlchemy, psycopg 3": "postgresql+psycopg://{login}@{address}/{name}",
    "SQLAlchemy, psycopg2": "postgresql+psycopg2://{login}@{address}/{name}?client_encoding=utf8",
    "SQLAlchemy, options": "postgresql+psycopg2://{login}@{address}/{name}?options=-cstatement_timeout=5000",
}
"""These connect to a server without TLS."""

TLS = {
    "Neon": "postgresql://{login}@{address}/{name}?sslmode=require&channel_binding=require",
    "Neon, endpoint": "postgresql://{login}@{address}/{name}?sslmode=require&options=endpoint%3Dep-cool-darkness-123456",
    "Neon, verified": "postgresql://{login}@{address}/{name}?sslmode=verify-full&sslrootcert=system",
    "Supabase": "postgresql://{login}@{address}/{name}?sslmode=verify-full&sslrootcert={ca}",
    "Amazon RDS": "host={host} port={port} dbname={name} user={user} password={password} "
    "sslmode=verify-full sslrootcert={ca}",
    "Amazon RDS, URI": "postgresql://{login}@{address}/{name}?sslmode=verify-ca&sslrootcert={ca}",
    "Azure": "host={host} port={port} dbname={name} user={user} password={password} sslmode=require",
    "Azure, URI": "postgres://{login}@{address}/{name}?sslmode=require&ssl_min_protocol_version=TLSv1.2",
    "Heroku, node": "postgres://{login}@{address}/{name}?ssl=true",
    "SQLAlchemy, asyncpg with TLS": "postgresql+asyncpg://{login}@{address}/{name}?ssl=require",
}
"""These require TLS: without it all clients refuse the server."""

ABSENT = {
    "libpq, socket": "postgresql:///{name}?host=/nowhere/run&port={port}",
    "libpq, socket as host": "postgresql://{login}@%2Fnowhere%2Frun:{port}/{name}",
    "Cloud SQL, socket": "postgresql+psycopg2://{login}@/{name}?host=/nowhere/project:region:instance",
    "Cloud SQL, key=value": "user={user} password={password} dbname={name} host=/nowhere/project:region:instance",
}
"""These name a socket that does not exist."""

REFUSED = {
    "libpq, service": "postgresql://{login}@{address}/{name}?service=games",
    "libpq, address": "postgresql://{login}@{address}/{name}?hostaddr=127.0.0.1",
    "libpq, balanced hosts": "postgresql://{login}@{address},h2/{name}?load_balance_hosts=random",
    "libpq, standby": "postgresql://{login}@{address}/{name}?target_session_attrs=prefer-standby",
    "libpq, authentication": "postgresql://{login}@{address}/{name}?require_auth=scram-sha-256",
    "libpq, weak verification": "postgresql://{login}@{address}/{name}?sslmode=require&sslrootcert=system",
    "libpq, no keepalive": "postgresql://{login}@{address}/{name}?keepalives_idle=0",
    "libpq, no host": "postgresql:///{name}",
    "SQLAlchemy, several hosts": "postgresql+psycopg2://{login}@/{name}?host={address}&host=h2:5433",
    "SQLAlchemy, host with port": "postgresql+psycopg2://{login}@/{name}?host={address}",
    "SQLAlchemy, pg8000 socket": "postgresql+pg8000://{login}@/{name}?unix_sock=/cloudsql/p:r:i/.s.PGSQL.5432",
    "node, unverified": "postgres://{login}@{address}/{name}?ssl=no-verify",
    "Prisma, schema": "postgresql://{login}@{address}/{name}?schema=games",
    "JDBC": "jdbc:postgresql://{address}/{name}?user={user}&password={password}&ssl=true",
    ".NET": "Server={host};Database={name};Port={port};User Id={user};Password={password};Ssl Mode=Require;",
}
"""These are refused in a sentence, because not all clients would do what they say."""
