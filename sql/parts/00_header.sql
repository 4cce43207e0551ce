-- The install script of pg_tviews, made by concatenating sql/parts/*.sql in order.
\echo Use "CREATE EXTENSION pg_tviews" to load this file. \quit

