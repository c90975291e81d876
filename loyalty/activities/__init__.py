"""What members do besides buying, such as writing a review: recorded once, and what it earns."""
