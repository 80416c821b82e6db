"""Tests; they mirror the packages, and stories/ runs several real processes."""
