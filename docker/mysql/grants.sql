-- Run once by each server when its data are made. Not replicated: each server makes its own.
SET sql_log_bin = 0;
-- Tests make databases of their own, so the name is a pattern. The rest is for reading how replication does.
GRANT ALL PRIVILEGES ON `mailroom%`.* TO 'mailroom'@'%';
GRANT BINLOG MONITOR, SLAVE MONITOR ON *.* TO 'mailroom'@'%';
