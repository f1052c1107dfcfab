-- States are mostly samples as text, which do not compress; to try took three quarters of the time of their commit.
ALTER TABLE processor_states ALTER COLUMN state SET STORAGE EXTERNAL;
