"""What nobody may see and nobody may do."""
