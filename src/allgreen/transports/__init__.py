"""Where due checks come from, where results go, and how screens are told."""
