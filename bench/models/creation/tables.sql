\ir ../blog/tables.sql
