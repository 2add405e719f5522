"""A picture's subject without what is behind it."""
