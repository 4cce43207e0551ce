\ir refresh.sql
