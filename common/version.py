"""The version of the product, as the services tell it on `info`."""

VERSION = "0.1.0"
