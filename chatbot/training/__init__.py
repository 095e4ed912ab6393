"""Loss and loop; they know neither text nor files."""
