"""How requests reach the engines: in this process, or in one child process."""
