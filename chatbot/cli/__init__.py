"""The command line: one file a command. Only here are rooms wired together and process-wide state touched."""
