-- A TVIEW whose base tables have statement triggers. All base tables that have TVIEWs by now get them: in a scenario's ways
-- "statement" comes before "tview".
\ir tview.sql
SELECT pg_tviews_install_stmt_triggers();
