-- Creates the extension for the tests that follow.
CREATE EXTENSION jsonb_delta;
