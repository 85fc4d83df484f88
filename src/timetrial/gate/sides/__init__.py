"""A gate's two versions of the code, made alike and taken down."""
