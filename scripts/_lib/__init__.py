"""What the commands in scripts/ share. The underscore keeps `ape run` from listing the folder."""
