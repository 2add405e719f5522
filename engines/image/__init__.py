"""Pictures: the diffusion engine, the procedural backgrounds and the upscaler."""
