"""Pictures that have a say in a drawing: ControlNets, T2I adapters and IP-Adapters."""

from engines.image.guides.asked import aids_of

__all__ = ["aids_of"]
