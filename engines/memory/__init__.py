"""One arbiter of the device's memory: every model is loaded inside a lease."""
