"""Which components will be wanted again: learned from the jobs, tried out in thought."""
