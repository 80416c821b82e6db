"""The bare loops that figures are compared with: the same work with nothing of the product around it."""
