# upgrade/001_pg_upgrade.pl - pg_upgrade from each major version to the next, and from the first to the last: afterwards
# TVIEWs of every kind are what they were, and are maintained, without a manual step.
#
# TVIEWS_INSTALLATIONS has the programs' folders of the servers, oldest first (./dev on 18 upgrade).
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Tviews;

my @installations = map { s{/bin$}{}r } split /:/, $ENV{TVIEWS_INSTALLATIONS} // '';
plan skip_all => 'needs PostgreSQL of two major versions: ./dev on 18 upgrade' if @installations < 2;

# Made alike, whatever the version's defaults are: pg_upgrade compares them.
sub cluster
{
	my ($name, $installation, %settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name, install_path => $installation);
	$node->init(extra => [ '--data-checksums', '--locale=C', '--encoding=UTF8', '--username=postgres' ], auth_extra => [ '--create-role', 'postgres' ]);
	$settings{autovacuum} = 'off';
	$settings{log_min_messages} = 'warning';
	$settings{log_statement} = 'none';
	$node->append_conf('postgresql.conf', join '', map { "$_ = $settings{$_}\n" } sort keys %settings);
	return $node;
}
$ENV{PGUSER} = 'postgres';

my $long = 'x' x 57 . 'ß'; # with "tv_" 62 bytes
my %make = (
	shop => qq{
		CREATE EXTENSION pg_tviews;
		CREATE SCHEMA app AUTHORIZATION owner;
		CREATE SCHEMA "Odd ""Näme""";
		SET client_min_messages = warning;
		CREATE TYPE mood AS ENUM ('good', 'bad');
		CREATE TABLE tb_user (pk_user int PRIMARY KEY, gone text, id uuid NOT NULL DEFAULT gen_random_uuid(), name text, mood mood DEFAULT 'good', since timestamptz DEFAULT '2020-01-01 12:00+00');
		CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), fk_user int REFERENCES tb_user, title text, tags text[] DEFAULT '{a,b}', price numeric(10,2) DEFAULT 1.5);
		CREATE INDEX ON tb_post (fk_user);
		INSERT INTO tb_user (pk_user, name) SELECT i, 'user ' || i FROM generate_series(1, 20) i;
		INSERT INTO tb_post (pk_post, fk_user, title) SELECT i, i % 20 + 1, 'post ' || i FROM generate_series(1, 60) i;
		ALTER TABLE tb_user DROP COLUMN gone;

		-- TVIEW on TVIEW on TVIEW; rendering as it was at creation; arrays of documents; sums.
		SET TimeZone = 'Asia/Tokyo';
		CREATE TABLE tv_user AS SELECT pk_user, id, jsonb_build_object('name', name, 'mood', mood, 'since', since::text) AS data FROM tb_user;
		RESET TimeZone;
		CREATE TABLE tv_post AS SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'tags', p.tags, 'author', u.data) AS data
		  FROM tb_post p JOIN tv_user u ON u.pk_user = p.fk_user;
		CREATE TABLE tv_wall AS SELECT u.pk_user AS pk_wall, u.id, jsonb_build_object('name', u.name, 'posts',
		  (SELECT jsonb_agg(p.data ORDER BY p.pk_post) FROM tv_post p WHERE p.fk_user = u.pk_user)) AS data FROM tb_user u;
		SELECT pg_tviews_create('tally', 'SELECT fk_user, mood, count(*) AS n, sum(price) AS total, max(title) AS last FROM tb_post JOIN tb_user ON pk_user = fk_user GROUP BY 1, 2',
			key_columns => '{fk_user,mood}', options => '{"fillfactor": 60}');
		CREATE TABLE tv_busy AS WITH n AS (SELECT fk_user, count(*) AS n FROM tb_post GROUP BY fk_user)
		  SELECT u.pk_user, u.id, to_jsonb(n.n) AS data FROM tb_user u LEFT JOIN LATERAL (SELECT n FROM n WHERE n.fk_user = u.pk_user) n ON true;

		-- Users' additions.
		ALTER TABLE tv_post ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('english', coalesce(data->>'title', ''))) STORED;
		CREATE INDEX ON tv_post USING gin (words);
		CREATE STATISTICS post_statistics ON pk_post, fk_user FROM tv_post;
		COMMENT ON TABLE tv_post IS 'posts';
		GRANT SELECT ON tv_post TO reader;
		CREATE TABLE seen (pk_post int);
		CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN INSERT INTO public.seen VALUES (NEW.pk_post); RETURN NULL; END \$\$;
		CREATE TRIGGER note AFTER UPDATE ON tv_post FOR EACH ROW EXECUTE FUNCTION note();

		-- Replaced with other columns, renamed, moved, with options.
		CREATE TABLE tv_title AS SELECT pk_post, id, to_jsonb(title) AS data, price AS left_out FROM tb_post;
		SELECT pg_tviews_replace('title', 'SELECT p.pk_post, p.id, to_jsonb(p.title || u.name) AS data, p.tags AS added FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user');
		CREATE TABLE tv_old_name AS SELECT pk_user, id, to_jsonb(name) AS data FROM tb_user;
		ALTER TABLE tv_old_name RENAME TO "tv_new NAME";
		ALTER TABLE "tv_new NAME" SET SCHEMA app;
		CREATE UNLOGGED TABLE tv_fleeting AS SELECT pk_user, id, to_jsonb(name) AS data FROM tb_user;
		SELECT pg_tviews_create('searched', 'SELECT pk_post, id, jsonb_build_object(''t'', title) AS data FROM tb_post', options => '{"data_gin_index": true, "indexes": false}');
		CREATE TABLE tv_followed AS SELECT pk_user, id, to_jsonb(u) AS data FROM tb_user u;
		SELECT pg_tviews_set_replica_maintenance('followed', true);
		CREATE TABLE tb_narrow (pk_narrow int PRIMARY KEY, id uuid DEFAULT gen_random_uuid(), a text, b text);
		INSERT INTO tb_narrow (pk_narrow, a, b) VALUES (1, 'a', 'b');
		CREATE TABLE tv_narrow AS SELECT pk_narrow, id, to_jsonb(n) AS data FROM tb_narrow n;
		ALTER TABLE tb_narrow DROP COLUMN b, ADD COLUMN c int DEFAULT 7;
		CREATE TABLE tv_gone AS SELECT pk_user, id, to_jsonb(name) AS data FROM tb_user;
		DROP TABLE tv_gone;

		-- Functions, plain views and materialized views under a definition.
		CREATE FUNCTION shout(text) RETURNS text IMMUTABLE LANGUAGE sql AS \$\$ SELECT upper(\$1) \$\$;
		CREATE TABLE tb_rate (pk_rate int PRIMARY KEY, rate numeric);
		INSERT INTO tb_rate VALUES (1, 1.5);
		CREATE FUNCTION rate() RETURNS numeric STABLE LANGUAGE sql AS \$\$ SELECT rate FROM public.tb_rate WHERE pk_rate = 1 \$\$;
		CREATE VIEW loud AS SELECT pk_user, id, shout(name) AS name FROM tb_user;
		CREATE TABLE tv_loud AS SELECT pk_user, id, to_jsonb(name) AS data FROM loud;
		SELECT pg_tviews_create('price', 'SELECT pk_post, id, jsonb_build_object(''price'', price * rate()) AS data FROM tb_post', options => '{"function_reads": "tb_rate"}');
		CREATE MATERIALIZED VIEW mv_total AS SELECT fk_user, sum(price) AS total FROM tb_post GROUP BY 1;
		CREATE UNIQUE INDEX ON mv_total (fk_user);
		SELECT pg_tviews_create('stale', 'SELECT pk_user, id, to_jsonb(total) AS data FROM tb_user LEFT JOIN mv_total ON fk_user = pk_user', options => '{"allow_stale_sources": true}');

		-- Row-level security, another owner, partitions of another shape on several levels.
		GRANT SELECT, REFERENCES ON tb_user TO owner;
		SET ROLE owner;
		SET search_path = app, public;
		CREATE TABLE tb_event (pk_event int, id uuid DEFAULT gen_random_uuid(), fk_user int, kind text, PRIMARY KEY (pk_event, kind)) PARTITION BY LIST (kind);
		CREATE TABLE tb_event_a PARTITION OF tb_event FOR VALUES IN ('a') PARTITION BY RANGE (pk_event);
		CREATE TABLE tb_event_a1 PARTITION OF tb_event_a FOR VALUES FROM (0) TO (20);
		CREATE TABLE tb_event_a2 PARTITION OF tb_event_a DEFAULT;
		CREATE TABLE tb_event_b (kind text NOT NULL, fk_user int, gone int, id uuid, pk_event int NOT NULL);
		ALTER TABLE tb_event_b DROP COLUMN gone;
		ALTER TABLE tb_event ATTACH PARTITION tb_event_b FOR VALUES IN ('b');
		INSERT INTO tb_event (pk_event, fk_user, kind) SELECT i, i % 20 + 1, CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END FROM generate_series(1, 40) i;
		CREATE TABLE tv_event AS SELECT e.pk_event, e.id, e.fk_user, jsonb_build_object('kind', e.kind, 'user', u.name) AS data
		  FROM tb_event e LEFT JOIN tb_user u ON u.pk_user = e.fk_user;
		CREATE TABLE tb_tree (pk_tree int PRIMARY KEY, id uuid DEFAULT gen_random_uuid(), leaf text);
		CREATE TABLE tb_tree_child (extra int) INHERITS (tb_tree);
		INSERT INTO tb_tree (pk_tree, leaf) VALUES (1, 'one');
		INSERT INTO tb_tree_child (pk_tree, leaf) VALUES (2, 'two');
		CREATE TABLE tv_tree AS SELECT pk_tree, id, to_jsonb(leaf) AS data FROM tb_tree;
		CREATE TABLE tb_secret (pk_secret int PRIMARY KEY, id uuid DEFAULT gen_random_uuid(), whose text DEFAULT current_user, what text);
		CREATE POLICY whose ON tb_secret USING (whose = current_user);
		ALTER TABLE tb_secret ENABLE ROW LEVEL SECURITY;
		INSERT INTO tb_secret (pk_secret, what) VALUES (1, 'a secret');
		CREATE TABLE tv_secret AS SELECT pk_secret, id, whose, to_jsonb(what) AS data FROM tb_secret;
		CREATE POLICY whose ON tv_secret USING (whose = current_user);
		ALTER TABLE tv_secret ENABLE ROW LEVEL SECURITY;
		RESET ROLE;

		-- Odd and long names.
		SET search_path = "Odd ""Näme""";
		CREATE TABLE "tb ""thing""" ("pk_thing ' x" int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), "Näme" text);
		INSERT INTO "tb ""thing""" SELECT i, gen_random_uuid(), 'thing ' || i FROM generate_series(1, 9) i;
		CREATE TABLE "tv_thing ""x""" AS SELECT "pk_thing ' x", id, jsonb_build_object('n', "Näme") AS data FROM "tb ""thing""";
		CREATE TABLE "tv_$long" AS SELECT "pk_thing ' x", id, jsonb_build_object('l', "Näme") AS data FROM "tb ""thing""";
	},
	q{we're "Odd"} => q{
		CREATE SCHEMA ext;
		CREATE EXTENSION pg_tviews SCHEMA ext;
		CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text);
		INSERT INTO tb_user (pk_user, name) SELECT i, 'user ' || i FROM generate_series(1, 3) i;
		CREATE TABLE tv_user AS SELECT pk_user, id, jsonb_build_object('name', name) AS data FROM tb_user;
	},
	template1 => q{
		CREATE EXTENSION pg_tviews;
		CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text);
		INSERT INTO tb_user (pk_user, name) VALUES (1, 'template');
		CREATE TABLE tv_user AS SELECT pk_user, id, jsonb_build_object('name', name) AS data FROM tb_user;
	},
	bare => 'CREATE EXTENSION pg_tviews');
my @databases = sort keys %make;

# To every base table; may be repeated.
my $user_writes = q{
	UPDATE tb_user SET name = name || '!' WHERE pk_user <= 3;
	INSERT INTO tb_user (pk_user, name) SELECT max(pk_user) + 1, 'new' FROM tb_user;
	DELETE FROM tb_user WHERE pk_user = (SELECT max(pk_user) - 1 FROM tb_user) AND pk_user > 20;
};
my %writes = (
	shop => $user_writes . q{
	INSERT INTO tb_post (pk_post, fk_user, title) SELECT max(pk_post) + 1, 1, 'new' FROM tb_post;
	UPDATE tb_post SET title = title || '!', price = price + 1, tags = tags || 'more'::text, fk_user = fk_user % 20 + 1 WHERE pk_post % 7 = 0;
	DELETE FROM tb_post WHERE pk_post = (SELECT min(pk_post) FROM tb_post);
	UPDATE tb_user SET mood = CASE mood WHEN 'good' THEN 'bad'::mood ELSE 'good' END WHERE pk_user = 5;
	UPDATE tb_narrow SET a = a || '!', c = c + 1;
	UPDATE tb_rate SET rate = rate + 1;
	REFRESH MATERIALIZED VIEW mv_total;
	UPDATE app.tb_event SET kind = CASE kind WHEN 'a' THEN 'b' ELSE 'a' END WHERE pk_event < 5;
	INSERT INTO app.tb_event_b (pk_event, kind, fk_user) SELECT max(pk_event) + 1, 'b', 2 FROM app.tb_event;
	DELETE FROM app.tb_event_a2 WHERE pk_event = (SELECT max(pk_event) FROM app.tb_event_a2);
	UPDATE app.tb_tree SET leaf = leaf || '!';
	INSERT INTO app.tb_tree_child (pk_tree, leaf) SELECT max(pk_tree) + 1, 'leaf' FROM app.tb_tree;
	UPDATE app.tb_secret SET what = what || '!';
	UPDATE "Odd ""Näme"""."tb ""thing""" SET "Näme" = "Näme" || '!' WHERE "pk_thing ' x" = 2;
	},
	q{we're "Odd"} => $user_writes,
	template1 => $user_writes,
	bare => 'SELECT 1');

# The extension's own schema is not everywhere on the search path.
my $path = q{SET search_path = public, ext};

# Metadata with all names, triggers, dependencies, what belongs to the extension, and every row.
my $state = qq{$path;
	SELECT m FROM pg_tview_meta m ORDER BY m.table_oid::text COLLATE "C";
	SELECT l FROM pg_tview_audit_log l ORDER BY log_id;
	SELECT t.tgrelid::regclass, t.tgname, t.tgenabled, encode(t.tgargs, 'escape'), t.tgfoid::regproc FROM pg_trigger t
	 WHERE NOT t.tgisinternal ORDER BY t.tgrelid::regclass::text COLLATE "C", t.tgname;
	SELECT evtname, evtevent, evtenabled, evttags, evtfoid::regproc FROM pg_event_trigger ORDER BY evtname;
	SELECT extversion, extnamespace::regnamespace, extconfig::regclass[], extcondition FROM pg_extension WHERE extname = 'pg_tviews';
	SELECT pg_describe_object(classid, objid, 0) FROM pg_depend WHERE deptype = 'e' AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_tviews')
	   AND classid <> 'pg_type'::regclass ORDER BY 1;
	SELECT pg_describe_object(d.classid, d.objid, 0), pg_describe_object(d.refclassid, d.refobjid, 0), d.deptype FROM pg_depend d
	 WHERE d.classid = 'pg_class'::regclass AND d.objid IN (SELECT view_oid FROM pg_tview_meta) AND d.deptype NOT IN ('i', 'a') ORDER BY 1, 2;
	SELECT c.oid::regclass, c.relkind, c.relpersistence, replace(c.relacl::text, 'm/', '/'), c.reloptions, c.relowner::regrole FROM pg_class c
	 WHERE c.relname ~ '^t?v_|^pg_tview' AND c.relkind <> 't' ORDER BY c.oid::regclass::text COLLATE "C";
};
my $rows = qq{$path; SELECT table_oid, md5(string_agg(r, ',')) FROM (SELECT m.table_oid::text COLLATE "C" AS table_oid,
	unnest(xpath('//row', query_to_xml('SELECT t FROM ' || m.table_oid || ' t ORDER BY t::text COLLATE "C"', true, false, '')))::text AS r FROM pg_tview_meta m) x GROUP BY 1 ORDER BY 1};
my $verify = qq{$path; SELECT entity, missing, extra, different FROM pg_tviews_verify() WHERE missing + extra + different > 0};
my $findings = qq{$path; SELECT status, message, details FROM pg_tviews_health_check() WHERE status <> 'OK'};
my $differences = qq{$path;
	CREATE FUNCTION pg_temp.differences() RETURNS text LANGUAGE plpgsql AS \$\$
	DECLARE
		m record;
		n bigint;
		result text = '';
	BEGIN
		FOR m IN SELECT t.table_oid, t.view_oid, t.settings, (SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute WHERE attrelid = t.view_oid AND attnum > 0) AS columns FROM pg_tview_meta t LOOP
			PERFORM set_config(key, value, true) FROM jsonb_each_text(m.settings);
			EXECUTE format('SELECT count(*) FROM ((SELECT %1\$s FROM %2\$s EXCEPT ALL SELECT %1\$s FROM %3\$s) UNION ALL (SELECT %1\$s FROM %3\$s EXCEPT ALL SELECT %1\$s FROM %2\$s)) x', m.columns, m.table_oid, m.view_oid) INTO n;
			IF n > 0 THEN result := result || m.table_oid || ': ' || n || ' '; END IF;
		END LOOP;
		RETURN result;
	END \$\$;
	SELECT pg_temp.differences()};

# Nothing is wrong, and after writing to every base table each TVIEW has followed.
sub good
{
	my ($node, $database, $what) = @_;
	is($node->safe_psql($database, $differences), '', "$what: exact");
	is($node->safe_psql($database, $verify), '', "$what: verified");
	is($node->safe_psql($database, $findings), '', "$what: healthy");
}

sub maintained
{
	my ($node, $database, $what) = @_;
	good($node, $database, $what);
	my %before = map { split /\|/, $_, 2 } split /\n/, $node->safe_psql($database, $rows);
	$node->safe_psql($database, $writes{$database} // $writes{shop});
	my %after = map { split /\|/, $_, 2 } split /\n/, $node->safe_psql($database, $rows);
	is(join(', ', grep { $before{$_} eq $after{$_} } sort keys %before), '', "$what: all " . keys(%before) . ' maintained');
	good($node, $database, "$what, written");
}

# In a copy of the database: definitions are replaced and followed, TVIEWs are made, renamed and dropped, dumps restored.
sub usable
{
	my ($node, $what) = @_;
	my ($code, $out, $err) = $node->psql('shop', 'DELETE FROM tv_user');
	like($err, qr/cannot write to TVIEW "tv_user" directly/, "$what: guarded");
	$node->safe_psql('postgres', 'CREATE DATABASE ddl TEMPLATE shop');
	is($node->safe_psql('ddl', q{
		SELECT pg_tviews_replace('post', 'SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object(''title'', p.title, ''author'', u.data, ''price'', p.price) AS data
			FROM tb_post p JOIN tv_user u ON u.pk_user = p.fk_user')}), 'replaced', "$what: replaced");
	is($node->safe_psql('ddl', q{SELECT pg_tviews_replace('user', definition) FROM pg_tview_meta WHERE entity = 'user'}), 'unchanged', "$what: unchanged");
	$node->safe_psql('ddl', q{
		SET client_min_messages = warning;
		CREATE OR REPLACE FUNCTION shout(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'now ' || upper($1) $$;
		CREATE OR REPLACE VIEW loud AS SELECT pk_user, id, shout(name) || '.' AS name FROM tb_user;
		ALTER TYPE mood RENAME VALUE 'bad' TO 'awful';
		ALTER TABLE tb_user RENAME COLUMN name TO full_name;
		ALTER TABLE tv_busy RENAME TO tv_lazy;
		ALTER TABLE app.tv_event SET SCHEMA public;
		CREATE TABLE app.tb_event_c PARTITION OF app.tb_event FOR VALUES IN ('c');
		INSERT INTO app.tb_event (pk_event, fk_user, kind) VALUES (500, 1, 'c');
		CREATE TABLE tv_fresh AS SELECT pk_user, id, to_jsonb(full_name) AS data FROM tb_user;
		DROP TABLE tv_wall;
		SELECT pg_tviews_drop('title');
		SELECT pg_tviews_reinstall_triggers();
		UPDATE tb_user SET full_name = full_name || '?';
	});
	good($node, 'ddl', "$what, altered");
	is($node->safe_psql('ddl', q{SELECT count(*) FROM pg_class WHERE relname IN ('tv_wall', 'v_wall', 'tv_title', 'v_title')}), '0', "$what: dropped whole");
	$node->safe_psql('ddl', 'DROP TABLE tv_user, tv_post; DROP SCHEMA app CASCADE');
	is($node->safe_psql('ddl', q{SELECT count(*) FROM pg_class WHERE relname IN ('v_user', 'v_post', 'v_tree')}), '0', "$what: dropped together");
	$node->safe_psql('ddl', q{DROP EXTENSION pg_tviews CASCADE; UPDATE tb_user SET full_name = 'free'; SELECT count(*) FROM tv_fresh});
	$node->safe_psql('postgres', 'DROP DATABASE ddl');

	my $dump = PostgreSQL::Test::Utils::tempdir() . '/shop';
	$node->command_ok([ $node->installed_command('pg_dump'), '-d', $node->connstr('shop'), '-Fc', '-f', $dump ], "$what: dumped");
	$node->safe_psql('postgres', 'CREATE DATABASE restored TEMPLATE template0');
	$node->command_ok([ $node->installed_command('pg_restore'), '-d', $node->connstr('restored'), '--exit-on-error', $dump ], "$what: restored");
	is($node->safe_psql('restored', $rows), $node->safe_psql('shop', $rows), "$what: restored the same rows");
	maintained($node, 'restored', "$what, restored");
	$node->safe_psql('postgres', 'DROP DATABASE restored');
}

sub pg_upgrade
{
	my ($old, $new, @options) = @_;
	chdir PostgreSQL::Test::Utils::tempdir();
	my @programs = ('-b', $old->install_path . '/bin', '-B', $new->install_path . '/bin', '-s', $new->host, '-p', $old->port, '-P', $new->port);
	return $new->run_log([ $new->installed_command('pg_upgrade'), '--no-sync', '-d', $old->data_dir, '-D', $new->data_dir, @programs, @options ]);
}

# A minor release may write down for pg_upgrade what another major version's minor release of before does not know.
sub possible
{
	my ($from, $to) = @_;
	my $old = cluster('old_without', $from);
	my $new = cluster('new_without', $to);
	$old->start;
	$old->safe_psql('postgres', 'CREATE TABLE t (a int PRIMARY KEY, b text)');
	$old->stop;
	return pg_upgrade($old, $new);
}

# From a cluster that is stopped; every TVIEW is as it was and goes on.
sub upgrade
{
	my ($old, $name, $installation, $settings, @options) = @_;
	my $new = cluster($name, $installation, %$settings);
	my %before;
	$old->start;
	foreach my $database (@databases)
	{
		$before{$database} = [ $old->safe_psql($database, $state), $old->safe_psql($database, $rows) ];
	}
	$old->stop;
	my $what = join ' ', $old->name, 'to', $name, @options;
	unless (pg_upgrade($old, $new, @options))
	{
		diag(`grep -rhiE -B2 -A5 'error:|fatal' '@{[ $new->data_dir ]}/pg_upgrade_output.d'`);
	  SKIP: {
			skip "$what: pg_upgrade fails without the extension as well", 1 unless possible($old->install_path, $installation);
			fail($what);
		}
		done_testing();
		exit;
	}
	pass($what);
	$new->start;
	foreach my $database (@databases)
	{
		is($new->safe_psql($database, $state), $before{$database}[0], "$what: $database is the same");
		is($new->safe_psql($database, $rows), $before{$database}[1], "$what: $database has the same rows");
		maintained($new, $database, "$what: $database");
	}
	usable($new, $what);
	$new->stop;
	return $new;
}

sub major { my ($installation) = @_; return $installation =~ /(\d+)$/ ? $1 : die "no version in $installation"; }

my $first = cluster('pg' . major($installations[0]), $installations[0]);
$first->start;
$first->safe_psql('postgres', q{CREATE ROLE reader; CREATE ROLE owner});
$first->safe_psql('postgres', "CREATE DATABASE $_ TEMPLATE template0") foreach ('shop', q{"we're ""Odd"""}, 'bare');
foreach my $database (@databases)
{
	$first->safe_psql($database, $make{$database});
	maintained($first, $database, "at first: $database");
}
$first->stop;

# One after the other. The library is loaded in every session of the last step, pg_upgrade's own among them.
my $node = $first;
foreach my $i (1 .. $#installations)
{
	my @options = $i == $#installations && $i > 1 ? ('--link', '-j2') : ();
	my %settings = @options ? (session_preload_libraries => 'pg_tviews') : ();
	$node = upgrade($node, 'pg' . major($installations[$i]), $installations[$i], \%settings, @options);
}
# All at once.
upgrade($first, 'pg' . major($installations[-1]) . '_at_once', $installations[-1], {}, major($installations[-1]) >= 18 ? '--swap' : '--link') if @installations > 2;

done_testing();
