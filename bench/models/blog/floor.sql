-- Nothing maintains the table: the statement writes both, which is the least that has to be done.
\ir table.sql
DROP VIEW wrong;
