"""What an object did beside a protected satellite: images, classes, sets, levels."""
